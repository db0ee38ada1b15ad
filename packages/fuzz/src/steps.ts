/** Counts how often a parser reads from a datagram: its steps, independent of the machine and its load. */
export const stepsOf = (parse: (bytes: Uint8Array) => unknown, bytes: Uint8Array): number => {
  let count = 0
  parse(
    new Proxy(bytes, {
      get: (target, key) => {
        count++
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === "function" ? (value.bind(target) as unknown) : value
      }
    })
  )
  return count
}
