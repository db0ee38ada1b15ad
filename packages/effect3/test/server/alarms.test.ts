/** Idle ends and time limits by a clock that a test moves: times that are over at once, and waits without an end. */
import { Datagram, serve, serveSessions, withPktInfo } from "@ancillary/effect3"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { expect, it } from "@effect/vitest"
import { Clock, Duration, Effect, Logger } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const silent = Logger.remove(Logger.defaultLogger)

/** A clock whose time passes while it is read, and whose sleeps end in `advance`. It records the depth of each fiber that sleeps. */
const movable = () => {
  const time = { now: 0, perLook: 0 }
  const depths: Array<number> = []
  const sleepers = new Map<() => void, number>()
  const look = () => (time.now += time.perLook)
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: look,
    currentTimeMillis: Effect.sync(look),
    unsafeCurrentTimeNanos: () => BigInt(look()) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(look()) * 1_000_000n),
    sleep: (duration) =>
      Effect.withFiberRuntime((fiber) => {
        depths.push((Reflect.get(fiber, "_stack") as ReadonlyArray<unknown>).length)
        return Effect.async<void>((resume) => {
          const wake = () => resume(Effect.void)
          // The finalizers of a server sleep by its clock, too, and nothing advances it then.
          if (Duration.toMillis(duration) === 0) return wake()
          sleepers.set(wake, time.now + Duration.toMillis(duration))
          return Effect.sync(() => sleepers.delete(wake))
        })
      })
  }
  const advance = (milliseconds: number) =>
    Effect.suspend(() => {
      time.now += milliseconds
      for (const [wake, end] of sleepers) if (end <= time.now && sleepers.delete(wake)) wake()
      return Effect.repeatN(Effect.yieldNow(), 20)
    })
  return { advance, clock, depths, time }
}

const lab = Effect.gen(function* () {
  const network = yield* NetworkSockets.network({ seed: 1 })
  const host = network.host("server", { addresses: ["10.0.0.1/24"] })
  const other = network.host("client", { addresses: ["10.0.0.2/24"] })
  network.link(host, other)
  const client = yield* Datagram.client(spec).pipe(Effect.provide(NetworkSockets.layer(other)))
  const ask = Effect.zipRight(client.send({ data: Uint8Array.of(1), to: at }), NetworkSockets.settle(network))
  return { ask, on: NetworkSockets.layer(host), ...movable() }
})

it.scoped("a session that is idle at its beginning leaves the idle times of later ones", () =>
  Effect.gen(function* () {
    const { advance, ask, clock, on, time } = yield* lab
    const server = yield* serveSessions(spec, at, () => Effect.never, { idle: "5 millis", shutdown: 0 }).pipe(
      Effect.provide(on),
      Effect.withClock(clock)
    )
    const counts = Effect.map(server.stats, ({ sessions }) => sessions)
    time.perLook = 10
    yield* ask
    expect(yield* counts).toMatchObject({ started: 1n, idle: 1n, running: 0n })
    time.perLook = 0
    yield* ask
    expect(yield* counts).toMatchObject({ started: 2n, idle: 1n, running: 1n })
    yield* advance(6)
    expect(yield* counts).toMatchObject({ started: 2n, idle: 2n, running: 0n })
  })
)

it.scoped("a handler that is late at its beginning leaves the time limit of later ones", () =>
  Effect.gen(function* () {
    const { advance, ask, clock, on, time } = yield* lab
    const server = yield* serve(spec, at, () => Effect.never, { timeLimit: "5 millis", shutdown: 0 }).pipe(
      Effect.provide(on),
      Effect.withClock(clock)
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
  }).pipe(Effect.provide(silent))
)

it.scoped("the wait for idle sessions needs no more memory, however often it is repeated", () =>
  Effect.gen(function* () {
    const { advance, ask, clock, depths, on } = yield* lab
    yield* serveSessions(spec, at, () => Effect.never, { idle: "1 second", shutdown: 0 }).pipe(
      Effect.provide(on),
      Effect.withClock(clock)
    )
    for (let wait = 0; wait < 4; wait++)
      while (depths.length === wait) {
        // Each datagram begins the idle time anew.
        yield* ask
        yield* advance(100)
      }
    expect(new Set(depths.slice(1)).size).toBe(1)
  })
)
