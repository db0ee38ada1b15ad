/** Validation of values that a program gives. If reading a value throws, the exception is returned as a problem. */
import { format } from "../Codec.ts"

/** Returns the message of an exception. It may be any value, also one that has no text. */
const messageOf = (error: unknown): string => {
  try {
    return error instanceof Error && typeof error.message === "string" ? error.message : format(error)
  } catch {
    return "an exception without a text"
  }
}

/** Runs `validate` and returns its problem; returns a problem as well if it throws. */
export const validateSafely = (what: string, validate: () => string | undefined): string | undefined => {
  try {
    return validate()
  } catch (error) {
    return `${what} cannot be read: ${messageOf(error)}`
  }
}
