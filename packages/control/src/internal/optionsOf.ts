import { format } from "../Codec.ts"

/** Returns the options of a parameterised message; throws a `TypeError` if a program without types gives something else. */
export const optionsOf = <A extends object>(name: string, options: A): A => {
  if (typeof options === "object" && options !== null) return options
  throw new TypeError(`${name}: the options are ${format(options)}. Give an object.`)
}
