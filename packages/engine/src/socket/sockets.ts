/** From a socket, as a program holds it, to its `Core`. */
import type { Core } from "./socket.ts"

/**
 * Keyed by the socket's `stats` effect: an adopted socket, or a program's own extension, is a copy of the socket's members.
 */
const cores = new WeakMap<object, Core>()

export const register = (stats: object, core: Core): void => void cores.set(stats, core)

/** The core of a socket. Absent for an object that a program made itself. */
export const coreOf = ({ stats }: { readonly stats: object }): Core | undefined => cores.get(stats)
