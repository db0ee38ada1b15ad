/** Programs that Effect 4 resumes in the middle of a batch, because a callback resumes its fiber at once. */
import { Datagram, withCoalescing, withErrorReports } from "@ancillary/effect"
import { Effect, Fiber, Option, Stream } from "effect"
import { expect, it } from "vitest"
import { client, first, here, pairOf, run, start, until } from "./kit.ts"

it("a forEach that waited and throws gives back the rest before what came later", () =>
  run(
    Effect.gen(function* () {
      const { send, socket } = yield* pairOf
      const loop = socket.forEach((datagram) => {
        if (first(datagram) !== 1) return
        Effect.runSync(send(4))
        throw new Error("boom")
      })
      const after = Effect.catchCause(loop, () =>
        Effect.gen(function* () {
          const { delivered, dequeued, dropped, putBack } = yield* socket.stats
          const order = [yield* socket.receive, yield* socket.receive, yield* socket.receive].map(first)
          return { balance: dequeued - delivered - dropped - putBack, order }
        })
      )
      const fiber = yield* start(after)
      yield* send(0, 1, 2, 3)
      expect(yield* Fiber.join(fiber)).toEqual({ balance: 0n, order: [2, 3, 4] })
    })
  ))

it("a reader of events that sends receives each event once", () =>
  run(
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withErrorReports()), here)
      const dead = (n: number) => socket.send({ data: Uint8Array.of(n), to: { address: "127.0.0.1", port: n } })
      const seen: Array<number | undefined> = []
      const reading = Stream.runForEach(socket.events, (event) =>
        Effect.suspend(() => {
          if (event._tag !== "ErrorReport") return Effect.void
          seen.push(event.datagram[0])
          return seen.length === 1 ? Effect.forEach([7, 8, 9], dead, { discard: true }) : Effect.void
        })
      )
      yield* start(reading)
      for (const n of [1, 2, 3]) yield* dead(n)
      yield* until(Effect.sync(() => seen.length >= 6))
      expect(seen).toHaveLength(6)
      expect(new Set(seen)).toEqual(new Set([1, 2, 3, 7, 8, 9]))
      expect(seen.filter((n) => n === 1 || n === 2 || n === 3)).toEqual([1, 2, 3])
      const { events } = yield* socket.stats
      expect([events.dequeued, events.delivered]).toEqual([6n, 6n])
    })
  ))

it("a reader that is interrupted by the one that it wakes loses nothing", () =>
  run(
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withCoalescing()), here)
      const sender = yield* client
      const got: Array<string> = []
      const one = yield* start(Effect.map(socket.receive, (each) => void got.push(`one:${first(each)}`)))
      const two = yield* start(
        Effect.flatMap(socket.receive, (each) => {
          got.push(`two:${first(each)}`)
          return Fiber.interrupt(one)
        })
      )
      yield* sender.send({ data: Uint8Array.of(1, 1, 2, 2, 3, 3), to: socket.localAddress, segmentSize: 2 })
      yield* Fiber.await(one)
      yield* Fiber.await(two)
      for (;;) {
        const rest = yield* socket.receiveWithin(0)
        if (Option.isNone(rest)) break
        got.push(`rest:${first(rest.value)}`)
      }
      expect(got.map((each) => each.slice(-1))).toEqual(["1", "2", "3"])
      const { delivered, dequeued } = yield* socket.stats
      expect([delivered, dequeued]).toEqual([3n, 3n])
    })
  ))
