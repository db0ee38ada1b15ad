/** Values of metrics by name and label, for comparisons with the accounts of sockets. */

export type Flat = ReadonlyMap<string, number>

export const flat = (name: string, labels: { readonly [key: string]: string }): string =>
  `${name} ${Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join(",")}`

/** The sum of all series of a name. */
export const sumOf = (values: Flat, name: string): number => {
  let sum = 0
  for (const [key, value] of values) if (key.startsWith(`${name} `)) sum += value
  return sum
}
