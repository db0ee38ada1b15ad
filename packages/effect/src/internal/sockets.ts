/** Finds the engine's socket of a socket that a program holds. */
import type { OpenSocket } from "@ancillary/engine/socket"

/** Keyed by the socket's `stats` effect, because an adopted socket, or a program's own extension, is a copy of the socket's members. */
const sockets = new WeakMap<object, OpenSocket>()

export const register = (stats: object, socket: OpenSocket): void => void sockets.set(stats, socket)

/** Returns the engine's socket, or `undefined` for an object that a program made itself. */
export const engineSocketOf = ({ stats }: { readonly stats: object }): OpenSocket | undefined => sockets.get(stats)
