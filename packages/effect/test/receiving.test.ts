/** The ways of reading, each on a real socket. */
import { Datagram, withErrorReports, withHopLimit, withPktInfo, withScatter } from "@ancillary/effect"
import { Cause, Effect, Exit, Fiber, Option, Result, Scope, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { bind, bytes, client, first, here, pairOf, run, start, text, turn, until } from "./kit.ts"

describe("receive", () => {
  it("returns the data, the sender and the control messages", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit()), here)
        const to = socket.localAddress
        yield* socket.send({ data: bytes("hello"), to, control: { hopLimit: 9 } })
        const { control, data, delivery, from, truncated } = yield* socket.receive
        expect([text(data), String(from), control.hopLimit, String(control.pktInfo.destination)]).toEqual([
          "hello",
          String(to),
          9,
          "127.0.0.1"
        ])
        expect([delivery, truncated]).toEqual(["unicast", Option.none()])
      })
    ))

  it("two readers receive distinct datagrams", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const readers = [yield* start(socket.receive), yield* start(socket.receive)]
        yield* send(1, 2)
        const got = yield* Effect.forEach(readers, Fiber.join)
        expect(new Set(got.map(first))).toEqual(new Set([1, 2]))
      })
    ))

  it("an interrupted wait loses nothing", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const reader = yield* start(socket.receive)
        yield* send(1, 2)
        yield* Fiber.interrupt(reader)
        expect(Exit.hasInterrupts(yield* Fiber.await(reader))).toBe(true)
        expect([first(yield* socket.receive), first(yield* socket.receive)]).toEqual([1, 2])
        const { delivered, dequeued } = yield* socket.stats
        expect([delivered, dequeued]).toEqual([2n, 2n])
      })
    ))

  it("readers that are interrupted at any point lose nothing", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const got: Array<number | undefined> = []
        for (let n = 0; n < 64; n++) {
          const reader = yield* start(Effect.map(socket.receive, (datagram) => void got.push(first(datagram))))
          yield* send(n)
          for (let i = 0; i < n % 4; i++) yield* turn
          yield* Fiber.interrupt(reader)
        }
        while (got.length < 64) got.push(first(yield* socket.receive))
        expect(got).toEqual(Array.from({ length: 64 }, (_, n) => n))
      })
    ))

  it("a wait fails with Closed when the scope closes", () =>
    run(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const socket = yield* Scope.provide(bind, scope)
        const reader = yield* start(Effect.flip(socket.receive))
        yield* Scope.close(scope, Exit.void)
        expect(yield* Fiber.join(reader)).toMatchObject({ _tag: "DatagramReceiveError", reason: "Closed" })
        expect(yield* Effect.flip(socket.descriptor)).toMatchObject({ reason: "Closed" })
      })
    ))

  it("fails with the fault of a datagram, and the next read goes on", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withScatter(2)), here)
        const to = socket.localAddress
        for (const data of ["long", "ok"]) yield* socket.send({ data: bytes(data), to })
        const reason = yield* socket.receive.pipe(
          Effect.as("received"),
          Effect.catchTag("DatagramFault", (fault) => Effect.succeed(fault.reason))
        )
        expect(reason).toBe("DataTruncated")
        expect(text((yield* socket.receive).data)).toBe("ok")
      })
    ))

  it("a loop of 5,000 datagrams keeps their order", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        for (let n = 0; n < 5000; n++) {
          yield* send(n % 256)
          expect(first(yield* socket.receive)).toBe(n % 256)
        }
      })
    ))
})

describe("receiveWithin", () => {
  it("returns a waiting datagram", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        yield* send(7)
        expect(Option.map(yield* socket.receiveWithin("1 minute"), first)).toEqual(Option.some(7))
      })
    ))

  it("returns a datagram that comes during the wait", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const reader = yield* start(socket.receiveWithin("1 minute"))
        yield* send(7)
        expect(Option.map(yield* Fiber.join(reader), first)).toEqual(Option.some(7))
      })
    ))

  it.each([0, "5 millis", -1] as const)("returns None after %s without a datagram", (duration) =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        expect(yield* socket.receiveWithin(duration)).toEqual(Option.none())
      })
    )
  )

  it("fails with InvalidArgument for what is no duration", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        expect(yield* Effect.flip(socket.receiveWithin("soon" as never))).toMatchObject({ reason: "InvalidArgument" })
      })
    ))
})

describe("batches", () => {
  it("receiveBatch returns a non-empty array in order", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        yield* send(1, 2, 3)
        const got = yield* socket.receiveBatch
        expect(Array.isArray(got)).toBe(true)
        expect(got.map(first)).toEqual([1, 2, 3])
      })
    ))

  it("receiveUpTo leaves the rest in the queue", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        yield* send(1, 2, 3)
        expect((yield* socket.receiveUpTo(2)).map(first)).toEqual([1, 2])
        expect((yield* socket.receiveUpTo(2)).map(first)).toEqual([3])
      })
    ))

  it("receiveUpTo fails with InvalidArgument for 0", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        expect(yield* Effect.flip(socket.receiveUpTo(0))).toMatchObject({ reason: "InvalidArgument" })
      })
    ))

  it("an interrupted receiveBatch loses nothing", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const reader = yield* start(socket.receiveBatch)
        yield* send(1)
        yield* Fiber.interrupt(reader)
        expect((yield* socket.receiveBatch).map(first)).toEqual([1])
      })
    ))

  it("receiveScattered returns the parts", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        yield* socket.send({ data: bytes("headbody"), to: socket.localAddress })
        const { parts } = yield* socket.receiveScattered(4, 10)
        expect(parts.map(text)).toEqual(["head", "body"])
      })
    ))

  it("peek leaves the datagram in the queue", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const seen = yield* start(socket.peek)
        yield* send(5)
        expect(first(yield* Fiber.join(seen))).toBe(5)
        expect([first(yield* socket.peek), first(yield* socket.receive)]).toEqual([5, 5])
      })
    ))
})

describe("streams", () => {
  it("datagrams emits each datagram in order", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const reader = yield* start(socket.datagrams.pipe(Stream.map(first), Stream.take(4), Stream.runCollect))
        yield* send(1, 2)
        yield* turn
        yield* send(3, 4)
        expect(yield* Fiber.join(reader)).toEqual([1, 2, 3, 4])
      })
    ))

  it("datagrams emits the array of one system call at a time", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        yield* send(1, 2, 3)
        const arrays = yield* socket.datagrams.pipe(Stream.chunks, Stream.take(1), Stream.runCollect)
        expect(arrays.map((each) => each.map(first))).toEqual([[1, 2, 3]])
      })
    ))

  it("an interrupted stream that waits loses nothing", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const reader = yield* start(Stream.runDrain(socket.datagrams))
        yield* send(1)
        yield* Fiber.interrupt(reader)
        expect(first(yield* socket.receive)).toBe(1)
      })
    ))

  it("a stream fails with Closed when the scope closes", () =>
    run(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const socket = yield* Scope.provide(bind, scope)
        const reader = yield* start(Effect.flip(Stream.runDrain(socket.datagrams)))
        yield* Scope.close(scope, Exit.void)
        expect(yield* Fiber.join(reader)).toMatchObject({ reason: "Closed" })
      })
    ))

  it("outcomes emits faults as failures of a Result", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withScatter(2)), here)
        for (const data of ["ok", "long", "on"]) yield* socket.send({ data: bytes(data), to: socket.localAddress })
        const got = yield* socket.outcomes.pipe(Stream.take(3), Stream.runCollect)
        const shown = got.map(
          Result.match({ onFailure: ({ reason }) => `fault ${reason}`, onSuccess: ({ data }) => text(data) })
        )
        expect(shown).toEqual(["ok", "fault DataTruncated", "on"])
        const { delivered, dequeued, faults } = yield* socket.stats
        expect([dequeued, delivered, faults.DataTruncated]).toEqual([3n, 2n, 1n])
      })
    ))

  it("events emits the report of a datagram that was refused", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withErrorReports()), here)
        const reader = yield* start(Stream.runHead(socket.events))
        yield* socket.send({ data: bytes("?"), to: { address: "127.0.0.1", port: 1 } })
        const event = Option.getOrThrow(yield* Fiber.join(reader))
        expect(event).toMatchObject({ _tag: "ErrorReport", code: "ECONNREFUSED" })
      })
    ))
})

describe("loops without a fiber", () => {
  it("forEach calls its function for each datagram until it is interrupted", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const got: Array<number | undefined> = []
        const loop = yield* start(socket.forEach((datagram) => void got.push(first(datagram))))
        yield* send(1, 2, 3)
        yield* until(Effect.sync(() => got.length === 3))
        yield* Fiber.interrupt(loop)
        yield* send(4)
        expect(first(yield* socket.receive)).toBe(4)
        expect(got).toEqual([1, 2, 3])
      })
    ))

  it("a forEach that throws dies, and gives back the rest in order", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        yield* send(1, 2, 3)
        const exit = yield* Effect.exit(
          socket.forEach(() => {
            throw new RangeError("boom")
          })
        )
        expect(exit._tag === "Failure" && Cause.squash(exit.cause)).toEqual(new RangeError("boom"))
        expect((yield* socket.stats).putBack).toBe(2n)
        yield* send(4)
        const rest = [yield* socket.receive, yield* socket.receive, yield* socket.receive]
        expect(rest.map(first)).toEqual([2, 3, 4])
      })
    ))

  it("forEachBorrowed lends each view until its function returns", () =>
    run(
      Effect.gen(function* () {
        const { send, socket } = yield* pairOf
        const lent: Array<Uint8Array> = []
        const seen: Array<number | undefined> = []
        const loop = yield* start(
          socket.forEachBorrowed(({ data }) => {
            seen.push(data[0])
            lent.push(data)
          })
        )
        yield* send(1, 2)
        yield* until(Effect.sync(() => seen.length === 2))
        yield* Fiber.interrupt(loop)
        expect([seen, lent.map(({ byteLength }) => byteLength)]).toEqual([
          [1, 2],
          [0, 0]
        ])
      })
    ))

  it.each(["forEach", "forEachBorrowed"] as const)("%s fails with InvalidArgument without a function", (name) =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        expect(yield* Effect.flip(socket[name]("f" as never))).toMatchObject({ reason: "InvalidArgument" })
      })
    )
  )

  it("a forEach may answer without a fiber", () =>
    run(
      Effect.gen(function* () {
        const server = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), here)
        yield* start(server.forEach((asked) => void Datagram.tryReply(server, asked, asked.data)))
        const asking = yield* client
        yield* asking.send({ data: bytes("ping"), to: server.localAddress })
        expect(text((yield* asking.receive).data)).toBe("ping")
      })
    ))
})
