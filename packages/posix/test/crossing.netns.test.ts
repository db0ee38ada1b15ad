/** Control data on its path: across a router, and with two interfaces in one subnet. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { cable, canMakeNamespaces, hosts, indexOf, run, startReading, sysctl } from "./namespaces/network.ts"
import { makeRouted, type Routed } from "./namespaces/routed.ts"

const able = requirement(
  "datagrams that cross a router",
  onPath("ip") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps"
)

describe.runIf(able)("across a router", () => {
  let network: Routed
  let reading: Awaited<ReturnType<typeof startReading>>
  beforeAll(async () => {
    network = makeRouted()
    reading = await startReading(network.server, "observing.ts")
  })
  afterAll(async () => {
    await reading.stop()
    network.remove()
  })

  it("hop limits fall by one per router; ECN, DSCP and destination arrive unchanged", async () => {
    const wanted = [
      { to: "10.78.2.2", text: "plain" },
      { to: "10.78.2.2", text: "marked", control: { hopLimit: 9, dscp: 46, ecn: "ect0" } },
      { to: "fd78:2::2", text: "plain6" },
      { to: "fd78:2::2", text: "marked6", control: { hopLimit: 2, dscp: 12, ecn: "ect1" } },
      // The router drops it.
      { to: "10.78.2.2", text: "short of hops", control: { hopLimit: 1 } },
      { to: "fd78:2::2", text: "short of hops", control: { hopLimit: 1 } },
      { to: "10.78.2.2", text: "end" }
    ]
    expect(await run(network.client, "sending.ts", JSON.stringify(wanted))).toBe(true)
    const none = { dscp: 0, ecn: "not-ect", delivery: "unicast" }
    const ipv4 = { from: "10.78.1.2", destination: "10.78.2.2" }
    const ipv6 = { from: "fd78:1::2", destination: "fd78:2::2" }
    expect(await reading.lines(5)).toMatchObject([
      { ...none, ...ipv4, text: "plain", hopLimit: 63 },
      { ...none, ...ipv4, text: "marked", hopLimit: 8, dscp: 46, ecn: "ect0" },
      { ...none, ...ipv6, text: "plain6", hopLimit: 63 },
      { ...none, ...ipv6, text: "marked6", hopLimit: 1, dscp: 12, ecn: "ect1" },
      { ...none, ...ipv4, text: "end", hopLimit: 63 }
    ])
  })
})

describe.runIf(able)("one subnet on two interfaces", () => {
  const make = () =>
    hosts(["server", "client"], ({ client, server }) => {
      // One address per interface. Otherwise each interface would answer ARP for the addresses of both.
      for (const setting of ["all.arp_ignore=1", "all.arp_announce=2", "all.rp_filter=0", "default.rp_filter=0"])
        for (const host of [server, client]) sysctl(host, `net.ipv4.conf.${setting}`)
      for (const [which, last] of [
        ["A", 1],
        ["B", 3]
      ] as const)
        cable(
          { host: server, device: `s${which}`, addresses: [`10.79.0.${last}/24`] },
          { host: client, device: `c${which}`, addresses: [`10.79.0.${last + 1}/24`] }
        )
    })
  let network: ReturnType<typeof make>
  let reading: Awaited<ReturnType<typeof startReading>>
  beforeAll(async () => {
    network = make()
    reading = await startReading(network.server, "observing.ts")
  })
  afterAll(async () => {
    await reading.stop()
    network.remove()
  })

  it("a datagram reports its arrival interface, and is sent over the given one", async () => {
    const [byA, byB] = ["cA", "cB"].map((device) => indexOf(network.client, device))
    const wanted = [
      { to: "10.79.0.1", text: "a", control: { pktInfo: { interfaceIndex: byA } } },
      { to: "10.79.0.3", text: "b", control: { pktInfo: { interfaceIndex: byB } } }
    ]
    expect(await run(network.client, "sending.ts", JSON.stringify(wanted))).toBe(true)
    const [sA, sB] = ["sA", "sB"].map((device) => indexOf(network.server, device))
    expect(await reading.lines(2)).toMatchObject([
      { text: "a", interfaceIndex: sA, destination: "10.79.0.1" },
      { text: "b", interfaceIndex: sB, destination: "10.79.0.3" }
    ])
  })
})
