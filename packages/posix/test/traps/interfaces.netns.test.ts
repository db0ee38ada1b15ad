/** Traps about several interfaces, in a namespace with two cables. First the bare kernel, then ours. */
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
  readonly bareKernel: { readonly escape: unknown; readonly escape6: unknown; readonly astray: unknown }
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

  it("local traffic to an address of the LAN has the LAN's interface, not lo", () => {
    const { indices, own } = seen
    expect(own).toEqual({ arrivedOn: indices.sA, destination: "10.77.1.1", delivery: "unicast" })
    expect(indices.sA).not.toBe(indices.lo)
  })

  it("bare kernel: a message's interface overrides the interface of the binding", () => {
    expect(seen.bareKernel.escape).toEqual({ sent: "sent", leftByOther: true })
    expect(seen.bareKernel.escape6).toBe("sent")
  })

  it("ours: an interface other than the bound one is rejected before the call", () => {
    const { sA, sB } = seen.indices
    const why = `control.pktInfo: this socket is bound to interface ${sA}, and cannot send by ${sB}. Nothing was sent.`
    expect(seen.ours.escape).toEqual({ sent: ["INVALID", why], leftByOther: false })
    expect(seen.ours.escape6).toEqual(["INVALID", why])
  })

  // Only the kernel's routes could show this, and it returns no error. The documentation of PktInfo mentions it.
  it("bare kernel: an interface without a route to the destination sends nevertheless", () => {
    expect(seen.bareKernel.astray).toBe("sent")
  })
})
