/** A smaller run of the part on re-entrance, equal each time, and proofs that it can fail. */
import type { OpenSocket } from "@ancillary/engine/socket"
import { describe, expect, it } from "vitest"
import { reentrance } from "../src/reentrance.ts"
import { firstOf } from "./firstOf.ts"

describe("programs that enter the engine again", () => {
  it("300 programs: each datagram and event is delivered once, and counters balance", async () => {
    expect(await firstOf(reentrance(), 300)).toBe(undefined)
  })

  const sabotages: ReadonlyArray<readonly [string, (socket: OpenSocket) => void, RegExp]> = [
    ["a datagram that is counted twice", ({ counters: { receive } }) => receive.take(), /took/],
    [
      "a batch that loses its first datagram",
      (socket) => {
        const { tryReceive } = socket
        socket.tryReceive = (most) => {
          const batch = tryReceive.call(socket, most)
          return "slice" in batch ? batch.slice(1) : batch
        }
      },
      /handed over 0 times/
    ],
    [
      "a payload that is lent and written over",
      (socket) => {
        const { receiveBorrowed } = socket
        socket.receiveBorrowed = (f) =>
          receiveBorrowed.call(socket, (outcome) => {
            const goesOn = f(outcome)
            if ("data" in outcome) outcome.data.fill(0)
            return goesOn
          })
        const { receive } = socket
        socket.receive = () => {
          const outcome = receive.call(socket)
          if (typeof outcome === "object" && "data" in outcome) outcome.data[9] = 1
          return outcome
        }
      },
      /written over/
    ]
  ]
  for (const [name, sabotage, fault] of sabotages)
    it(`finds ${name}`, async () => {
      const difference = await firstOf(reentrance(sabotage), 100)
      expect(difference?.lines.join("\n")).toMatch(fault)
    })
})
