/** A setup file: `toEqual` compares bytes as a whole, because the runner's own comparison takes a microsecond for each byte. */
import "./equalBytes.ts"
