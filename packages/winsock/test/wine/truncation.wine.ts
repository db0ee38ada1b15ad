/**
 * Datagrams that do not fit on Winsock: first the bare call, then ours.
 */
import { ControlBuffer } from "@ancillary/control"
import { type Arena, type ArenaLayout, ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { abi, arenas, bound, message, ok, type Open, receiveBare, sendTo, text } from "./bareCalls.ts"

const IP_PKTINFO = [0, 19] as const
const on = Uint8Array.of(1, 0, 0, 0)
const WSAEMSGSIZE = 10040
const WSAEWOULDBLOCK = 10035

const layout = (dataBytes: number, controlBytes: number): ArenaLayout => ({
  purpose: "receive",
  slots: 4,
  iovecs: 1,
  addressBytes: abi.sockaddr.ipv4,
  controlBytes,
  dataBytes
})

const data = (arena: Arena, slot: number) =>
  text(arena.bytes.subarray(arena.dataAt(slot), arena.dataAt(slot) + arena.dataLength(slot)))

const asking = Effect.gen(function* () {
  const server = yield* bound()
  ok(server.socket.setOption(...IP_PKTINFO, on))
  const client = yield* bound()
  return { server, client }
})

describe("bare: a datagram that does not fit", () => {
  const take = ({ server, client }: { readonly server: Open; readonly client: Open }, room: number, control: number) =>
    Effect.map(sendTo(client, server, "hello"), () => {
      const into = message(16, [room], control)
      return { into, answer: receiveBare(server, into), next: receiveBare(server, message(16, [9], 64)) }
    })

  it.scoped("data: the call fails without a flag or a count, but has taken the datagram", () =>
    Effect.gen(function* () {
      const sockets = yield* asking
      const { into, answer, next } = yield* take(sockets, 2, 64)
      expect(answer).toEqual({ error: WSAEMSGSIZE, count: 777 })
      expect(into.dwFlags).toBe(0)
      expect(text(into.buffers[0])).toBe("he")
      expect(into.name?.length).toBe(16)
      expect(into.control?.byteLength).toBe(24)
      expect(next.error).toBe(WSAEWOULDBLOCK)
    })
  )
  it.scoped("control data: MSG_CTRUNC, none of it, no count, and the data is complete", () =>
    Effect.gen(function* () {
      const sockets = yield* asking
      const { into, answer, next } = yield* take(sockets, 9, 8)
      expect(answer).toEqual({ error: WSAEMSGSIZE, count: 777 })
      expect(into.dwFlags).toBe(0x200)
      expect(into.control?.byteLength).toBe(0)
      expect(text(into.buffers[0]).replaceAll("\0", "")).toBe("hello")
      expect(next.error).toBe(WSAEWOULDBLOCK)
    })
  )
  it.scoped("both: only the flag of control data", () =>
    Effect.gen(function* () {
      const sockets = yield* asking
      const { into, answer } = yield* take(sockets, 2, 8)
      expect(answer).toEqual({ error: WSAEMSGSIZE, count: 777 })
      expect(into.dwFlags).toBe(0x200)
    })
  )
  it.scoped("a name: -1 as its length, and the datagram is received", () =>
    Effect.gen(function* () {
      const { server, client } = yield* asking
      yield* sendTo(client, server, "hello")
      const into = message(4, [9], 64)
      expect(receiveBare(server, into)).toEqual({ error: 0, count: 5 })
      const length = ControlBuffer.readField(headerOf(into), 0, abi.msghdr.nameLength)
      expect(length).toBe(0xffffffff)
      expect(into.name).toEqual(new Uint8Array(0))
    })
  )
  it.scoped("an empty queue: lengths and count stay unchanged", () =>
    Effect.gen(function* () {
      const { server } = yield* asking
      const into = message(16, [9], 64)
      expect(receiveBare(server, into)).toEqual({ error: WSAEWOULDBLOCK, count: 777 })
      expect([into.name?.length, into.control?.byteLength]).toEqual([16, 64])
    })
  )
})

/** The structure as the kernel reads it. A message begins with it. */
const headerOf = (into: { readonly buffers: ReadonlyArray<Uint8Array> }): DataView =>
  new DataView(into.buffers[0]?.buffer ?? new ArrayBuffer(0))

describe("ours: a datagram that does not fit", () => {
  it.scoped("data: its slot is full and marked, and the slots around it are complete", () =>
    Effect.gen(function* () {
      const { server, client } = yield* asking
      for (const each of ["whole", "too large", "next"]) yield* sendTo(client, server, each)
      const arena = arenas()(layout(5, 64))
      expect(server.socket.receive(arena, 4, false)).toBe(3)
      expect([0, 1, 2].map((slot) => data(arena, slot))).toEqual(["whole", "too l", "next"])
      expect([0, 1, 2].map((slot) => arena.flags(slot))).toEqual([0, ReceiveFlags.dataTruncated, 0])
      expect([0, 1, 2].map((slot) => arena.controlLength(slot))).toEqual([24, 24, 24])
    })
  )
  it.scoped("the count of an earlier datagram is not used for this one", () =>
    Effect.gen(function* () {
      const { server, client } = yield* asking
      yield* sendTo(client, server, "four")
      yield* sendTo(client, server, "too large")
      const arena = arenas()(layout(8, 64))
      expect(server.socket.receive(arena, 4, false)).toBe(2)
      expect([arena.dataLength(0), arena.dataLength(1)]).toEqual([4, 8])
    })
  )
  it.scoped("control data: marked as cut, and none of it is returned", () =>
    Effect.gen(function* () {
      const { server, client } = yield* asking
      yield* sendTo(client, server, "hello")
      const arena = arenas()(layout(9, 16))
      expect(server.socket.receive(arena, 4, false)).toBe(1)
      expect([arena.flags(0), arena.controlLength(0)]).toEqual([ReceiveFlags.controlTruncated, 0])
    })
  )
  it.scoped("without room for control data the pointer is null", () =>
    Effect.gen(function* () {
      const { server, client } = yield* asking
      yield* sendTo(client, server, "hello")
      const arena = arenas()(layout(9, 0))
      expect(server.socket.receive(arena, 4, false)).toBe(1)
      expect(arena.flags(0)).toBe(ReceiveFlags.controlTruncated)
    })
  )
})
