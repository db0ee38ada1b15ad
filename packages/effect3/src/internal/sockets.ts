/** Finds the engine's socket of a socket that a program holds. */
import { OpenSocket } from "@ancillary/engine/socket"

/** Key of the engine's socket, or of the engine's connection. Objects that extend or copy a socket have it too. */
export const engineSocket = Symbol("engineSocket")

/** Returns the engine's socket, or `undefined` for a connection of a bound socket, and for an object that a program made itself. */
export const engineSocketOf = (socket: { readonly [engineSocket]?: unknown } | object): OpenSocket | undefined => {
  const core = engineSocket in socket ? socket[engineSocket] : undefined
  return core instanceof OpenSocket ? core : undefined
}
