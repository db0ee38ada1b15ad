/** The limits of a server: amplification, validation, loops. */
import { type Endpoint, InternetEndpoint, Ipv4Address, Ipv6Address } from "@ancillary/control"
import { addServedPort, Guard, LimitCounters, type Limits } from "@ancillary/engine/server"
import { describe, expect, it } from "vitest"
import { randomOf } from "./random.ts"

type Peer = Endpoint<"ipv4"> | Endpoint<"ipv6">

const v4 = (last: number, port = 40_000) => new InternetEndpoint("ipv4", Ipv4Address.of(192, 0, 2, last), port)
const v6 = (last: number, port = 40_000) => new InternetEndpoint("ipv6", new Ipv6Address(0x2001_0db8, 0, 0, last), port)

const guardOf = (limits: Partial<Limits> = {}) => {
  const clock = { now: 0 }
  const counters = new LimitCounters()
  const guard = new Guard(
    { amplification: 3, responseRate: undefined, breaksLoops: true, ...limits },
    () => clock.now,
    counters,
    5
  )
  return { guard, counters, clock }
}

describe("the amplification limit", () => {
  for (let seed = 1; seed <= 20; seed++)
    it(`sends no peer more than its factor of what it sent, in random order (seed ${seed})`, () => {
      const random = randomOf(seed)
      const { counters, guard } = guardOf()
      const peers: ReadonlyArray<Peer> = [v4(1), v4(1, 40_001), v4(2), v6(1), v6(2)]
      const balance = new Map<Peer, { received: number; sent: number }>()
      let refused = 0
      for (let step = 0; step < 3000; step++) {
        const peer = peers[random(peers.length)] ?? v4(1)
        const counts = balance.get(peer) ?? { received: 0, sent: 0 }
        balance.set(peer, counts)
        if (random(3) === 0) {
          const bytes = random(1200)
          expect(guard.receives(peer, new Uint8Array(bytes))).toBe(true)
          counts.received += bytes
          continue
        }
        // A peer that sent nothing at all is the program's own choice.
        if (!balance.has(peer) || guard.allowance(peer) === Infinity) continue
        const left = counts.received * 3 - counts.sent
        expect(guard.allowance(peer)).toBe(left)
        const bytes = random(2400)
        const verdict = guard.sends(peer, bytes, 1)
        expect(verdict).toBe(bytes <= left ? undefined : left)
        if (verdict === undefined) counts.sent += bytes
        else refused++
      }
      expect(counters.amplified).toBe(refused)
    })

  it("does not concern peers that asked nothing, loopback peers, and validated peers", () => {
    const { clock, guard } = guardOf()
    const local = new InternetEndpoint("ipv4", Ipv4Address.of(127, 0, 0, 9), 40_000)
    expect(guard.sends(v4(1), 9000, 1)).toBeUndefined()
    guard.receives(local, new Uint8Array(1))
    expect(guard.sends(local, 9000, 1)).toBeUndefined()
    guard.receives(v4(2), new Uint8Array(10))
    expect(guard.sends(v4(2), 31, 1)).toBe(30)
    guard.validate(v4(2))
    expect(guard.sends(v4(2), 9000, 1)).toBeUndefined()
    expect(guard.allowance(v4(2))).toBe(Infinity)
    // Another port may be another program.
    guard.receives(v4(2, 40_001), new Uint8Array(10))
    expect(guard.sends(v4(2, 40_001), 31, 1)).toBe(30)
    clock.now = 299_000
    guard.receives(v4(2), new Uint8Array(10))
    clock.now = 598_000
    expect(guard.sends(v4(2), 9000, 1)).toBeUndefined()
    clock.now = 900_000
    expect(guard.sends(v4(2), 9000, 1)).toBe(30)
  })

  it("keeps link-local peers of two interfaces apart", () => {
    const { guard } = guardOf()
    const on = (zone: number) => new InternetEndpoint("ipv6", new Ipv6Address(0xfe80_0000, 0, 0, 1, zone), 40_000)
    guard.receives(on(2), new Uint8Array(100))
    guard.receives(on(3), new Uint8Array(10))
    expect([guard.allowance(on(2)), guard.allowance(on(3))]).toEqual([300, 30])
  })

  it("keeps a validated peer while a flood of forged peers fills the table", () => {
    const { clock, guard } = guardOf()
    guard.receives(v4(1), new Uint8Array(10))
    guard.validate(v4(1))
    for (let i = 0; i < 150_000; i++) {
      clock.now += 0.02
      guard.receives(new InternetEndpoint("ipv4", new Ipv4Address(0x0a00_0000 + i), 1024 + (i % 60_000)), empty)
    }
    expect(guard.allowance(v4(1))).toBe(Infinity)
    // The table is bounded: 65,536 places of 69 bytes.
    expect(guard.bytes).toBe(65_536 * (5 * 4 + 1 + 8 + 5 * 8))
  })
})

const empty = new Uint8Array(0)

describe("a loop", () => {
  /** Exchanges datagrams with a peer, each an answer to the last, until the guard refuses one. */
  const exchange = (
    { clock, guard }: ReturnType<typeof guardOf>,
    peer: Peer,
    payload: (n: number) => Uint8Array,
    { answers = true, most = 1000, wait = 1 } = {}
  ): number => {
    for (let n = 0; n < most; n++) {
      clock.now += wait
      const data = payload(n)
      if (!guard.receives(peer, data)) return n
      if (answers) guard.sends(peer, data.length, 1)
    }
    return most
  }
  const same = () => Uint8Array.of(1, 2, 3)

  it("is broken after 16 repeated answers from a port of a server", () => {
    const bench = guardOf()
    expect(exchange(bench, v4(1, 19), same)).toBe(17)
    expect(exchange(bench, v4(1, 19), same)).toBe(0)
    expect(bench.counters.loops).toBe(2)
  })

  it("is broken if two texts alternate, and for loopback peers", () => {
    expect(exchange(guardOf(), v4(1, 19), (n) => Uint8Array.of(n % 2))).toBe(18)
    const local = new InternetEndpoint("ipv4", Ipv4Address.of(127, 0, 0, 1), 7)
    expect(exchange(guardOf(), local, same)).toBe(17)
  })

  it("is broken from any port that this process serves", () => {
    const end = addServedPort(45_454)
    expect(exchange(guardOf(), v4(1, 45_454), same)).toBe(17)
    end()
    end()
    expect(exchange(guardOf(), v4(1, 45_454), same)).toBe(1000)
  })

  it("is not seen if datagrams differ, pause, have no answer, or a client's port", () => {
    expect(exchange(guardOf(), v4(1, 19), (n) => Uint8Array.of(n, n >> 8))).toBe(1000)
    expect(exchange(guardOf(), v4(1, 19), same, { wait: 1000 })).toBe(1000)
    expect(exchange(guardOf(), v4(1, 19), same, { answers: false })).toBe(1000)
    expect(exchange(guardOf(), v4(1), same, { most: 5000 })).toBe(5000)
  })

  it("is not broken with loops allowed, or for a validated peer", () => {
    expect(exchange(guardOf({ breaksLoops: false }), v4(1, 19), same)).toBe(1000)
    const bench = guardOf()
    bench.guard.validate(v4(1, 19))
    expect(exchange(bench, v4(1, 19), same)).toBe(1000)
  })

  it("of many datagrams at once loses all of them", () => {
    const { clock, counters, guard } = guardOf()
    let tokens = 50
    for (let round = 0; round < 100 && tokens > 0; round++) {
      clock.now += 1
      let handled = 0
      for (let i = 0; i < tokens; i++) if (guard.receives(v4(1, 19), same())) handled++
      for (let i = 0; i < handled; i++) guard.sends(v4(1, 19), 3, 1)
      tokens = handled
    }
    expect([tokens, counters.loops]).toEqual([0, 50])
  })
})

describe("the response rate", () => {
  const responseRate = { perSecond: 40, slip: 2, ipv4Prefix: 24, ipv6Prefix: 56 }

  it("refuses requests beyond it, lets one of two slip, and counts both", () => {
    const { counters, guard } = guardOf({ amplification: Infinity, responseRate })
    let answered = 0
    for (let i = 0; i < 30; i++)
      if (guard.receives(v4(i), new Uint8Array(40)) && guard.sends(v4(i), 900, 1) === undefined) answered++
    expect(answered).toBe(10)
    expect(counters).toMatchObject({ rateLimited: 10, slipped: 10, unsent: 10, amplified: 0 })
    // A response to a slipped request may be as long as the requests that slipped.
    expect(guard.allowance(v4(1))).toBe(400)
    expect(guard.sends(v4(1), 40, 1)).toBeUndefined()
    expect(guard.allowance(v4(1))).toBe(360)
  })

  it("does not concern validated peers of a flooded prefix", () => {
    const { guard } = guardOf({ amplification: Infinity, responseRate })
    guard.validate(v4(200))
    for (let i = 0; i < 1000; i++) guard.receives(v4(i % 100), new Uint8Array(40))
    for (let i = 0; i < 100; i++) {
      expect(guard.receives(v4(200), new Uint8Array(40))).toBe(true)
      expect(guard.sends(v4(200), 400, 1)).toBeUndefined()
    }
  })
})
