/** Options of a hand-over, and names of its sockets, as every face reads them. */
import { Codec } from "@ancillary/control"
import type { HandOverStart } from "./handOver.ts"

/**
 * The words of a face for a duration.
 *
 * @category models
 * @since 0.1.0
 */
export interface HandOverWords {
  /** Returns the milliseconds of a duration, 30 seconds for an absent one. `undefined` if it is not one. */
  readonly milliseconds: (given: unknown) => number | undefined
  /** The name of a duration, and an example: `a duration. Give one, such as "30 seconds"`. */
  readonly range: string
}

/**
 * Reads the options that a program gave, each once. Returns a sentence about the first invalid one.
 *
 * @category models
 * @since 0.1.0
 */
export const readHandOverOptions = (given: unknown, words: HandOverWords): string | Omit<HandOverStart, "driver"> => {
  try {
    const {
      path,
      patience,
      store = false
    } = given as { readonly path?: unknown; readonly patience?: unknown; readonly store?: unknown }
    if (path !== undefined && (typeof path !== "string" || path === "" || path.includes("\0")))
      return `path: ${Codec.format(path)} is not a path. Give the path of a Unix socket.`
    const milliseconds = words.milliseconds(patience)
    if (milliseconds === undefined) return `patience: ${Codec.format(patience)} is not ${words.range}.`
    if (typeof store !== "boolean") return `store: ${Codec.format(store)} is neither true nor false. Give one of them.`
    return { path, patience: milliseconds, store }
  } catch (cause) {
    return `options: they cannot be read (${Codec.format(cause)}). Give them as plain values.`
  }
}

/**
 * Returns a sentence if a value is not the name of a socket, by systemd's rule for names of descriptors.
 *
 * @see sd_notify(3): FDNAME
 * @category models
 * @since 0.1.0
 */
export const refusedSocketName = (name: unknown): string | undefined =>
  typeof name === "string" && /^[!-9;-~]{1,255}$/.test(name)
    ? undefined
    : `${Codec.format(name)} is not the name of a socket: 1 to 255 characters of ASCII without ":" and control characters. Give another one.`
