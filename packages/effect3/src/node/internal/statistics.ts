import type { DatagramStats } from "../../DatagramSocket.ts"

interface Counters {
  readonly [name: string]: bigint | Counters
}

/** Adds two reports, counter by counter. */
export const sum = (one: DatagramStats, other: DatagramStats): DatagramStats =>
  // A report contains only counters and nested reports. The interface does not express this.
  add(one as unknown as Counters, other as unknown as Counters) as unknown as DatagramStats

const add = (one: Counters, other: Counters): Counters => {
  const both: { [name: string]: bigint | Counters } = {}
  for (const [name, count] of Object.entries(one)) {
    const more = other[name]
    if (typeof count === "bigint") both[name] = typeof more === "bigint" ? count + more : count
    else both[name] = typeof more === "object" ? add(count, more) : count
  }
  return both
}
