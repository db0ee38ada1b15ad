import { Codec } from "@ancillary/control"

/** A combinator as the program wrote it, for errors. */
export const written = (name: string, options: object | undefined): string => {
  const fields = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  const list = fields.map(([key, value]) => `${key}: ${typeof value === "string" ? `"${value}"` : Codec.shown(value)}`)
  return list.length === 0 ? `${name}()` : `${name}({ ${list.join(", ")} })`
}
