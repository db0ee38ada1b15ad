/** One server in several processes, in Effect 4. The suite of Effect 3 has the cases of the processes themselves. */
import { Datagram, withPktInfo } from "@ancillary/effect"
import { DatagramWorkers, NodeSockets } from "@ancillary/effect/node"
import { Effect, Exit, Fiber, Option, Schedule, Scope } from "effect"
import { expect, it } from "vitest"
import { bundled, ended } from "../../testing/program.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const program = bundled(new URL("children/worker.ts", import.meta.url))

const served = (options?: Partial<DatagramWorkers.Options>) =>
  DatagramWorkers.serve(spec, { address: "127.0.0.1", port: 0 }, { program, ...options })

type Server = Effect.Success<ReturnType<typeof served>>

const run = <A, E>(effect: Effect.Effect<A, E, Effect.Services<ReturnType<typeof served>>>): Promise<A> =>
  Effect.runPromise(effect.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

/** Asks from a new port, and returns the id of the process that answers. A question to a dead worker waits for its successor. */
const answerer = (server: Server) =>
  Effect.gen(function* () {
    const peer = yield* Datagram.connect(Datagram.ipv4, server.localAddress)
    yield* peer.send({ data: new Uint8Array(1) })
    return Number(new TextDecoder().decode((yield* peer.receive).data))
  }).pipe(Effect.scoped)

const pidsOf = (server: Server) =>
  Effect.map(server.workers, (all) => all.flatMap(({ pid }) => (Option.isSome(pid) ? [pid.value] : [])))

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it("workers share a port, a killed one is replaced, and the scope ends them", () =>
  run(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* Scope.provide(served({ workers: 2 }), scope)
      const pids = yield* pidsOf(server)
      expect(pids.length).toBe(2)
      const seen = new Set<number>()
      while (seen.size < 2) seen.add(yield* answerer(server))
      expect([...seen].toSorted((a, b) => a - b)).toEqual(pids.toSorted((a, b) => a - b))
      const { delivered } = yield* server.stats
      expect(delivered).toBeGreaterThanOrEqual(2n)

      process.kill(pids[0] ?? 0, "SIGKILL")
      while ((yield* server.workers)[0]?.restarts !== 1 || (yield* pidsOf(server)).length !== 2)
        yield* Effect.sleep("20 millis")
      expect((yield* server.stats).delivered).toBeGreaterThanOrEqual(delivered - 1n)
      const successors = yield* pidsOf(server)
      expect(successors).toContain(pids[1])

      const failing = yield* Effect.forkChild(server.awaitFailure)
      yield* Scope.close(scope, Exit.void)
      expect(successors.map(isAlive)).toEqual([false, false])
      expect(Exit.hasInterrupts(yield* Fiber.await(failing))).toBe(true)
    })
  ))

it("a worker that dies is given up by the schedule, with a typed error", () =>
  run(
    Effect.gen(function* () {
      const server = yield* served({ workers: 1, restart: Schedule.recurs(1) })
      const joined = yield* Effect.forkChild(Effect.flip(server.awaitFailure))
      for (const restarts of [0, 1]) {
        while ((yield* server.workers)[0]?.restarts !== restarts || (yield* pidsOf(server)).length !== 1)
          yield* Effect.sleep("20 millis")
        process.kill((yield* pidsOf(server))[0] ?? 0, "SIGKILL")
      }
      const error = yield* Fiber.join(joined)
      expect(error).toMatchObject({ _tag: "DatagramWorkerError", reason: "Ended", restarts: 1, worker: 0 })
      expect(error.signal).toEqual(Option.some("SIGKILL"))
    })
  ))

it.each([
  [{ workers: 0 }, "workers: 0 is not an integer from 1 to 1024. Leave it out for one a core."],
  [{ heartbeat: -1 }, "heartbeat: -1 is not a duration above 0 that ends. Leave it out for 1s."],
  [
    { restart: 42 as unknown as Schedule.Schedule<unknown> },
    "restart: 42 is not a Schedule. Leave it out for the default."
  ]
])("%o is refused", async (options, message) => {
  const error = await run(Effect.flip(served(options)))
  expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument", message })
})

it("a worker without a parent process fails with a typed error", async () => {
  const { stderr, stdout } = await ended([process.execPath, program])
  expect(stdout + stderr).toContain(
    "DatagramWorkers.runWorker: no parent process started this program. Start it with DatagramWorkers.serve, which passes it a socket."
  )
})
