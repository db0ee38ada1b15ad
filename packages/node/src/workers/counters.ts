import type { Counters } from "./orders.ts"

/** Adds two reports, counter by counter. */
export const addCounters = (one: Counters, other: Counters): Counters => {
  const both: { [name: string]: bigint | Counters } = {}
  for (const [name, count] of Object.entries(one)) {
    const more = other[name]
    if (typeof count === "bigint") both[name] = typeof more === "bigint" ? count + more : count
    else both[name] = typeof more === "object" ? addCounters(count, more) : count
  }
  return both
}
