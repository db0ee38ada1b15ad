/** Control data that a host loses: a program sees a typed fault of that datagram, or an absent value, and never a wrong one. */
import {
  Datagram,
  DatagramSockets,
  withCoalescing,
  withHopLimit,
  withMaximumDatagramSize,
  withOptional,
  withPktInfo,
  withSegmentation,
  withTruncation
} from "@ancillary/effect3"
import { ControlBuffer } from "@ancillary/control"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { Network, NetworkRun } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Option, Stream } from "effect"
import { readings } from "../../src/internal/reading.ts"
import { bound, layout, open, send } from "./plain.ts"

const at = { address: "10.0.0.2", port: 9000 }
const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withTruncation("deliver"))
const data = Uint8Array.of(1)
const layerOf = (host: Network.Host) => DatagramSockets.layer(Effect.succeed(host.driver), [])

const pair = (system: "linux" | "winsock", faults: Network.HostFaults, seed = 1) => {
  const network = Network.make({ seed })
  const a = network.host("a", { addresses: ["10.0.0.1/24"] })
  const b = network.host("b", { addresses: ["10.0.0.2/24"], system, faults, guarded: true })
  network.link(a, b)
  return { a, b }
}

/** Sends to a socket of the host that loses control data, and returns the outcomes of its reads and its counters. */
const outcomes = (reading: (typeof readings)[number], system: "linux" | "winsock", faults: Network.HostFaults) => {
  const { a, b } = pair(system, faults)
  return Effect.gen(function* () {
    const receiver = yield* Effect.provide(Datagram.bind(spec, at), layerOf(b))
    const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4), layerOf(a))
    const seen: Array<string> = []
    for (let i = 0; i < 200; i++) {
      yield* sender.send({ data: Uint8Array.of(i), to: at })
      const outcome = yield* reading.outcome(receiver)
      if (Either.isLeft(outcome)) seen.push(outcome.left.reason)
      else {
        const { control, data } = outcome.right
        expect([...data]).toEqual([i])
        expect(String(control.pktInfo.destination)).toBe(at.address)
        expect(control.hopLimit).toBe(64)
        seen.push("delivered")
      }
    }
    const count = (what: string) => BigInt(seen.filter((each) => each === what).length)
    const stats = yield* receiver.stats
    // The borrowed loop counts a fault under the reason alone, so both accounts are compared.
    expect(stats.faults.ControlMissing).toBe(count("ControlMissing"))
    expect(stats.faults.ControlTruncated).toBe(count("ControlTruncated"))
    expect(stats.faults.ControlMalformed).toBe(0n)
    expect(stats.delivered).toBe(count("delivered"))
    expect(stats.dequeued).toBe(200n)
    return { missing: Number(count("ControlMissing")), truncated: Number(count("ControlTruncated")) }
  })
}

describe("control data that a host loses", () => {
  for (const reading of readings)
    for (const system of ["linux", "winsock"] as const)
      it.scopedLive(`${system}, ${reading.path}: each loss is a fault of its datagram, and the accounts balance`, () =>
        Effect.gen(function* () {
          const seen = yield* outcomes(reading, system, { controlMissing: 0.3, controlTruncated: 0.5 })
          expect(seen.missing).toBeGreaterThan(40)
          expect(seen.missing).toBeLessThan(80)
          expect(seen.truncated).toBeGreaterThan(45)
          expect(seen.truncated).toBeLessThan(95)
        })
      )

  it.scopedLive("a lost optional message is absent, and one that was cut away is a fault", () =>
    Effect.gen(function* () {
      const { a, b } = pair("linux", { controlMissing: 1 })
      const optional = Datagram.ipv4.pipe(withOptional(withHopLimit()))
      const receiver = yield* Effect.provide(Datagram.bind(optional, at), layerOf(b))
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4), layerOf(a))
      yield* sender.send({ data, to: at })
      expect((yield* receiver.receive).control.hopLimit).toEqual(Option.none())
      b.change({ controlMissing: 0, controlTruncated: 1 })
      yield* sender.send({ data, to: at })
      expect(yield* Effect.flip(receiver.receive)).toMatchObject({ reason: "ControlTruncated" })
      b.change({ controlTruncated: 0 })
      yield* sender.send({ data, to: at })
      expect((yield* receiver.receive).control.hopLimit).toEqual(Option.some(64))
    })
  )

  for (const [system, reason] of [
    ["linux", "DataTruncated"],
    ["winsock", "ControlMissing"]
  ] as const)
    it.scopedLive(`${system}: merged datagrams without their segment size are a fault`, () => {
      const { b } = pair(system, {})
      const names = system === "linux" ? Network.capabilities : Network.winsockCapabilities
      const here = { address: "127.0.0.1", port: 0 }
      return Effect.gen(function* () {
        const merging = Datagram.ipv4.pipe(withCoalescing(), withMaximumDatagramSize(100))
        const receiver = yield* Datagram.bind(merging, here)
        const sender = yield* Datagram.client(Datagram.ipv4.pipe(withSegmentation()))
        const control = { segmentSize: 100 }
        const send = sender.send({ data: new Uint8Array(300), to: receiver.localAddress, control })
        yield* send
        for (let i = 0; i < 3; i++) expect((yield* receiver.receive).data).toHaveLength(100)
        b.change({ controlMissing: 1 })
        yield* send
        expect(yield* Effect.flip(receiver.receive)).toMatchObject({ reason })
      }).pipe(Effect.provide(DatagramSockets.layer(Effect.succeed(b.driver), [...names])))
    })

  it.scopedLive("with a pressure, only datagrams that find the receive buffer so full lose it", () =>
    Effect.gen(function* () {
      const { a, b } = pair("linux", { controlMissing: 1, pressure: 0.5 })
      const receiver = yield* Effect.provide(Datagram.bind(spec, at), layerOf(b))
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4), layerOf(a))
      for (let i = 0; i < 250; i++) yield* sender.send({ data, to: at })
      yield* Stream.runDrain(Stream.take(receiver.outcomes, 250))
      const { delivered, faults } = yield* receiver.stats
      expect(delivered).toBeGreaterThan(100n)
      expect(faults.ControlMissing).toBeGreaterThan(80n)
      expect(delivered + faults.ControlMissing).toBe(250n)
    })
  )

  it.each([
    ["linux", 12],
    ["winsock", 8]
  ] as const)("%s: the bytes that are handed out of cut control data", (system, payload) => {
    const { a, b } = pair(system, { controlTruncated: 1 })
    const { IP_PKTINFO, IPPROTO_IP } = system === "linux" ? Linux : Winsock
    const socket = bound(b, at.port)
    socket.setOption(IPPROTO_IP, IP_PKTINFO, Uint8Array.of(1, 0, 0, 0))
    const arena = b.driver.arena({ ...layout, controlBytes: 64 })
    const sender = open(a)
    const lengths = new Set<number>()
    for (let i = 0; i < 50; i++) {
      send(a, sender, at.address, data, at.port)
      expect(socket.receive(arena, 1, false)).toBe(1)
      expect(arena.flags(0)).toBe(ReceiveFlags.controlTruncated)
      lengths.add(arena.controlLength(0))
    }
    arena.free()
    const whole = ControlBuffer.headerSize(b.driver.abi) + payload
    if (system === "winsock") expect([...lengths]).toEqual([0])
    else expect([lengths.size > 5, Math.max(...lengths) < whole]).toEqual([true, true])
  })

  it("reducing a run leaves out the losses that it does not need", async () => {
    const run: NetworkRun.NetworkRun = {
      hosts: {
        a: { addresses: ["10.0.0.1/24"], faults: { controlTruncated: 0.5 } },
        b: { addresses: ["10.0.0.2/24"], faults: { controlMissing: 0.5, pressure: 0 } }
      },
      links: [{ ends: ["a", "b"] }],
      datagrams: [{ after: 1, from: "a", to: at, data: [1] }]
    }
    const fails = ({ hosts, datagrams }: NetworkRun.NetworkRun) =>
      datagrams.length === 1 && hosts["b"]?.faults?.controlMissing === 0.5 && hosts["a"] !== undefined
    const smallest = await NetworkRun.reduce(run, fails)
    expect(smallest.hosts).toEqual({
      a: { addresses: ["10.0.0.1/24"] },
      b: { addresses: ["10.0.0.2/24"], faults: { controlMissing: 0.5 } }
    })
  })

  it("a probability above 1 is refused", () => {
    expect(() => pair("linux", { controlMissing: 2 })).toThrow("controlMissing: 2 is not a probability from 0 to 1.")
    const { b } = pair("linux", {})
    expect(() => b.change({ pressure: Number.NaN })).toThrow("pressure: NaN is not a probability from 0 to 1.")
  })
})
