/** Traces: a chart, a capture file, and the same of each for the same seed. */
import { readFileSync } from "node:fs"
import { Network } from "@ancillary/testing"
import { describe, expect, it } from "vitest"
import { bound, send } from "./plain.ts"
import { scenario } from "./scenario.ts"

const golden = (name: string): Uint8Array => readFileSync(new URL(`golden/${name}`, import.meta.url))

describe("traces", () => {
  it("a chart has a column for each host, and the fate of each packet", () => {
    const clock = Network.manualClock()
    const network = Network.make({ seed: 3, clock })
    const a = network.host("a", { addresses: ["10.0.0.1/24"] })
    const b = network.host("b", { addresses: ["10.0.0.2/24"] })
    const link = network.link(a, b, { delay: 1.5 })
    const socket = bound(a, 4000)
    send(a, socket, "10.0.0.2", Uint8Array.of(1))
    clock.advance(10)
    link.change({ loss: 1 })
    send(a, socket, "10.0.0.2", Uint8Array.of(1, 2))
    expect(network.chart().split("\n")).toEqual([
      "ms          a                                       b",
      "0.000       |-- UDP 4000 > 9000, 1 bytes ---------->| arrives at 1.500",
      "1.500       |                                       x UDP 4000 > 9000, 1 bytes, no socket",
      "1.500       |<-- port unreachable ------------------| arrives at 3.000",
      "10.000      |-- UDP 4000 > 9000, 2 bytes ----------x| loss",
      ""
    ])
  })

  it("the capture file and the chart of a seed are those of the repository", () => {
    const network = scenario(7)
    expect(network.pcapng()).toEqual(new Uint8Array(golden("scenario.pcapng")))
    expect(network.chart()).toBe(new TextDecoder().decode(golden("scenario.txt")))
  })
})
