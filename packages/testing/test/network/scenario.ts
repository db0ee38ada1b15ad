/** A scenario by seed: hosts behind a router, faults, and datagrams of random sizes at random times. */
import { Network } from "@ancillary/testing"
import { bound, receive, send } from "./plain.ts"

/** Marsaglia's generator of 32 bits: the scenario has a source of its own. */
const numbers = (seed: number) => {
  let x = (seed + 1) * 2654435761 || 1
  return (below: number): number => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % below
  }
}

export const scenario = (seed: number, { corrupt = 0, datagrams = 12 } = {}): Network.Network => {
  const draw = numbers(seed)
  const clock = Network.manualClock(1_700_000_000_000)
  const network = Network.make({ seed, clock })
  const a = network.host("a", { addresses: ["10.1.0.2/24"], gateway: "10.1.0.1" })
  const b = network.host("b", { addresses: ["10.2.0.2/24"], gateway: "10.2.0.1", mtu: 600 })
  const router = network.host("r", { addresses: ["10.1.0.1/24"], router: true })
  const far = router.interface("eth1", { addresses: ["10.2.0.1/24"], mtu: 600 })
  network.link(a, router, { loss: 0.1, delay: 3, jitter: 2, duplicate: 0.1 })
  network.link(far, b, { bandwidth: 1_000_000, queue: 6, corrupt, reorder: { probability: 0.1, delay: 4 } })
  const ends = [
    { host: a, socket: bound(a), to: "10.2.0.2" },
    { host: b, socket: bound(b), to: "10.1.0.2" }
  ] as const
  for (let i = 0; i < datagrams; i++) {
    const { host, socket, to } = ends[draw(2) === 0 ? 0 : 1]
    try {
      send(host, socket, to, new Uint8Array(draw(64)).fill(i), draw(8) === 0 ? 9 : 9000)
    } catch {
      // A port that nothing is bound to was refused.
    }
    clock.advance(draw(5))
    for (const end of ends) while (receive(end.host, end.socket) !== undefined);
  }
  clock.advance(5000)
  return network
}
