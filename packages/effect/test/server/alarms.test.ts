/** Idle ends and time limits by a clock that a test moves: times that are over at once, and a stop that waits for too long. */
import { Datagram, serve, serveSessions, withPktInfo } from "@ancillary/effect"
import { NetworkSockets } from "@ancillary/effect/testing"
import { Clock, Duration, Effect, Exit, Fiber, Logger, Scope } from "effect"
import { expect, it } from "vitest"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const run = <A, E>(program: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Logger.layer([]))))

/** A clock whose time passes while it is read, and whose sleeps end in `advance`. */
const movable = () => {
  const time = { now: 0, perLook: 0 }
  const sleepers = new Map<() => void, number>()
  const look = () => (time.now += time.perLook)
  const nanos = () => BigInt(look()) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: look,
    currentTimeMillis: Effect.sync(look),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const wake = () => resume(Effect.void)
        sleepers.set(wake, time.now + Duration.toMillis(duration))
        return Effect.sync(() => sleepers.delete(wake))
      })
  }
  const advance = (milliseconds: number) =>
    Effect.suspend(() => {
      time.now += milliseconds
      for (const [wake, end] of sleepers) if (end <= time.now && sleepers.delete(wake)) wake()
      return Effect.repeat(Effect.yieldNow, { times: 20 })
    })
  return { advance, clock, time }
}

const lab = Effect.gen(function* () {
  const network = yield* NetworkSockets.network({ seed: 1 })
  const host = network.host("server", { addresses: ["10.0.0.1/24"] })
  const other = network.host("client", { addresses: ["10.0.0.2/24"] })
  network.link(host, other)
  const client = yield* Datagram.client(spec).pipe(Effect.provide(NetworkSockets.layer(other)))
  const ask = Effect.andThen(client.send({ data: Uint8Array.of(1), to: at }), NetworkSockets.settle(network))
  return { ask, on: NetworkSockets.layer(host), ...movable() }
})

it("a session that is idle at its beginning leaves the idle times of later ones", () =>
  run(
    Effect.gen(function* () {
      const { advance, ask, clock, on, time } = yield* lab
      const server = yield* serveSessions(spec, at, () => Effect.never, { idle: "5 millis", shutdown: 0 }).pipe(
        Effect.provide(on),
        Effect.provideService(Clock.Clock, clock)
      )
      const counts = Effect.map(server.stats, ({ sessions }) => sessions)
      time.perLook = 10
      yield* ask
      yield* advance(0)
      expect(yield* counts).toMatchObject({ started: 1n, idle: 1n, running: 0n })
      time.perLook = 0
      yield* ask
      expect(yield* counts).toMatchObject({ started: 2n, idle: 1n, running: 1n })
      yield* advance(6)
      expect(yield* counts).toMatchObject({ started: 2n, idle: 2n, running: 0n })
    })
  ))

it("a handler that is late at its beginning leaves the time limit of later ones", () =>
  run(
    Effect.gen(function* () {
      const { advance, ask, clock, on, time } = yield* lab
      const server = yield* serve(spec, at, () => Effect.never, { timeLimit: "5 millis", shutdown: 0 }).pipe(
        Effect.provide(on),
        Effect.provideService(Clock.Clock, clock)
      )
      const counts = Effect.map(server.stats, ({ handlers }) => handlers)
      time.perLook = 10
      yield* ask
      yield* advance(0)
      expect(yield* counts).toMatchObject({ started: 1n, timedOut: 1n })
      time.perLook = 0
      yield* ask
      expect(yield* counts).toMatchObject({ started: 2n, timedOut: 1n })
      yield* advance(6)
      expect(yield* counts).toMatchObject({ started: 2n, timedOut: 2n })
    })
  ))

it("a server ends although onStop cannot be interrupted and never ends", () =>
  run(
    Effect.gen(function* () {
      const { advance, clock, on } = yield* lab
      const scope = yield* Scope.make()
      const onStop = () => Effect.uninterruptible(Effect.never)
      yield* serve(spec, at, () => Effect.never, { shutdown: 0, onStop }).pipe(Scope.provide(scope), Effect.provide(on))
      const closing = yield* Effect.forkChild(
        Effect.provideService(Scope.close(scope, Exit.void), Clock.Clock, clock),
        { startImmediately: true }
      )
      yield* advance(0)
      yield* advance(10_000)
      yield* Fiber.join(closing)
    })
  ))
