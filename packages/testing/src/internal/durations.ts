/** Durations of reads: they pass on a monotonic clock, which `TestClock` has, too. */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, withMaximumDatagramSize, withTruncation } from "@ancillary/effect3"
import { Clock, type Duration, Effect, Fiber, Option, TestClock } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const spec = Datagram.ipv4.pipe(withMaximumDatagramSize(1), withTruncation("drop"))
const bind = Datagram.bind(spec, { address: "127.0.0.1", port: 0 })

/** The real clock, but the test can move its wall clock. */
const stepped = () => {
  const real = Clock.make()
  let by = 0
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    sleep: (duration) => real.sleep(duration),
    unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos(),
    currentTimeNanos: real.currentTimeNanos,
    unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis() + by,
    currentTimeMillis: Effect.map(real.currentTimeMillis, (now) => now + by)
  }
  return { clock, step: (milliseconds: number) => void (by += milliseconds) }
}

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

export const durations = ({ layer }: Bench): void => {
  describe("receiveWithin", () => {
    it.scopedLive("ends in time if the wall clock is set back while it waits", () => {
      const { clock, step } = stepped()
      return Effect.gen(function* () {
        const sender = yield* Datagram.client(Datagram.ipv4)
        const socket = yield* bind
        const waiting = yield* Effect.fork(socket.receiveWithin("100 millis").pipe(Effect.withClock(clock)))
        yield* turn
        step(-3_600_000)
        // The spec drops this datagram, so it wakes the reader in vain. The reader then checks its clock again.
        yield* sender.send({ data: bytes("too large"), to: socket.localAddress })
        expect(yield* Fiber.join(waiting)).toEqual(Option.none())
      }).pipe(Effect.provide(layer))
    })

    it.scopedLive("continues to wait if the wall clock is set ahead", () => {
      const { clock, step } = stepped()
      return Effect.gen(function* () {
        const sender = yield* Datagram.client(Datagram.ipv4)
        const socket = yield* bind
        const waiting = yield* Effect.fork(socket.receiveWithin("1 minute").pipe(Effect.withClock(clock)))
        yield* turn
        step(3_600_000)
        yield* sender.send({ data: bytes("too large"), to: socket.localAddress })
        for (let turns = 0; turns < 10; turns++) yield* turn
        yield* sender.send({ data: bytes("x"), to: socket.localAddress })
        expect(Option.map(yield* Fiber.join(waiting), ({ data }) => text(data))).toEqual(Option.some("x"))
      }).pipe(Effect.provide(layer))
    })

    it.scoped("passes with TestClock", () =>
      Effect.gen(function* () {
        const sender = yield* Datagram.client(Datagram.ipv4)
        const socket = yield* bind
        const waiting = yield* Effect.fork(socket.receiveWithin("1 hour"))
        yield* turn
        yield* TestClock.adjust("59 minutes")
        yield* sender.send({ data: bytes("too large"), to: socket.localAddress })
        for (let turns = 0; turns < 10; turns++) yield* turn
        expect(Option.isNone(yield* Fiber.poll(waiting))).toBe(true)
        yield* TestClock.adjust("1 minute")
        expect(yield* Fiber.join(waiting)).toEqual(Option.none())
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("rejects an invalid duration with an error that names it", () =>
      Effect.gen(function* () {
        const socket = yield* bind
        // A value that plain JavaScript can pass.
        const wrong: string = "2 parsecs"
        const error = yield* Effect.flip(socket.receiveWithin(wrong as Duration.DurationInput))
        expect(error).toMatchObject({
          _tag: "DatagramReceiveError",
          reason: "InvalidArgument",
          message: "duration: '2 parsecs' is not a duration: give '2 seconds'. Nothing was read."
        })
      }).pipe(Effect.provide(layer))
    )
  })
}
