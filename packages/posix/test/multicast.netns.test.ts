/** Groups, and the options that choose one of several paths: two hosts with two cables. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { cable, canMakeNamespaces, hosts, indexOf, inside, run, startReading, sysctl } from "./namespaces/network.ts"

const able = requirement(
  "groups on several interfaces",
  onPath("ip") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps"
)

/** Two routes lead to 10.77.9.1, the better one over cA. Only its own interface answers ARP for an address. */
const make = () =>
  hosts(["server", "client"], ({ client, server }) => {
    for (const host of [server, client])
      for (const setting of ["all.rp_filter=0", "default.rp_filter=0", "all.arp_ignore=1"])
        sysctl(host, `net.ipv4.conf.${setting}`)
    for (const [which, net] of [
      ["A", 1],
      ["B", 2]
    ] as const) {
      const addresses = (last: number) => [
        `10.77.${net}.${last}/24`,
        `fd77:${net}::${last}/64`,
        `fe80::77:${net}${last}/64`
      ]
      cable(
        { host: server, device: `s${which}`, addresses: addresses(1) },
        { host: client, device: `c${which}`, addresses: addresses(2) }
      )
      inside(client, "route", "add", "10.77.9.1/32", "via", `10.77.${net}.1`, "metric", String(net))
    }
    inside(server, "addr", "add", "10.77.9.1/32", "dev", "lo")
  })

describe.runIf(able)("two cables", () => {
  let network: ReturnType<typeof make>
  let reading: Awaited<ReturnType<typeof startReading>>
  let left: { readonly loopback: ReadonlyArray<string>; readonly bystanders: unknown; readonly large: unknown }
  beforeAll(async () => {
    network = make()
    reading = await startReading(network.server, "joining.ts", "sB")
    left = (await run(network.client, "leaving.ts")) as typeof left
  })
  afterAll(async () => {
    await reading?.stop()
    network.remove()
  })

  it("groups are sent over the interface of the option, and received only there", async () => {
    const [sA, sB] = [indexOf(network.server, "sA"), indexOf(network.server, "sB")]
    expect(sA).not.toBe(sB)
    const fromB = { text: "cB", interfaceIndex: sB, hopLimit: 4, delivery: "multicast" }
    // The datagrams sent over cA before are not received.
    expect(await reading.lines(2)).toEqual([
      { ...fromB, destination: "239.77.5.5" },
      { ...fromB, destination: "ff15::775" }
    ])
  })

  it("unicast leaves over the interface of the option, or over that of the routes", async () => {
    const [sA, sB] = [indexOf(network.server, "sA"), indexOf(network.server, "sB")]
    const arrived = { destination: "10.77.9.1", hopLimit: 64, delivery: "unicast" }
    expect(await reading.lines(3)).toEqual([
      { ...arrived, text: "as the routes say", interfaceIndex: sA },
      { ...arrived, text: "by cB", interfaceIndex: sB },
      { ...arrived, text: "as the routes say again", interfaceIndex: sA }
    ])
  })

  it("a sender with loopback off is not received on its own host", () => {
    expect(left.loopback).toEqual(["239.77.5.5 loud", "ff15::775 loud"])
  })

  it("trap 33, groups joined by others: bare, a dual socket receives IPv6; ours, both", () => {
    // Linux: IP_MULTICAST_ALL is off on an IPv6 socket, though it is on on an IPv4 one (traps/options.test.ts).
    expect(left.bystanders).toEqual({ bareKernel: ["ff15::775"], on: ["239.77.5.5", "ff15::775"], off: [] })
  })

  it("a datagram larger than the MTU is rejected or fragmented by the option", () => {
    const [refused, sent] = [
      ["MessageTooLarge", "MessageTooLarge"],
      ["sent", "sent"]
    ]
    expect(left.large).toEqual({
      forbidden: refused,
      allowed: sent,
      modes: { want: sent, do: refused, probe: refused, omit: sent }
    })
  })
})
