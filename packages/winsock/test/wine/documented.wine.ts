/**
 * Behaviour that Windows documents and Wine lacks, simulated by a WSARecvMsg that returns the documented results.
 */
import { ControlBuffer } from "@ancillary/control"
import { type Arena, type ArenaLayout, type NativeArena, ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { abi, arenas, bound, bytes, ok, text, ws2 } from "./bareCalls.ts"

const WSAEWOULDBLOCK = 10035
const WSAEMSGSIZE = 10040
const WSAECONNRESET = 10054
const [MSG_TRUNC, MSG_CTRUNC, MSG_BCAST, MSG_MCAST] = [0x100, 0x200, 0x400, 0x800]

interface Answer {
  readonly error?: number
  readonly count?: number
  readonly data?: string
  readonly dwFlags?: number
  /** A part that is absent here stays unchanged, as if a call did not write it. */
  readonly name?: Uint8Array
  readonly control?: Uint8Array
}

const layout: ArenaLayout = {
  purpose: "receive",
  slots: 4,
  iovecs: 1,
  addressBytes: 16,
  controlBytes: 24,
  dataBytes: 8
}
const peer = Uint8Array.of(2, 0, 0x12, 0x34, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
const hops = ControlBuffer.fromMessages(abi, [{ level: 0, type: 4, payload: Uint8Array.of(64, 0, 0, 0) }])

/** A socket whose calls return the given results in order and then would block, and the arena that they write to. */
const answering = (answers: ReadonlyArray<Answer>) =>
  Effect.gen(function* () {
    const arena: NativeArena = arenas()(layout)
    const left = [...answers]
    let error = 0
    const play = (address: number): number => {
      const slot = (address - arena.headerAddress(0)) / abi.msghdr.size
      const answer = left.shift() ?? { error: WSAEWOULDBLOCK }
      const header = slot * abi.msghdr.size
      if (answer.data !== undefined) arena.bytes.set(bytes(answer.data), arena.dataAt(slot))
      if (answer.name !== undefined) arena.bytes.set(answer.name, arena.addressAt(slot))
      if (answer.control !== undefined) {
        arena.bytes.set(answer.control, arena.controlAt(slot))
        ControlBuffer.writeField(arena.view, header, abi.msghdr.controlLength, answer.control.length)
      }
      if (answer.dwFlags !== undefined) ControlBuffer.writeField(arena.view, header, abi.msghdr.flags, answer.dwFlags)
      if (answer.count !== undefined) ws2.moved.bytes[0] = answer.count
      error = answer.error ?? 0
      return error === 0 ? 0 : -1
    }
    const { socket } = yield* bound({
      receiver: () => (_, message) => play(message),
      WSAGetLastError: () => error
    })
    return { arena, socket }
  })

const dataOf = (arena: Arena, slot: number) =>
  text(arena.bytes.subarray(arena.dataAt(slot), arena.dataAt(slot) + arena.dataLength(slot)))

describe("as Windows documents it", () => {
  it.scoped("cut data: MSG_TRUNC, and the bytes that fit", () =>
    Effect.gen(function* () {
      const cut = { error: WSAEMSGSIZE, dwFlags: MSG_TRUNC, count: 8, data: "too larg", name: peer, control: hops }
      const { arena, socket } = yield* answering([cut])
      expect(socket.receive(arena, 4, false)).toBe(1)
      expect([arena.flags(0), dataOf(arena, 0)]).toEqual([ReceiveFlags.dataTruncated, "too larg"])
    })
  )
  it.scoped("cut control data: MSG_CTRUNC and the full count; the buffer is not used", () =>
    Effect.gen(function* () {
      const cut = { error: WSAEMSGSIZE, dwFlags: MSG_CTRUNC, count: 5, data: "hello", name: peer, control: hops }
      const { arena, socket } = yield* answering([cut])
      expect(socket.receive(arena, 4, false)).toBe(1)
      expect([arena.flags(0), dataOf(arena, 0)]).toEqual([ReceiveFlags.controlTruncated, "hello"])
      expect(arena.controlLength(0)).toBe(0)
    })
  )
  it.scoped("cut data and control data: both flags", () =>
    Effect.gen(function* () {
      const { arena, socket } = yield* answering([
        { error: WSAEMSGSIZE, dwFlags: MSG_TRUNC | MSG_CTRUNC, count: 8, name: peer }
      ])
      expect(socket.receive(arena, 4, false)).toBe(1)
      expect(arena.flags(0)).toBe(ReceiveFlags.dataTruncated | ReceiveFlags.controlTruncated)
    })
  )
  it.scoped("MSG_BCAST and MSG_MCAST", () =>
    Effect.gen(function* () {
      const { arena, socket } = yield* answering([
        { dwFlags: MSG_BCAST, count: 1, name: peer, control: hops },
        { dwFlags: MSG_MCAST, count: 1, name: peer, control: hops }
      ])
      expect(socket.receive(arena, 4, false)).toBe(2)
      expect([arena.flags(0), arena.flags(1)]).toEqual([ReceiveFlags.broadcast, ReceiveFlags.multicast])
    })
  )
  it.scoped("an unwritten address or control data is not that of an earlier datagram", () =>
    Effect.gen(function* () {
      const { arena, socket } = yield* answering([
        { count: 1, name: peer, control: hops },
        { error: WSAEWOULDBLOCK },
        { error: WSAEMSGSIZE, dwFlags: MSG_TRUNC, count: 8 }
      ])
      expect(socket.receive(arena, 4, false)).toBe(1)
      expect(socket.receive(arena, 4, false)).toBe(1)
      expect(arena.view.getUint16(arena.addressAt(0))).toBe(0)
      // A length of 0 would mean an unnamed sender, which is different.
      expect(arena.addressLength(0)).toBe(16)
      const cursor = new ControlBuffer.Cursor(abi)
      cursor.reset(arena.view, arena.controlAt(0), arena.controlLength(0))
      expect(cursor.next()).toBe(false)
      expect(cursor.malformed?.malformed).toMatch(/declares 0 bytes/)
    })
  )
  it.scoped("an unwritten address of a connected socket is empty", () =>
    Effect.gen(function* () {
      const { arena, socket } = yield* answering([
        { count: 1, control: hops },
        { count: 1, control: hops, name: peer }
      ])
      ok(socket.connect(peer))
      expect(socket.receive(arena, 4, false)).toBe(2)
      expect([arena.addressLength(0), arena.addressLength(1)]).toEqual([0, 16])
    })
  )
  it.scoped("an error after datagrams is returned by the next call, once", () =>
    Effect.gen(function* () {
      const { arena, socket } = yield* answering([
        { count: 1, name: peer, control: hops },
        { error: WSAECONNRESET },
        { count: 2, name: peer, control: hops }
      ])
      expect(socket.receive(arena, 4, false)).toBe(1)
      expect(socket.receive(arena, 4, false)).toEqual({
        syscall: "WSARecvMsg",
        code: "WSAECONNRESET",
        errno: WSAECONNRESET
      })
      expect(socket.receive(arena, 4, false)).toBe(1)
      expect(arena.dataLength(0)).toBe(2)
    })
  )
  it.scoped("a write beyond its place is found by the call that made it", () =>
    Effect.gen(function* () {
      const { arena, socket } = yield* answering([{ count: 9, data: "9 letters", name: peer }])
      expect(() => socket.receive(arena, 4, false)).toThrow(/a write behind its payload of 8 bytes/)
    })
  )
})
