/** The setup file that makes `toEqual` compare bytes as a whole. The runner's own comparison takes a microsecond for each byte. */
export { areEqualBytes } from "./equalBytes.ts"
