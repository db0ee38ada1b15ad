/** Capture files: tcpdump reads every packet, with right checksums and times, and a seed has one file. */
import { spawnSync } from "node:child_process"
import type { Network } from "@ancillary/testing"
import { describe, expect, it } from "vitest"
import { onPath, requirement } from "../../machine.ts"
import { scenario } from "./scenario.ts"

const runnable = requirement("the capture file", onPath("tcpdump"), "apt-get install tcpdump")

const dump = (network: Network.Network): string => {
  const input = network.pcapng()
  const { status, stdout } = spawnSync("tcpdump", ["-r", "-", "-nn", "-vv", "-tt"], { input, encoding: "utf8" })
  expect(status).toBe(0)
  const onLinks = network.trace.filter(({ kind, link }) => link !== undefined && kind !== "arrive")
  expect(stdout.match(/^\d+\.\d+ IP /gm)).toHaveLength(onLinks.length)
  return stdout
}

const wrongSums = (text: string): number => text.match(/\[bad udp cksum/g)?.length ?? 0

describe.runIf(runnable)("tcpdump", () => {
  it("reads each packet of a capture file, at its time", () => {
    const text = dump(scenario(7, { datagrams: 60 }))
    expect(text).toContain("1700000000.00")
    expect(wrongSums(text)).toBe(0)
  })

  it("finds the packets that a link corrupted", () => {
    expect(wrongSums(dump(scenario(7, { datagrams: 60, corrupt: 0.2 })))).toBeGreaterThan(3)
  })
})

it("1,000 seeds: the second run has the capture file of the first, byte for byte", async () => {
  const files = new Set<string>()
  for (let seed = 0; seed < 1000; seed++) {
    // The process answers vitest between seeds.
    await new Promise((next) => void setImmediate(next))
    const [first, second] = [scenario(seed).pcapng(), scenario(seed).pcapng()]
    expect(Buffer.compare(first, second)).toBe(0)
    files.add(Buffer.from(first).toString("base64"))
  }
  expect(files.size).toBe(1000)
})
