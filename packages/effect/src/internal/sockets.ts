/** Finds the engine's socket of a socket that a program holds. */
import { OpenSocket } from "@ancillary/engine/socket"

/** Key of the engine's socket, or of the engine's connection. Objects that extend or copy a socket have it too. */
export const engineSocket = Symbol("engineSocket")

/**
 * Returns the engine's socket. It is absent for a connection of a bound socket, for an object that a program made itself, and for any other
 * value.
 */
export const engineSocketOf = (socket: unknown): OpenSocket | undefined => {
  try {
    const core =
      typeof socket === "object" && socket !== null && engineSocket in socket ? socket[engineSocket] : undefined
    return core instanceof OpenSocket ? core : undefined
  } catch {
    // A proxy threw.
    return undefined
  }
}
