/** NATs of the nine kinds of RFC 4787, and a firewall. */
import { Network } from "@ancillary/testing"
import { describe, expect, it } from "vitest"
import { bound, nameReceived, receive, send } from "./plain.ts"

const one = Uint8Array.of(1)

/** inside – router – two hosts outside. */
const world = (box: Network.Middlebox) => {
  const clock = Network.manualClock()
  const network = Network.make({ clock })
  const inside = network.host("inside", { addresses: ["192.168.0.2/24"], gateway: "192.168.0.1" })
  const router = network.host("router", { addresses: ["192.168.0.1/24"], router: true })
  const [b, c] = [
    network.host("b", { addresses: ["203.0.113.2/24"], gateway: "203.0.113.1" }),
    network.host("c", { addresses: ["203.0.113.3/24"], gateway: "203.0.113.1" })
  ]
  network.link(inside, router)
  network.link(router.interface("wan", { addresses: ["203.0.113.1/24"] }), b, c)
  router.use(box)
  return { clock, network, inside, router, b, c }
}

const kinds = ["endpoint-independent", "address-dependent", "address-and-port-dependent"] as const

describe("a NAT", () => {
  for (const mapping of kinds)
    for (const filtering of kinds)
      it(`mapping ${mapping}, filtering ${filtering}`, () => {
        const { b, c, inside } = world(Network.nat({ outside: "wan", mapping, filtering }))
        const own = bound(inside, 5000)
        const [b1, b2, c1] = [bound(b, 1001), bound(b, 1002), bound(c, 1001)]
        /** The outer port that a peer sees. */
        const seenBy = (host: Network.Host, socket: typeof b1, address: string, port: number): number => {
          send(inside, own, address, one, port)
          const seen = nameReceived(host, socket)
          expect(seen?.address).toBe("203.0.113.1")
          return seen?.port ?? 0
        }
        const first = seenBy(b, b1, "203.0.113.2", 1001)
        expect(first).toBe(5000)
        // Nothing was sent to the others yet.
        const reaches = (host: Network.Host, socket: typeof b1): boolean => {
          send(host, socket, "203.0.113.1", one, first)
          return receive(inside, own) !== undefined
        }
        expect(reaches(b, b1)).toBe(true)
        const strangers = [reaches(b, b2), reaches(c, c1)]
        expect(strangers).toEqual([filtering !== "address-and-port-dependent", filtering === "endpoint-independent"])
        const [samePeer, other] = [seenBy(b, b2, "203.0.113.2", 1002), seenBy(c, c1, "203.0.113.3", 1001)]
        expect([samePeer === first, other === first]).toEqual([
          mapping !== "address-and-port-dependent",
          mapping === "endpoint-independent"
        ])
      })

  it("ends a mapping that is not used, and gives two hosts two ports", () => {
    const { b, clock, inside, network } = world(Network.nat({ outside: "wan", timeout: 1000 }))
    const own = bound(inside, 5000)
    const peer = bound(b, 1001)
    send(inside, own, "203.0.113.2", one, 1001)
    expect(nameReceived(b, peer)?.port).toBe(5000)
    clock.advance(1001)
    send(b, peer, "203.0.113.1", one, 5000)
    expect(receive(inside, own)).toBe(undefined)
    expect(network.trace.at(-1)?.at).toBe("b")
  })

  it("returns errors about translated datagrams to the host that sent them", () => {
    const { inside, network } = world(Network.nat({ outside: "wan" }))
    const own = bound(inside, 5000)
    send(inside, own, "203.0.113.2", one, 9)
    expect(network.chart()).toMatch(/port unreachable/)
    expect(network.trace.at(-1)).toMatchObject({ kind: "arrive", at: "inside" })
  })
})

describe("a firewall", () => {
  it("lets answers in, and nothing else, until the conversation is over", () => {
    const { b, c, clock, inside, network } = world(Network.firewall({ outside: "wan", timeout: 1000 }))
    const own = bound(inside, 5000)
    const [peer, stranger] = [bound(b, 1001), bound(c, 1001)]
    send(b, peer, "192.168.0.2", one, 5000)
    expect(receive(inside, own)).toBe(undefined)
    expect(network.trace.at(-1)?.why).toBe("filtered")
    send(inside, own, "203.0.113.2", one, 1001)
    send(b, peer, "192.168.0.2", one, 5000)
    expect(receive(inside, own)).toEqual(one)
    send(c, stranger, "192.168.0.2", one, 5000)
    expect(receive(inside, own)).toBe(undefined)
    clock.advance(1001)
    send(b, peer, "192.168.0.2", one, 5000)
    expect(receive(inside, own)).toBe(undefined)
  })

  it("reports refusals if it is asked to", () => {
    const { b, network } = world(Network.firewall({ outside: "wan", reports: true }))
    send(b, bound(b, 1001), "192.168.0.2", one, 5000)
    expect(network.chart()).toMatch(/prohibited/)
  })
})
