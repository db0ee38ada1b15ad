/** Positions for a hostile value in the arguments of a call: each argument, and each of its properties. */
type Path = ReadonlyArray<string>

const deepest = 4

/** ABIs, plans and sockets belong to the library: a program returns them unchanged. */
const isGiven = (value: object): boolean => ["cmsghdr", "departures", "receiveWithin"].some((key) => key in value)

const isPlain = (value: unknown): value is { readonly [key: string]: unknown } =>
  Array.isArray(value) ||
  (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype && !isGiven(value))

const below = (value: unknown, path: Path): ReadonlyArray<Path> =>
  isPlain(value) && path.length < deepest
    ? Object.keys(value).flatMap((key) => [[...path, key], ...below(value[key], [...path, key])])
    : []

export const places = (args: ReadonlyArray<unknown>): ReadonlyArray<Path> => below(args, [])

/** The arguments, with another value at one position. */
export const put = (args: unknown, [key, ...rest]: Path, value: unknown): unknown => {
  if (key === undefined) return value
  if (Array.isArray(args)) return args.map((each: unknown, i) => (String(i) === key ? put(each, rest, value) : each))
  const object = args as { readonly [key: string]: unknown }
  return { ...object, [key]: put(object[key], rest, value) }
}
