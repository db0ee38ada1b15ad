/** Runs as data: they are played, reduced to the parts of a failure, and printed as tests. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { tmpdir } from "node:os"
import { pathToFileURL } from "node:url"
import { NetworkRun } from "@ancillary/testing"
import { DatagramSockets, Datagram } from "@ancillary/socket"
import { describe, expect, it, onTestFinished } from "vitest"

const at = { address: "10.2.0.1", port: 7 }

/** Five hosts, a router, and datagrams of which one has a 13 in it. */
const run: NetworkRun.NetworkRun = {
  seed: 3,
  hosts: {
    client: { addresses: ["10.1.0.2/24"], gateway: "10.1.0.1" },
    router: { addresses: ["10.1.0.1/24"], router: true, interfaces: { wan: { addresses: ["10.2.0.2/24"] } } },
    server: { addresses: ["10.2.0.1/24"], gateway: "10.2.0.2" },
    idle: { addresses: ["10.1.0.9/24"] },
    other: { addresses: ["10.2.0.9/24"] }
  },
  links: [
    { ends: ["client", "router", "idle"], faults: { delay: 3, duplicate: 1, jitter: 2 } },
    { ends: ["router/wan", "server", "other"], faults: { loss: 0.02, delay: 1 } }
  ],
  datagrams: Array.from({ length: 30 }, (_, n) => ({
    after: n,
    from: n % 3 === 0 ? "idle" : "client",
    to: at,
    data: [n, 100, 101]
  }))
}

/** A server that fails if it sees a datagram that begins with 13 twice. */
const sees13Twice = async (run: NetworkRun.NetworkRun): Promise<boolean> => {
  const { clock, close, host } = NetworkRun.play(run)
  const socket = await DatagramSockets.make(() => host("server").driver).bind(Datagram.ipv4, at)
  let seen = 0
  const reading = socket.forEach(({ data }) => {
    if (data[0] === 13) seen++
  })
  reading.catch(() => undefined)
  clock.advance(1000)
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
  socket.close()
  close()
  return seen > 1
}

describe("a run", () => {
  it("sends its datagrams at their times, from the sockets of their hosts", () => {
    const { clock, network } = NetworkRun.play(run)
    clock.advance(1000)
    const sent = network.trace.filter(({ kind, packet }) => kind === "send" && packet?.source.toString() === "10.1.0.2")
    expect(sent.length).toBeGreaterThan(0)
  })

  it("that names a missing host is refused with the name", () => {
    expect(() => NetworkRun.play({ ...run, hosts: {} })).toThrow("The run has no client. Add it to hosts")
    expect(() =>
      NetworkRun.play({ ...run, links: [], datagrams: [{ after: 0, from: "x", to: at, data: [] }] })
    ).toThrow("The run has no x.")
  })
})

describe("reduce", () => {
  it("leaves the hosts, the fault and the bytes without which the failure is gone", async () => {
    expect(await sees13Twice(run)).toBe(true)
    const smallest = await NetworkRun.reduce(run, sees13Twice)
    expect(smallest.datagrams).toEqual([{ after: 13, from: "client", to: at, data: [13] }])
    expect(Object.keys(smallest.hosts)).toEqual(["client", "router", "server"])
    expect(smallest.links).toEqual([
      { ends: ["client", "router"], faults: { duplicate: 1 } },
      { ends: ["router/wan", "server"] }
    ])
  })

  it("returns the run itself if it does not fail", async () => {
    expect(await NetworkRun.reduce(run, () => false)).toBe(run)
  })

  it("takes a run for which the function throws as one that does not fail", async () => {
    const smallest = await NetworkRun.reduce(run, ({ datagrams }) => {
      if (datagrams.length < 2) throw new Error("too few")
      return true
    })
    expect(smallest.datagrams).toHaveLength(2)
  })
})

it("a printed test is a module that runs, with the same run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ancillary-run-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(
    join(folder, "fails.mjs"),
    "export const seen = []\nexport const fails = (run) => { seen.push(run); return false }\n"
  )
  const printed = NetworkRun.testOf(run, { title: 'is "quiet"', fails: "fails", from: "./fails.mjs" })
  expect(printed).toContain('it("is \\"quiet\\"", async () => {')
  // The body of the test, called at once.
  const body = printed
    .replace(/^import .*vitest.*$/m, "")
    .replace(/it\(".*", async \(\) => \{/, "export const done = (async () => {")
    .replace(/\}\)\n$/, "})()\n")
  writeFileSync(join(folder, "printed.mjs"), body.replace("expect(await fails(run)).toBe(false)", "await fails(run)"))
  const printedModule = (await import(pathToFileURL(join(folder, "printed.mjs")).href)) as {
    readonly done: Promise<void>
  }
  await printedModule.done
  const { seen } = (await import(pathToFileURL(join(folder, "fails.mjs")).href)) as {
    readonly seen: ReadonlyArray<unknown>
  }
  expect(seen).toEqual([run])
})
