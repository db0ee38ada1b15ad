/** Many messages at once, and payloads in segments. Each datagram is sent once, or the result reports its message. */
import { describe, expect, it } from "@effect/vitest"
import { Ipv4Address } from "@ancillary/control"
import { Datagram, withBackpressure, withHopLimit, withPktInfo } from "@ancillary/effect3"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { Effect, Either, Exit, Fiber, Scope, Stream } from "effect"
import type * as FaultyDriver from "../FaultyDriver.ts"
import { type Bench, bytes, failureOf, text } from "./bench.ts"
import type { Reading } from "./reading.ts"

const at = { address: "127.0.0.1", port: 0 }
const count = 150
const every = Array.from({ length: count }, (_, i) => i)
const name = (i: number) => `datagram ${i}`
/** Returns the index of a datagram, by its payload. */
const indexOf = ({ data }: { readonly data: Uint8Array }): number => Number(text(data).split(" ")[1])

type Receiver = Effect.Effect.Success<ReturnType<typeof receiver>>
const receiver = () => Datagram.bind(Datagram.ipv4.pipe(withHopLimit(), withPktInfo()), at)
/** Reads a number of datagrams, and checks that there is no other. */
const reader =
  ({ isEmpty, receive }: Reading) =>
  (socket: Receiver, expected: number) =>
    Effect.gen(function* () {
      const seen = yield* Effect.replicateEffect(receive(socket), expected)
      expect(yield* isEmpty(socket)).toBe(true)
      return seen
    })

export const sendings = (all: Bench): void => {
  const { facts, layer, over } = all
  const read = reader(all)

  describe("many at once", () => {
    it.scopedLive("are sent once and in order, each with its control data to its destination", () =>
      Effect.gen(function* () {
        const receivers = [yield* receiver(), yield* receiver(), yield* receiver()] as const
        const sender = yield* Datagram.client(Datagram.ipv4.pipe(withHopLimit(), withPktInfo()))
        const of = (i: number) => receivers[i % 3] ?? receivers[0]
        const same = { hopLimit: 7, pktInfo: { source: Ipv4Address.loopback } }
        // A third has no control data, and a third has the same, also in a row. Each second one has another notation of
        // its destination.
        const messages = every.map((i) => ({
          data: i % 2 === 0 ? bytes(name(i)) : [bytes("datagram "), bytes(String(i))],
          to: i % 2 === 0 ? of(i).localAddress : { address: "127.0.0.1", port: of(i).localAddress.port },
          control: i % 3 === 0 ? undefined : i % 6 < 3 ? { hopLimit: (i % 200) + 1 } : same
        }))
        expect(yield* sender.sendAll(messages)).toEqual({ sent: count, dropped: 0, failed: [] })
        expect((yield* sender.stats).sent).toBe(BigInt(count))
        for (const [at, each] of receivers.entries()) {
          const seen = yield* read(each, count / 3)
          expect(seen.map(indexOf)).toEqual(every.filter((i) => i % 3 === at))
          for (const datagram of seen) {
            const i = indexOf(datagram)
            const sent = i % 3 === 0 ? undefined : i % 6 < 3 ? (i % 200) + 1 : 7
            expect([i, datagram.control.hopLimit]).toEqual([
              i,
              facts.sentControl === "honoured" ? (sent ?? facts.hopLimit.ipv4) : facts.hopLimit.ipv4
            ])
          }
        }
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("to both families with the same control data: each gets its family's message", () =>
      Effect.gen(function* () {
        const six = yield* Datagram.bind(Datagram.ipv6.pipe(withHopLimit()), { address: "::1", port: 0 })
        const four = yield* Datagram.bind(Datagram.ipv4.pipe(withHopLimit()), at)
        const sender = yield* Datagram.client(Datagram.dual.pipe(withHopLimit()))
        const control = { hopLimit: 33 }
        const to = [four, six, six, four].map(({ localAddress: { address, port } }) => ({
          address: String(address),
          port
        }))
        const messages = to.map((each) => ({ data: bytes("datagram 0"), to: each, control }))
        for (const hops of [33, 34]) {
          // A program may write another value to an object that it has sent.
          control.hopLimit = hops
          expect((yield* sender.sendAll(messages)).sent).toBe(4)
          const [told4, told6] =
            facts.sentControl === "honoured" ? [hops, hops] : [facts.hopLimit.ipv4, facts.hopLimit.ipv6]
          for (const _ of [1, 2]) {
            expect((yield* all.receive(four)).control.hopLimit).toBe(told4)
            expect((yield* all.receive(six)).control.hopLimit).toBe(told6)
          }
        }
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("that are invalid are reported by their index, and the others are sent", () =>
      Effect.gen(function* () {
        const socket = yield* receiver()
        const sender = yield* Datagram.client(Datagram.ipv4.pipe(withHopLimit()))
        const to = socket.localAddress
        // Values that a program without types may pass.
        const wrong: ReadonlyArray<unknown> = [
          { data: "text", to },
          { data: bytes("x"), to: { address: "127.0.0.1", port: 0 } },
          { data: bytes("x"), to, control: { hopLimit: 256 } },
          { data: new Uint8Array(70_000), to },
          { data: bytes("x"), to, segmentSize: 0 },
          null
        ]
        const fields = ["data", "to", "control.hopLimit", "data", "segmentSize", "message"]
        const messages = every.map((i) => (i % 20 === 0 ? wrong[(i / 20) % 6] : { data: bytes(name(i)), to }))
        const { failed, sent } = yield* sender.sendAll(messages as Parameters<typeof sender.sendAll>[0])
        const right = every.filter((i) => i % 20 !== 0)
        expect([sent, failed.map(({ index }) => index)]).toEqual([right.length, every.filter((i) => i % 20 === 0)])
        for (const { error, index } of failed)
          expect(error).toMatchObject({ field: { value: fields[(index / 20) % 6] }, sentBytes: 0 })
        expect((yield* read(socket, right.length)).map(indexOf)).toEqual(right)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("on a connected socket, none at all, and by a sink", () =>
      Effect.gen(function* () {
        const socket = yield* receiver()
        const sender = yield* Datagram.connect(Datagram.ipv4, socket.localAddress)
        expect(yield* sender.sendAll([])).toEqual({ sent: 0, dropped: 0, failed: [] })
        const messages = Stream.rechunk(Stream.fromIterable(every.map((i) => ({ data: bytes(name(i)) }))), 40)
        expect(yield* Stream.run(messages, sender.sink)).toBe(count)
        expect((yield* read(socket, count)).map(indexOf)).toEqual(every)
        const wrong = Stream.make(
          { data: bytes("datagram 1") },
          { data: new Uint8Array(70_000) },
          { data: bytes("datagram 2") }
        )
        expect(yield* Effect.flip(Stream.run(wrong, sender.sink))).toMatchObject({ reason: "MessageTooLarge" })
        expect((yield* read(socket, 2)).map(indexOf)).toEqual([1, 2])
      }).pipe(Effect.provide(layer))
    )
  })

  const fault = (code: string): Fault => ({ syscall: facts.syscalls.send, code, errno: 1 })
  const positions = [0, 1, 2, 31, 62, 63, 64, 65, 127, 128, 148, 149]

  describe("an event at any index of many", () => {
    for (const k of positions) {
      /** Changes the result of each send of datagram k, once for each answer. */
      const bending = (answers: Array<Fault | 0>): FaultyDriver.Hooks => ({
        onSend: (datagram) => (indexOf(datagram) === k ? answers.shift() : undefined)
      })
      const messages = (socket: Receiver) =>
        every.map((i) => ({ data: bytes(name(i)), to: socket.localAddress, control: { hopLimit: (i % 200) + 1 } }))
      const client = Datagram.client(Datagram.ipv4.pipe(withHopLimit()))
      const seesOwnControl = (seen: ReadonlyArray<Effect.Effect.Success<Receiver["receive"]>>) => {
        for (const each of seen)
          expect(each.control.hopLimit).toBe(
            facts.sentControl === "honoured" ? (indexOf(each) % 200) + 1 : facts.hopLimit.ipv4
          )
      }

      it.scopedLive(`no room at ${k}: it waits, and all are sent once`, () =>
        Effect.gen(function* () {
          const [socket, sender] = [yield* receiver(), yield* client]
          expect(yield* sender.sendAll(messages(socket))).toEqual({ sent: count, dropped: 0, failed: [] })
          const seen = yield* read(socket, count)
          expect(seen.map(indexOf)).toEqual(every)
          seesOwnControl(seen)
        }).pipe(Effect.provide(over(bending([0, 0, 0]))))
      )

      it.scopedLive(`an error at ${k}: it is reported, and the others are sent once`, () =>
        Effect.gen(function* () {
          const [socket, sender] = [yield* receiver(), yield* client]
          const { failed, sent } = yield* sender.sendAll(messages(socket))
          expect([sent, failed.map(({ index }) => index)]).toEqual([count - 1, [k]])
          expect(failed[0]?.error).toMatchObject({ reason: "PermissionDenied", code: "EPERM", sentBytes: 0 })
          const seen = yield* read(socket, count - 1)
          expect(seen.map(indexOf)).toEqual(every.filter((i) => i !== k))
          seesOwnControl(seen)
          expect((yield* sender.stats).sent).toBe(BigInt(count - 1))
          // A call that sends other datagrams first stops there, and the next call returns the error.
        }).pipe(Effect.provide(over(bending([fault("EPERM"), fault("EPERM")].slice(k % 64 === 0 ? 1 : 0)))))
      )

      it.scopedLive(`interrupted while it waits at ${k}: earlier ones are sent, the rest is not`, () => {
        let arrived = () => {}
        const waiting = new Promise<void>((resolve) => (arrived = resolve))
        const hooks: FaultyDriver.Hooks = {
          onSend: (datagram) => (indexOf(datagram) === k ? (arrived(), 0) : undefined)
        }
        return Effect.gen(function* () {
          const [socket, sender] = [yield* receiver(), yield* client]
          const sending = yield* Effect.fork(sender.sendAll(messages(socket)))
          yield* Effect.promise(() => waiting)
          expect(Exit.isInterrupted(yield* Fiber.interrupt(sending))).toBe(true)
          if (k > 0) expect((yield* read(socket, k)).map(indexOf)).toEqual(every.slice(0, k))
          expect((yield* sender.stats).sent).toBe(BigInt(k))
        }).pipe(Effect.provide(over(hooks)))
      })

      it.scopedLive(`closed while it waits at ${k}: the rest is reported as Closed`, () => {
        let arrived = () => {}
        const waiting = new Promise<void>((resolve) => (arrived = resolve))
        const hooks: FaultyDriver.Hooks = {
          onSend: (datagram) => (indexOf(datagram) === k ? (arrived(), 0) : undefined)
        }
        return Effect.gen(function* () {
          const scope = yield* Scope.make()
          const [socket, sender] = [yield* receiver(), yield* Scope.extend(client, scope)]
          const sending = yield* Effect.fork(sender.sendAll(messages(socket)))
          yield* Effect.promise(() => waiting)
          yield* Scope.close(scope, Exit.void)
          const { failed, sent } = yield* Fiber.join(sending)
          expect([sent, failed.map(({ index }) => index)]).toEqual([k, every.slice(k)])
          expect(failed.every(({ error }) => error.reason === "Closed")).toBe(true)
          if (k > 0) expect((yield* read(socket, k)).map(indexOf)).toEqual(every.slice(0, k))
        }).pipe(Effect.provide(over(hooks)))
      })
    }
  })

  describe("synchronously", () => {
    it.scopedLive("a datagram is sent with its control data, from the callback of a loop, too", () =>
      Effect.gen(function* () {
        const [server, client] = [yield* receiver(), yield* receiver()]
        yield* Effect.forkScoped(
          server.forEach((asked) => {
            expect(server.trySend({ data: asked.data, to: asked.from, control: { hopLimit: 9 } })).toEqual(Either.void)
            expect(Datagram.tryReply(server, asked, bytes("as asked"))).toEqual(Either.void)
          })
        )
        expect(client.trySend({ data: [bytes("to"), bytes("gether")], to: server.localAddress })).toEqual(Either.void)
        const seen = yield* read(client, 2)
        expect(seen.map(({ data, from }) => [text(data), from.port])).toEqual([
          ["together", server.localAddress.port],
          ["as asked", server.localAddress.port]
        ])
        expect(seen[0]?.control.hopLimit).toBe(facts.sentControl === "honoured" ? 9 : facts.hopLimit.ipv4)
        expect((yield* server.stats).sent).toBe(2n)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("an invalid message or a closed socket is a returned error", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const [socket, sender] = [yield* receiver(), yield* Scope.extend(Datagram.client(Datagram.ipv4), scope)]
        const to = socket.localAddress
        expect(failureOf(sender.trySend({ data: new Uint8Array(70_000), to }))).toMatchObject({
          reason: "MessageTooLarge",
          field: { value: "data" },
          sentBytes: 0
        })
        yield* Scope.close(scope, Exit.void)
        expect(failureOf(sender.trySend({ data: bytes("x"), to }))).toMatchObject({ reason: "Closed" })
        expect((yield* socket.receiveWithin(0))._tag).toBe("None")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("without room it does not wait with any spec, and sends nothing later", () => {
      const stuck: FaultyDriver.Hooks = { onSend: (datagram) => (indexOf(datagram) === 3 ? 0 : undefined) }
      return Effect.gen(function* () {
        const socket = yield* receiver()
        const sender = yield* Datagram.client(Datagram.ipv4)
        const dropping = yield* Datagram.client(Datagram.ipv4.pipe(withBackpressure("drop")))
        const message = { data: bytes(name(3)), to: socket.localAddress }
        expect(failureOf(sender.trySend(message))).toMatchObject({
          reason: "WouldBlock",
          sentBytes: 0,
          message: `Sending 10 bytes to ${socket.localAddress} would have to wait: the send buffer is full. Send it again later, drop it, or use send, which waits.`
        })
        expect(dropping.trySend(message)).toEqual(Either.void)
        expect([(yield* sender.stats).sent, (yield* dropping.stats).sendDropped]).toEqual([0n, 1n])
        expect(sender.trySend({ ...message, data: bytes(name(4)) })).toEqual(Either.void)
        expect((yield* read(socket, 1)).map(indexOf)).toEqual([4])
      }).pipe(Effect.provide(over(stuck)))
    })

    it.scopedLive("a payload in segments", () =>
      Effect.gen(function* () {
        const socket = yield* receiver()
        const sender = yield* Datagram.client(Datagram.ipv4)
        const data = Uint8Array.from({ length: 100 }, (_, i) => i)
        expect(sender.trySend({ data, to: socket.localAddress, segmentSize: 4 })).toEqual(Either.void)
        const seen = yield* read(socket, 25)
        expect(seen.map((each) => each.data[0])).toEqual(Array.from({ length: 25 }, (_, i) => i * 4))
        expect((yield* sender.stats).sent).toBe(25n)
      }).pipe(Effect.provide(layer))
    )
  })

  describe("backpressure", () => {
    const full = (): FaultyDriver.Hooks => ({ onSend: (datagram) => (indexOf(datagram) % 10 === 3 ? 0 : undefined) })
    const messages = (socket: Receiver) => every.map((i) => ({ data: bytes(name(i)), to: socket.localAddress }))
    const [stuck, gone] = [every.filter((i) => i % 10 === 3), every.filter((i) => i % 10 !== 3)]

    it.scopedLive("fail: a datagram without room is an error with the remedy", () =>
      Effect.gen(function* () {
        const socket = yield* receiver()
        const sender = yield* Datagram.client(Datagram.ipv4.pipe(withBackpressure("fail")))
        const { failed, sent, dropped } = yield* sender.sendAll(messages(socket))
        expect([sent, dropped, failed.map(({ index }) => index)]).toEqual([gone.length, 0, stuck])
        expect((yield* read(socket, gone.length)).map(indexOf)).toEqual(gone)
        const error = yield* Effect.flip(sender.send({ data: bytes(name(3)), to: socket.localAddress }))
        expect(error).toMatchObject({ reason: "WouldBlock", code: "WOULDBLOCK", sentBytes: 0 })
        expect(error.message).toBe(
          `Sending 10 bytes to ${socket.localAddress} would have to wait: the send buffer is full. Send it again later, drop it, or declare withBackpressure("wait").`
        )
      }).pipe(Effect.provide(over(full())))
    )

    it.scopedLive("drop: a datagram without room is counted, and not an error", () =>
      Effect.gen(function* () {
        const socket = yield* receiver()
        const sender = yield* Datagram.client(Datagram.ipv4.pipe(withBackpressure("drop")))
        const report = yield* sender.sendAll(messages(socket))
        expect(report).toEqual({ sent: gone.length, dropped: stuck.length, failed: [] })
        yield* sender.send({ data: bytes(name(3)), to: socket.localAddress })
        expect((yield* read(socket, gone.length)).map(indexOf)).toEqual(gone)
        expect(yield* sender.stats).toMatchObject({ sent: BigInt(gone.length), sendDropped: BigInt(stuck.length + 1) })
      }).pipe(Effect.provide(over(full())))
    )
  })
}
