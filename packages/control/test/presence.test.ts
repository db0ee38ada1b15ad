/** The messages that the kernel delivers with every datagram, and those that it may omit, as the types promise. */
import { expect, it } from "vitest"
import { builtIns } from "./messages.ts"

it("trap 23: messages that may be missing are never promised", () => {
  const presenceOf = (key: string) => builtIns.find((message) => message.key === key)?.presence
  // Linux delivers these only sometimes: a timestamp in time, after the first drop, a label, a coalesced, reassembled or summed payload, IP
  // options if there are any.
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
