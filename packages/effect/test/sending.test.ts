/** Sending: effects, results without a fiber, many messages, and sinks. */
import { Datagram, withBackpressure, withHopLimit, withPktInfo } from "@ancillary/effect"
import { UnixEndpoint } from "@ancillary/control"
import { Effect, Fiber, Option, Result, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { bind, bytes, client, first, here, run, start, text } from "./kit.ts"

const wrong = { data: Uint8Array.of(1), to: { address: "127.0.0.1", port: 0 } }

describe("send", () => {
  it("gathers a payload of several pieces", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        yield* socket.send({ data: [bytes("head"), bytes("body")], to: socket.localAddress })
        expect(text((yield* socket.receive).data)).toBe("headbody")
      })
    ))

  it("splits a payload with segmentSize", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        yield* socket.send({ data: Uint8Array.of(1, 1, 2, 2, 3), to: socket.localAddress, segmentSize: 2 })
        const got = [yield* socket.receive, yield* socket.receive, yield* socket.receive]
        expect(got.map(({ data }) => [...data])).toEqual([[1, 1], [2, 2], [3]])
      })
    ))

  it("fails with the field that is invalid, and sends nothing", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withHopLimit()), here)
        const message = { data: Uint8Array.of(1), to: socket.localAddress, control: { hopLimit: 300 } }
        const field = yield* socket.send(message).pipe(
          Effect.as(Option.some("sent")),
          Effect.catchTag("DatagramSendError", (error) => Effect.succeed(error.field))
        )
        expect(field).toEqual(Option.some("control.hopLimit"))
        expect(yield* socket.receiveWithin(0)).toEqual(Option.none())
        expect((yield* socket.stats).sent).toBe(0n)
      })
    ))

  it("waits for a full Unix receiver until it reads", () =>
    run(
      Effect.gen(function* () {
        const receiver = yield* Datagram.bind(Datagram.unix, new UnixEndpoint(undefined))
        const sender = yield* Datagram.client(Datagram.unix)
        let sent = 0
        const to = receiver.localAddress
        while (Result.isSuccess(sender.trySend({ data: Uint8Array.of(1), to }))) sent++
        const waiting = yield* start(sender.send({ data: Uint8Array.of(2), to }))
        let last: number | undefined
        for (let n = 0; n <= sent; n++) last = first(yield* receiver.receive)
        expect(last).toBe(2)
        yield* Fiber.join(waiting)
      })
    ))
})

describe("trySend", () => {
  it("returns a success", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        expect(socket.trySend({ data: Uint8Array.of(3), to: socket.localAddress })).toEqual(Result.void)
        expect(first(yield* socket.receive)).toBe(3)
      })
    ))

  it("returns the error of a message that is invalid", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        const failure = Result.getFailure(socket.trySend({ ...wrong, data: "text" as never }))
        expect(Option.getOrThrow(failure)).toMatchObject({ _tag: "DatagramSendError", reason: "InvalidArgument" })
      })
    ))

  it("returns WouldBlock for a full Unix receiver", () =>
    run(
      Effect.gen(function* () {
        const receiver = yield* Datagram.bind(Datagram.unix, new UnixEndpoint(undefined))
        const sender = yield* Datagram.client(Datagram.unix)
        const message = { data: Uint8Array.of(1), to: receiver.localAddress }
        let result = sender.trySend(message)
        while (Result.isSuccess(result)) result = sender.trySend(message)
        expect(result.failure.reason).toBe("WouldBlock")
      })
    ))
})

describe("sendAll", () => {
  it("reports the messages that were sent, and the errors with their indices", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        const to = socket.localAddress
        const good = (n: number) => ({ data: Uint8Array.of(n), to })
        const { dropped, failed, sent } = yield* socket.sendAll([good(1), { ...wrong, data: "x" as never }, good(2)])
        expect([sent, dropped, failed.map(({ index }) => index)]).toEqual([2, 0, [1]])
        expect(failed[0]?.error).toMatchObject({ _tag: "DatagramSendError", reason: "InvalidArgument" })
        expect([first(yield* socket.receive), first(yield* socket.receive)]).toEqual([1, 2])
      })
    ))

  it("counts what withBackpressure('drop') drops", () =>
    run(
      Effect.gen(function* () {
        const receiver = yield* Datagram.bind(Datagram.unix, new UnixEndpoint(undefined))
        const sender = yield* Datagram.client(Datagram.unix.pipe(withBackpressure("drop")))
        const message = { data: Uint8Array.of(1), to: receiver.localAddress }
        const { dropped, failed, sent } = yield* sender.sendAll(Array.from({ length: 2000 }, () => message))
        expect([dropped > 0, failed, sent + dropped]).toEqual([true, [], 2000])
      })
    ))
})

describe("sink", () => {
  it("counts the messages that were sent", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        const to = socket.localAddress
        const messages = Stream.map(Stream.range(1, 5), (n) => ({ data: Uint8Array.of(n), to }))
        expect(yield* Stream.run(messages, socket.sink)).toBe(5)
        expect((yield* socket.receiveBatch).map(first)).toEqual([1, 2, 3, 4, 5])
      })
    ))

  it("fails with the first error after the whole array was tried", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        const good = { data: Uint8Array.of(1), to: socket.localAddress }
        const messages = Stream.make(good, { ...wrong, data: "x" as never }, good)
        expect(yield* Effect.flip(Stream.run(messages, socket.sink))).toMatchObject({ reason: "InvalidArgument" })
        expect((yield* socket.stats).sent).toBe(2n)
      })
    ))

  it("counts each run anew", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        const messages = Stream.make({ data: Uint8Array.of(1), to: socket.localAddress })
        expect([yield* Stream.run(messages, socket.sink), yield* Stream.run(messages, socket.sink)]).toEqual([1, 1])
      })
    ))
})

describe("other ways to a peer", () => {
  it("reply answers from the address that was asked", () =>
    run(
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withPktInfo())
        const server = yield* Datagram.bind(spec, { address: "0.0.0.0", port: 0 })
        const asking = yield* client
        const to = { address: "127.0.0.2", port: server.localAddress.port }
        yield* asking.send({ data: bytes("ping"), to })
        const asked = yield* server.receive
        yield* Datagram.reply(server, asked, asked.data)
        expect(String((yield* asking.receive).from.address)).toBe("127.0.0.2")
        const forged = { ...asked, from: server.localAddress }
        expect(Result.isFailure(Datagram.tryReply(server, forged, asked.data))).toBe(true)
        expect(yield* Effect.flip(Datagram.reply(server, forged, asked.data))).toMatchObject({
          _tag: "DatagramSendError",
          reason: "InvalidArgument"
        })
      })
    ))

  it("a connected socket sends without a destination", () =>
    run(
      Effect.gen(function* () {
        const server = yield* bind
        const socket = yield* Datagram.connect(Datagram.ipv4, server.localAddress)
        yield* socket.send({ data: bytes("ping") })
        const { data, from } = yield* server.receive
        yield* server.send({ data, to: from })
        expect(text((yield* socket.receive).data)).toBe("ping")
        expect(String(socket.peer)).toBe(String(server.localAddress))
      })
    ))

  it("a bound socket is connected until a scope ends", () =>
    run(
      Effect.gen(function* () {
        const [socket, peer, other] = [yield* bind, yield* bind, yield* bind]
        const to = socket.localAddress
        yield* Effect.scoped(
          Effect.gen(function* () {
            const connected = yield* socket.connect(peer.localAddress)
            yield* other.send({ data: bytes("other"), to })
            yield* peer.send({ data: bytes("peer"), to })
            expect(text((yield* connected.receive).data)).toBe("peer")
          })
        )
        yield* other.send({ data: bytes("later"), to })
        expect(text((yield* socket.receive).data)).toBe("later")
      })
    ))

  it("the sockets of a pair send to each other", () =>
    run(
      Effect.gen(function* () {
        const [one, other] = yield* Datagram.pair(Datagram.unix)
        yield* one.send({ data: bytes("hello") })
        expect(text((yield* other.receive).data)).toBe("hello")
      })
    ))
})
