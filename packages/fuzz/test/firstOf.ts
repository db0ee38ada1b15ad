import type { Difference, Part } from "../src/part.ts"

/** The first difference of so many cases, which are the same in every run. */
export const firstOf = async (part: Part, count: number): Promise<Difference | undefined> => {
  let first: Difference | undefined
  const found = (difference: Difference) => {
    first = difference
    return false
  }
  await part({ seed: 1, first: 0, count, progress: () => undefined, found })
  return first
}
