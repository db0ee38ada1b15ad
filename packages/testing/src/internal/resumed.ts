/**
 * Fibers that a callback, a wake-up or an event resumes in the middle of a batch. Effect 4 resumes a fiber at once, within the caller's stack,
 * so its program runs while the engine hands over datagrams.
 */
import { describe, expect, it } from "@effect/vitest"
import {
  Datagram,
  DatagramSockets,
  withCoalescing,
  withErrorReports,
  withMaximumDatagramSize
} from "@ancillary/effect3"
import { Chunk, Deferred, Effect, Exit, Fiber, Option, Scope, Stream } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }
const bind = Datagram.bind(Datagram.ipv4.pipe(withMaximumDatagramSize(100)), at)
type Socket = Effect.Effect.Success<typeof bind>

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
/** Lets readers begin to wait. */
const settle = Effect.repeatN(turn, 3)
const until = (condition: () => boolean) => Effect.repeat(turn, { until: condition })

const numbered = (count: number) => Array.from({ length: count }, (_, i) => String(i))
const send = (from: Socket, to: Socket, texts: ReadonlyArray<string>) =>
  Effect.forEach(texts, (each) => from.send({ data: bytes(each), to: to.localAddress }), { discard: true })

/** Reads what is left without waiting. */
const rest = (socket: Socket) =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    for (;;) {
      const next = yield* socket.receiveWithin(0)
      if (Option.isNone(next)) return seen
      seen.push(text(next.value.data))
    }
  })

/** Dequeued = delivered + faults + dropped by policy + put back. */
const balance = (socket: Socket) =>
  Effect.map(socket.stats, ({ dropped, faults, delivered, dequeued, putBack }) => {
    expect(dequeued).toBe(delivered + Object.values(faults).reduce((sum, count) => sum + count, 0n) + dropped + putBack)
  })

const textOf = ({ data }: { readonly data: Uint8Array }) => text(data)

/** Reads of the resumed fiber, from the socket whose batch is being handed over. */
const reads: { readonly [name: string]: (socket: Socket) => Effect.Effect<ReadonlyArray<string>, unknown> } = {
  receive: (socket) => Effect.map(socket.receive, (each) => [textOf(each)]),
  receiveWithin: (socket) => Effect.map(Effect.flatten(socket.receiveWithin("1 minute")), (each) => [textOf(each)]),
  receiveScattered: (socket) => Effect.map(socket.receiveScattered(1, 99), (each) => [textOf(each)]),
  receiveBatch: (socket) => Effect.map(socket.receiveBatch, (all) => Chunk.toReadonlyArray(all).map(textOf)),
  receiveUpTo: (socket) => Effect.map(socket.receiveUpTo(2), (all) => Chunk.toReadonlyArray(all).map(textOf)),
  "peek and receive": (socket) =>
    Effect.zipRight(
      socket.peek,
      Effect.map(socket.receive, (each) => [textOf(each)])
    ),
  datagrams: (socket) =>
    Effect.map(Stream.runCollect(Stream.take(socket.datagrams, 1)), (all) => Chunk.toReadonlyArray(all).map(textOf))
}
const loops = ["forEach", "forEachBorrowed"] as const

export const resumed = ({ driver, facts, layer }: Bench): void => {
  describe("a fiber resumed in the middle of a batch", () => {
    for (const loop of loops) {
      for (const [name, read] of Object.entries(reads)) {
        it.scopedLive(`${loop}: that reads by ${name}: each datagram has one reader, in order`, () =>
          Effect.gen(function* () {
            const [sender, socket] = [yield* bind, yield* bind]
            const now = yield* Deferred.make<void>()
            const seen: Array<string> = []
            const other: Array<string> = []
            yield* Effect.forkScoped(
              Effect.zipRight(
                Deferred.await(now),
                Effect.map(read(socket), (all) => void other.push(...all))
              )
            )
            yield* Effect.forkScoped(
              socket[loop]((datagram) => {
                const each = textOf(datagram)
                if (each === "2") Effect.runSync(Deferred.succeed(now, undefined))
                // The memory is this callback's, although another reader read meanwhile.
                expect(textOf(datagram)).toBe(each)
                seen.push(each)
              })
            )
            yield* settle
            yield* send(sender, socket, numbered(8))
            yield* until(() => seen.length + other.length >= 8)
            // A reader that waits behind the loop gets a later datagram.
            for (let i = 8; other.length === 0; i++) {
              yield* send(sender, socket, [String(i)])
              yield* settle
            }
            for (const own of [seen, other]) expect(own.map(Number)).toEqual(own.map(Number).toSorted((a, b) => a - b))
            const all = [...seen, ...other].map(Number).toSorted((a, b) => a - b)
            // A stream that ends early gives up the rest of its chunk.
            if (name !== "datagrams") expect(all).toEqual(all.map((_, i) => i))
            expect(new Set(all).size).toBe(all.length)
            yield* balance(socket)
          }).pipe(Effect.provide(layer))
        )
      }

      it.scopedLive(`${loop}: that sends: each datagram arrives once, with the bytes that were sent`, () =>
        Effect.gen(function* () {
          const [sender, socket, third] = [yield* bind, yield* bind, yield* bind]
          const now = yield* Deferred.make<void>()
          const seen: Array<string> = []
          const inside = Effect.zipRight(
            Deferred.await(now),
            Effect.zipRight(
              send(socket, socket, ["8", "9"]),
              socket.sendAll(["a", "b"].map((each) => ({ data: bytes(each), to: third.localAddress })))
            )
          )
          yield* Effect.forkScoped(inside)
          yield* Effect.forkScoped(
            socket[loop]((datagram) => {
              if (textOf(datagram) === "2") Effect.runSync(Deferred.succeed(now, undefined))
              seen.push(textOf(datagram))
            })
          )
          yield* settle
          yield* send(sender, socket, numbered(8))
          yield* until(() => seen.length >= 10)
          expect(seen).toEqual(numbered(10))
          expect([textOf(yield* third.receive), textOf(yield* third.receive)]).toEqual(["a", "b"])
          yield* balance(socket)
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive(`${loop}: that interrupts the loop: the rest of the batch is the next reader's`, () =>
        Effect.gen(function* () {
          const [sender, socket] = [yield* bind, yield* bind]
          const now = yield* Deferred.make<void>()
          const seen: Array<string> = []
          const running = yield* Effect.fork(
            socket[loop]((datagram) => {
              seen.push(textOf(datagram))
              if (textOf(datagram) === "2") Effect.runSync(Deferred.succeed(now, undefined))
            })
          )
          const ending = yield* Effect.fork(Effect.zipRight(Deferred.await(now), Fiber.interrupt(running)))
          yield* settle
          yield* send(sender, socket, numbered(8))
          yield* Fiber.join(ending)
          expect(seen.slice(0, 3)).toEqual(["0", "1", "2"])
          expect([...seen, ...(yield* rest(socket))]).toEqual(numbered(8))
          yield* balance(socket)
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive(`${loop}: that closes the socket: the loop ends as Closed, and the accounts balance`, () =>
        Effect.gen(function* () {
          const sender = yield* bind
          const scope = yield* Scope.make()
          const socket = yield* Scope.extend(bind, scope)
          const now = yield* Deferred.make<void>()
          const running = yield* Effect.fork(
            Effect.flip(
              socket[loop]((datagram) => {
                if (textOf(datagram) === "2") Effect.runSync(Deferred.succeed(now, undefined))
              })
            )
          )
          const closing = yield* Effect.fork(Effect.zipRight(Deferred.await(now), Scope.close(scope, Exit.void)))
          yield* settle
          yield* send(sender, socket, numbered(8))
          yield* Fiber.join(closing)
          expect(yield* Fiber.join(running)).toMatchObject({ reason: "Closed" })
          yield* balance(socket)
        }).pipe(Effect.provide(layer))
      )
    }

    it.scopedLive("a forEach that waited and throws gives back the rest before what came later", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        const loop = socket.forEach((datagram) => {
          if (textOf(datagram) !== "1") return
          Effect.runSync(send(sender, socket, ["4"]))
          throw new Error("boom")
        })
        const after = Effect.zipRight(Effect.exit(loop), Effect.zipRight(balance(socket), rest(socket)))
        const fiber = yield* Effect.fork(after)
        yield* settle
        yield* send(sender, socket, numbered(4))
        expect(yield* Fiber.join(fiber)).toEqual(["2", "3", "4"])
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    for (const first of ["receive", "receiveWithin", "receiveBatch", "peek and receive"])
      it.scopedLive(`a reader by ${first} that the one it wakes with interrupts loses nothing`, () =>
        Effect.gen(function* () {
          const [sender, socket] = [yield* bind, yield* bind]
          const got: Array<string> = []
          const read = reads[first]?.(socket) ?? Effect.die("no such way")
          // It dies with the first datagram and gives back the others, which wakes both readers.
          const dying = yield* Effect.fork(
            Effect.exit(
              socket.forEach((datagram) => {
                got.push(textOf(datagram))
                throw new Error("boom")
              })
            )
          )
          yield* settle
          const one = yield* Effect.fork(Effect.map(read, (all) => void got.push(...all)))
          yield* settle
          const two = yield* Effect.fork(
            Effect.flatMap(socket.receive, (each) => {
              got.push(textOf(each))
              return Fiber.interrupt(one)
            })
          )
          yield* settle
          yield* send(sender, socket, numbered(4))
          yield* Fiber.join(dying)
          // A batch leaves nothing for the other reader.
          for (let i = 4; i < 6; i++) {
            yield* settle
            yield* send(sender, socket, [String(i)])
          }
          yield* Fiber.await(one)
          yield* Fiber.await(two)
          expect([...got, ...(yield* rest(socket))].toSorted()).toEqual(numbered(6))
          yield* balance(socket)
        }).pipe(Effect.provide(layer))
      )
  })

  const platform = DatagramSockets.layer(driver, ["errorReports", "coalescing"])

  if (facts.lacks["errorReports"] === undefined)
    describe("a reader of events that sends", () => {
      it.scopedLive("receives each event once", () =>
        Effect.gen(function* () {
          const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withErrorReports()), at)
          const dead = (n: number) => socket.send({ data: bytes(String(n)), to: { address: "127.0.0.1", port: n } })
          const seen: Array<string> = []
          const reading = Stream.runForEach(socket.events, (event) =>
            Effect.suspend(() => {
              if (event._tag !== "ErrorReport") return Effect.void
              seen.push(text(event.datagram))
              return seen.length === 1 ? Effect.forEach([7, 8, 9], dead, { discard: true }) : Effect.void
            })
          )
          yield* Effect.forkScoped(reading)
          yield* settle
          for (const n of [1, 2, 3]) yield* dead(n)
          yield* until(() => seen.length >= 6)
          yield* settle
          expect(seen.toSorted()).toEqual(["1", "2", "3", "7", "8", "9"])
          expect(seen.filter((each) => Number(each) < 4)).toEqual(["1", "2", "3"])
          const { events } = yield* socket.stats
          expect([events.dequeued, events.delivered]).toEqual([6n, 6n])
        }).pipe(Effect.provide(platform))
      )
    })

  if (facts.refuses["coalescedSize"] === undefined)
    describe("readers of merged datagrams", () => {
      it.scopedLive("a reader that is interrupted by the one that it wakes loses nothing", () =>
        Effect.gen(function* () {
          const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withCoalescing()), at)
          const sender = yield* Datagram.client(Datagram.ipv4)
          const got: Array<string> = []
          const one = yield* Effect.fork(Effect.map(socket.receive, (each) => void got.push(textOf(each))))
          yield* settle
          const two = yield* Effect.fork(
            Effect.flatMap(socket.receive, (each) => {
              got.push(textOf(each))
              return Fiber.interrupt(one)
            })
          )
          yield* settle
          yield* sender.send({ data: bytes("112233"), to: socket.localAddress, segmentSize: 2 })
          yield* Fiber.await(one)
          yield* Fiber.await(two)
          for (;;) {
            const next = yield* socket.receiveWithin(0)
            if (Option.isNone(next)) break
            got.push(textOf(next.value))
          }
          expect(got).toEqual(["11", "22", "33"])
          const { delivered, dequeued } = yield* socket.stats
          expect([delivered, dequeued]).toEqual([3n, 3n])
        }).pipe(Effect.provide(platform))
      )
    })
}
