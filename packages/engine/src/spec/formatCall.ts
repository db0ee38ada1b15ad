/** Formats combinators as the program wrote them, for errors. */
import { Codec } from "@ancillary/control"

const shown = (value: unknown): string => (typeof value === "string" ? `"${value}"` : Codec.format(value))

/** Formats a name that a program gave. A string stays as it is. */
export const nameOf = (name: unknown): string => (typeof name === "string" ? name : Codec.format(name))

/** Formats a combinator with one argument. */
export const call = (name: string, argument: unknown): string => `${name}(${shown(argument)})`

/** Formats a combinator with options. */
export const written = (name: string, options: object | undefined): string => {
  const fields = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  const list = fields.map(([key, value]) => `${key}: ${shown(value)}`)
  return list.length === 0 ? `${name}()` : `${name}({ ${list.join(", ")} })`
}

/** Returns an argument that has properties. Throws if it has none, because a spec has no error channel. */
export const record = <A extends object>(name: string, given: A): A => {
  if ((typeof given !== "object" && typeof given !== "function") || given === null)
    throw new TypeError(`${name}: its argument is a record, not ${Codec.format(given)}.`)
  return given
}
