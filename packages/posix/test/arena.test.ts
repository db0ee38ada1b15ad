/** Native memory: its guards, the sockets that share it, and that no socket reads the bytes of another. */
import { ControlBuffer } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  Plan,
  withDscp,
  withEcn,
  withHopLimit,
  withMaximumDatagramSize,
  withPktInfo
} from "@ancillary/effect3"
import { type Arena, ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { addressOf, arena, bound, int, ok, sendRaw } from "./bareKernel.ts"
import { seeded } from "./random.ts"

const one = Uint8Array.of(1)
const at = { address: "127.0.0.1", port: 0 }
const [canary, poison] = [0xca, 0xa5]

const part = (arena: Arena, from: number, bytes: number) => [...arena.bytes.subarray(from, from + bytes)]
const filled = (bytes: number, value: number) => Array.from({ length: bytes }, () => value)

it.scoped("one piece is copied before the call, several pieces are sent from their memory", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bound()]
    const out = sender.driver.arena({ ...arena(sender, "send", 1, 0).layout, iovecs: 3 })
    const name = addressOf(receiver)
    const exchange = (pieces: ReadonlyArray<Uint8Array>) => {
      out.bytes.set(name, out.addressAt(0))
      out.fill(0, name.length, 0, pieces)
      // Changed between the preparation and the call: visible if the kernel reads the piece itself.
      for (const piece of pieces) piece.fill(9)
      expect(sender.socket.send(out, 0, 1)).toBe(1)
      const into = arena(receiver, "receive", 1, 0)
      expect(receiver.socket.receive(into, 1, false)).toBe(1)
      return part(into, into.dataAt(0), into.dataLength(0))
    }
    expect(exchange([Uint8Array.of(1, 2, 3)])).toEqual([1, 2, 3])
    expect(exchange([Uint8Array.of(1, 2), Uint8Array.of(3)])).toEqual([9, 9, 9])
    // More pieces than vectors: the rest is copied into the last.
    expect(exchange([1, 2, 3, 4].map((value) => Uint8Array.of(value)))).toEqual([9, 9, 3, 4])
    expect(exchange([new Uint8Array(0), Uint8Array.of(1), new Uint8Array(0)])).toEqual([9])
    expect(exchange([new Uint8Array(0), new Uint8Array(0)])).toEqual([])
  })
)

describe("a guarded arena", () => {
  it.scoped("contains poison in unwritten bytes, and canaries after every part", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const into = arena(receiver, "receive", 2, 40, 100)
      ok(receiver.socket.setOption(0, 13, int(1)))
      sendRaw(sender, receiver, Uint8Array.of(1, 2, 3))
      expect(receiver.socket.receive(into, 2, false)).toBe(1)
      // IP_TOS: a header of 16 bytes, one byte of payload.
      expect(part(into, into.controlAt(0) + 16, 24)).toEqual([0, ...filled(23, poison)])
      expect(part(into, into.dataAt(0), 100)).toEqual([1, 2, 3, ...filled(97, poison)])
      expect(part(into, into.addressAt(1), 16)).toEqual(filled(16, poison))
      for (const slot of [0, 1]) {
        expect(part(into, into.addressAt(slot) + 16, 16)).toEqual(filled(16, canary))
        expect(part(into, into.controlAt(slot) + 40, 16)).toEqual(filled(16, canary))
        expect(part(into, into.dataAt(slot) + 100, 16)).toEqual(filled(16, canary))
      }
    })
  )

  const behind: ReadonlyArray<readonly [string, (arena: Arena) => number]> = [
    ["address of 16 bytes", (arena) => arena.addressAt(0) + 16],
    ["control buffer of 40 bytes", (arena) => arena.controlAt(0) + 40],
    ["payload of 100 bytes", (arena) => arena.dataAt(0) + 100],
    ["payload of 100 bytes", (arena) => arena.dataAt(0) + 115]
  ]
  for (const [what, where] of behind) {
    it.scoped(`finds a byte that was written behind a ${what}, received or about to be sent`, () =>
      Effect.gen(function* () {
        const socket = yield* bound()
        for (const purpose of ["receive", "send"] as const) {
          const block = arena(socket, purpose, 1, 40, 100)
          block.bytes[where(block)] = 0
          const call = () =>
            purpose === "receive" ? socket.socket.receive(block, 1, false) : socket.socket.send(block, 0, 1)
          expect(call).toThrow(`Memory behind an arena's slot was overwritten: slot 0: a write behind its ${what}.`)
          block.free()
        }
      })
    )
  }
})

it.scoped("without room for control data the pointer is null, and the flags report a loss", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bound()]
    const { abi } = receiver.driver
    const pointer = { at: 0, bytes: abi.pointerBytes }
    const [none, some] = [arena(receiver, "receive", 1, 0), arena(receiver, "receive", 1, 64)]
    expect(ControlBuffer.readField(none.view, abi.msghdr.control, pointer)).toBe(0)
    expect(ControlBuffer.readField(some.view, abi.msghdr.control, pointer)).toBeGreaterThan(0)
    ok(receiver.socket.setOption(0, 12, int(1)))
    sendRaw(sender, receiver, one)
    expect(receiver.socket.receive(none, 1, false)).toBe(1)
    expect([none.controlLength(0), none.flags(0)]).toEqual([0, ReceiveFlags.controlTruncated])
    // Without control data to send, or without an address, the pointer is null, too.
    const out = arena(sender, "send", 1, 64)
    out.fill(0, 0, 0, [one])
    expect(ControlBuffer.readField(out.view, abi.msghdr.control, pointer)).toBe(0)
    expect(ControlBuffer.readField(out.view, abi.msghdr.name, pointer)).toBe(0)
  })
)

describe("arenas of a driver", () => {
  const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withEcn(), withDscp(), withMaximumDatagramSize(16))
  const bind = Datagram.bind(spec, at)

  it.scoped("are shared by the sockets of a spec, and freed with the last of them", () =>
    Effect.gen(function* () {
      const driver = yield* LinuxSockets.driver()
      const layer = DatagramSockets.layer(Effect.succeed(driver), [])
      const plan = Plan.compile(spec, driver.abi)
      /** The arena that sockets of the spec use now, or else a new one. */
      const current = () => {
        const found = driver.arena(Plan.receiveArena(plan, 64))
        found.free()
        return found
      }
      const scopes = [yield* Scope.make(), yield* Scope.make()] as const
      yield* Effect.gen(function* () {
        for (const scope of scopes) yield* Scope.extend(bind, scope)
        const inUse = current()
        expect(current()).toBe(inUse)
        yield* Scope.close(scopes[0], Exit.void)
        expect(current()).toBe(inUse)
        yield* Scope.close(scopes[1], Exit.void)
        expect(current()).not.toBe(inUse)
        // A socket that failed to bind has used none.
        const next = yield* bind
        const again = current()
        yield* Effect.flip(Datagram.bind(spec, { address: "127.0.0.1", port: next.localAddress.port }))
        yield* Effect.flip(Datagram.bind(spec, { address: "192.0.2.1", port: 0 }))
        expect(current()).toBe(again)
      }).pipe(Effect.provide(layer), Effect.scoped)
      expect(current()).not.toBe(current())
    })
  )

  it.scoped("keep the batch of a socket unchanged while another socket receives", () =>
    Effect.gen(function* () {
      const random = seeded(5)
      const [sender, ...readers] = [yield* bind, yield* bind, yield* bind]
      const expected = readers.map(() => [] as Array<unknown>)
      const kept = readers.map(() => [] as Array<unknown>)
      for (let round = 0; round < 60; round++) {
        const which = random.below(readers.length)
        const reader = readers[which]
        if (reader === undefined) continue
        // With and without control data in turn: without it the socket's default applies, never the previous value.
        for (let burst = 1 + random.below(12); burst > 0; burst--) {
          const data = Uint8Array.from({ length: random.below(17) }, () => random.below(256))
          const hopLimit = random.chance(0.5) ? 1 + random.below(255) : undefined
          const dscp = random.chance(0.5) ? random.below(64) : undefined
          const ecn = random.chance(0.5) ? random.pick(["not-ect", "ect0", "ect1", "ce"] as const) : undefined
          yield* sender.send({ data, to: reader.localAddress, control: { hopLimit, dscp, ecn } })
          expected[which]?.push({ data, hopLimit: hopLimit ?? 64, dscp: dscp ?? 0, ecn: ecn ?? "not-ect" })
        }
        const datagrams = random.chance(0.5) ? [...(yield* reader.receiveBatch)] : [yield* reader.receive]
        kept[which]?.push(...datagrams)
      }
      for (const [which, reader] of readers.entries()) {
        while ((kept[which]?.length ?? 0) < (expected[which]?.length ?? 0)) {
          kept[which]?.push(...(yield* reader.receiveBatch))
        }
      }
      const seen = kept.map((each) =>
        each.map((datagram) => {
          const { control, data } = datagram as Effect.Effect.Success<(typeof sender)["receive"]>
          return { data, hopLimit: control.hopLimit, dscp: control.dscp, ecn: control.ecn }
        })
      )
      expect(seen).toEqual(expected)
    }).pipe(Effect.provide(DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), [])))
  )
})
