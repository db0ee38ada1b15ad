/** Refusing values that a program made: one without types may give anything, and an exception of the value becomes a refusal. */
import { shown } from "../Codec.ts"

/** The sentence of an exception, which may be no error and have no text. */
const messageOf = (error: unknown): string => {
  try {
    return error instanceof Error && typeof error.message === "string" ? error.message : shown(error)
  } catch {
    return "an exception without a text"
  }
}

/** Runs what refuses a value; returns a refusal if that throws. */
export const refusing = (what: string, refuse: () => string | undefined): string | undefined => {
  try {
    return refuse()
  } catch (error) {
    return `${what} cannot be read: ${messageOf(error)}`
  }
}
