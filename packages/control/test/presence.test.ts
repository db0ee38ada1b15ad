/** Which messages the kernel sends in every datagram, and which perhaps: what the types promise. */
import { expect, it } from "vitest"
import { builtIns } from "./messages.ts"

it("trap 23: what is optional by nature is never promised", () => {
  const presenceOf = (key: string) => builtIns.find((message) => message.key === key)?.presence
  // Linux tells these only sometimes: a stamp in time, the first drop, a label, what was merged, reassembled or summed, IP options that are there.
  for (const key of [
    "timestamping",
    "dropCount",
    "flowLabel",
    "coalescedSize",
    "fragmentSize",
    "checksum",
    "ipOptions"
  ])
    expect([key, presenceOf(key)]).toEqual([key, "optional"])
  for (const key of ["hopByHopOptions", "destinationOptions", "routingHeader"])
    expect([key, presenceOf(key)]).toEqual([key, "repeated"])
  // Accepted on ping sockets and never delivered there: the surface shows the weakest.
  for (const key of ["mark", "priority"]) expect([key, presenceOf(key)]).toEqual([key, "optional"])
})
