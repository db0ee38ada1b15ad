/** The intended differences from `node:dgram`. Each is a row of the README, and each is used by a case. */
import type { Kit } from "./kit.ts"

export const differences = [
  "disconnect keeps the port",
  "calls on a closed socket",
  "a group of the other family before bind",
  "datagrams from before connect",
  "a failed bind"
] as const

export type Difference = (typeof differences)[number]

export const used = new Set<Difference>()

/** The expected value of a case, where the two are meant to differ. */
export const differing = <A>(kit: Kit, difference: Difference, { node, ours }: { node: A; ours: A }): A => {
  used.add(difference)
  return kit.name === "node:dgram" ? node : ours
}
