/** Traps about interfaces, where there are several: in a namespace with two cables. First naked, then ours. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../../testing/machine.ts"
import { canMakeNamespaces, make, type Network, run } from "../namespaces/network.ts"

const able = requirement(
  "interfaces of a network namespace",
  onPath("ip") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps"
)

interface Seen {
  readonly indices: { readonly lo: number; readonly sA: number; readonly sB: number }
  readonly own: { readonly arrivedOn: number; readonly destination: string; readonly delivery: string }
  readonly naked: { readonly escape: unknown; readonly escape6: unknown; readonly astray: unknown }
  readonly ours: { readonly escape: unknown; readonly escape6: unknown }
}

describe.runIf(able)("trap 7: interfaces", () => {
  let network: Network
  let seen: Seen
  beforeAll(async () => {
    network = make()
    seen = (await run(network.server, "interfaces.ts")) as Seen
  })
  afterAll(() => network.remove())

  it("own traffic to an address of the LAN names the LAN's interface, not lo", () => {
    const { indices, own } = seen
    expect(own).toEqual({ arrivedOn: indices.sA, destination: "10.77.1.1", delivery: "unicast" })
    expect(indices.sA).not.toBe(indices.lo)
  })

  it("naked: on IPv4 the interface of a message overrides the one that the socket is bound to; on IPv6 too where the destination is of its zone", () => {
    expect(seen.naked.escape).toEqual({ sent: "sent", leftByOther: true })
    expect(seen.naked.escape6).toBe("sent")
  })

  it("ours: an interface that the socket is not bound to is refused before the call, on both", () => {
    const { sA, sB } = seen.indices
    const why = `control.pktInfo: this socket is bound to interface ${sA}, and cannot send by ${sB}. Nothing was sent.`
    expect(seen.ours.escape).toEqual({ sent: ["INVALID", why], leftByOther: false })
    expect(seen.ours.escape6).toEqual(["INVALID", why])
  })

  // Nobody but the kernel's routes could tell, and it does not: the definition of PktInfo says so.
  it("naked: an interface that does not lead there takes the datagram all the same", () => {
    expect(seen.naked.astray).toBe("sent")
  })
})
