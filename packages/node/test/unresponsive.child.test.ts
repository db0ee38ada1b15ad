/** Workers that are alive but do not answer, and invalid options. Each case ends with a typed error and leaves nothing behind. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Schedule, Scope } from "effect"
import { orders } from "./children/orders.ts"
import { built } from "./programs.ts"
import {
  isAlive,
  kill,
  layer,
  peersOf,
  pidsOf,
  restarted,
  served,
  socketsHere,
  tell,
  until,
  workersOf
} from "./servers.ts"

describe("a worker that does not answer", () => {
  const frequent = { heartbeat: "50 millis", patience: "4 seconds" } as const
  const stop = (pid: number | undefined) => Effect.sync(() => process.kill(pid ?? Number.NaN, "SIGSTOP"))

  it.scopedLive.each(["is stopped", "spins"] as const)(
    "is killed and replaced, and its counters are kept: it %s",
    (how) =>
      Effect.gen(function* () {
        const server = yield* served({ workers: 2, ...frequent })
        const peers = yield* peersOf(server, 16)
        const before = yield* workersOf(peers)
        const [victim] = before
        expect((yield* server.stats).dequeued).toBe(16n)
        yield* how === "spins" ? tell(peers[0], orders.spin) : stop(victim)
        yield* restarted(server, ...(yield* pidsOf(server)).map((pid) => (pid === victim ? 1 : 0)))
        const after = yield* workersOf(peers)
        expect(after.map((pid, i) => pid === before[i])).toEqual(before.map((pid) => pid !== victim))
        expect(isAlive(victim)).toBe(false)
        // It may have reported that it received the order to spin.
        expect([32n, 33n]).toContain((yield* server.stats).dequeued)
      }).pipe(Effect.provide(layer))
  )

  it.scopedLive("is given up by the schedule, and the error contains its silence", () =>
    Effect.gen(function* () {
      const server = yield* served({ workers: 1, ...frequent, restart: Schedule.stop })
      const joined = yield* Effect.fork(Effect.flip(server.awaitFailure))
      const [pid] = yield* pidsOf(server)
      yield* stop(pid)
      const error = yield* Fiber.join(joined)
      expect(error).toMatchObject({ reason: "Unresponsive", worker: 0, exitCode: Option.none() })
      expect(error.message).toBe(
        "Worker 0 did not answer within 4s and was killed (restarts: 0). Look for a handler that computes without a pause, and for the cause of a stop; `patience` sets the time limit."
      )
      expect(isAlive(pid)).toBe(false)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("keeps its last report, even if it is never killed, and its end ends", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* Scope.extend(
        served({ workers: 1, heartbeat: "50 millis", patience: Infinity, shutdown: 0 }),
        scope
      )
      const peers = yield* peersOf(server, 8)
      yield* workersOf(peers)
      expect((yield* server.stats).dequeued).toBe(8n)
      const [pid] = yield* pidsOf(server)
      yield* stop(pid)
      expect((yield* server.stats).dequeued).toBe(8n)
      yield* Scope.close(scope, Exit.void)
      yield* until(Effect.sync(() => !isAlive(pid)))
      expect((yield* server.stats).dequeued).toBe(8n)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("keeps the report of a heartbeat without a request", () =>
    Effect.gen(function* () {
      const server = yield* served({ workers: 1, ...frequent })
      const peers = yield* peersOf(server, 4)
      // Even on a slow machine, one of these pauses is longer than a heartbeat and its answer.
      const counted = Effect.gen(function* () {
        for (let pause = 100; ; pause *= 2) {
          const { dequeued } = yield* server.stats
          const restarts = (yield* server.workers)[0]?.restarts ?? 0
          yield* workersOf(peers)
          yield* Effect.sleep(pause)
          yield* kill((yield* pidsOf(server))[0])
          yield* restarted(server, restarts + 1)
          if ((yield* server.stats).dequeued === dequeued + 4n) return true
        }
      })
      expect(yield* counted).toBe(true)
    }).pipe(Effect.provide(layer))
  )
})

it.scopedLive("a restart schedule that throws is a typed error of its worker only", () =>
  Effect.gen(function* () {
    const restart = Schedule.map(Schedule.forever, (): number => {
      throw new RangeError("no such delay")
    })
    const server = yield* served({ workers: 2, restart })
    const peers = yield* peersOf(server, 16)
    const [victim, ...others] = [...new Set(yield* workersOf(peers))]
    const joined = yield* Effect.fork(Effect.flip(server.awaitFailure))
    yield* kill(victim)
    const error = yield* Fiber.join(joined)
    expect(error).toMatchObject({ _tag: "DatagramWorkerError", reason: "Ended", restarts: 0 })
    expect(error.message).toMatch(
      /^Worker [01] is not started again: `restart` failed \(no such delay\) \(restarts: 0\)\. Give a schedule that does not throw\.$/
    )
    expect(new Set(yield* workersOf(peers))).toEqual(new Set(others))
  }).pipe(Effect.provide(layer))
)

const leavingNothing = <E>(failing: Effect.Effect<unknown, E, Scope.Scope | Layer.Layer.Success<typeof layer>>) =>
  Effect.gen(function* () {
    const before = socketsHere()
    const error = yield* Effect.flip(failing)
    expect(socketsHere()).toBe(before)
    return error
  })

describe("options that are refused leave nothing behind", () => {
  it.scopedLive.each([
    ["concurrency", [0.5, -1, Infinity, "8"]],
    ["shutdown", [-1, Number.NaN, "soon"]],
    ["startup", [0, -1, Number.NaN, "soon", {}]],
    ["heartbeat", [0, -1, Number.NaN, Infinity, "soon"]],
    ["patience", [0, -1, Number.NaN, null]],
    ["program", [undefined, 42, {}]],
    ["fork", ["node", null]],
    ["restart", [42, {}, () => 1]]
  ] as const)("a wrong %s", ([option, values]) =>
    Effect.gen(function* () {
      for (const value of values) {
        const error = yield* leavingNothing(served({ [option]: value }))
        expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
        expect(error.message).toMatch(new RegExp(`^${option}: .* is not .*\\. (Leave it out for|Give) .*\\.$`))
      }
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("a program that never serves and is killed after its time to start", () =>
    Effect.gen(function* () {
      const error = yield* leavingNothing(served({ workers: 2, program: built("silent"), startup: "2 seconds" }))
      expect(error).toMatchObject({ _tag: "DatagramWorkerError", reason: "NotStarted", restarts: 0 })
      expect(error.message).toMatch(
        /^Worker [01] did not serve: it was not ready within 2s and was killed \(restarts: 0\)\. Look at .*\.$/
      )
    }).pipe(Effect.provide(layer))
  )
})
