/** One server in several processes: the distribution of peers, the losses when a worker is killed, and the cleanup at the end. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Abi } from "@ancillary/control"
import { DatagramWorkers, NodeSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withReusePort } from "@ancillary/effect3"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { describe, expect, it } from "@effect/vitest"
import { Clock, type Duration, Effect, Exit, Fiber, type Layer, Option, Schedule, Scope, TestClock } from "effect"
import { onTestFinished } from "vitest"
import { orders } from "./children/orders.ts"
import { ended } from "../../testing/program.ts"
import { built } from "./programs.ts"
import {
  answerOf,
  anyPort,
  ask,
  isAlive,
  kill,
  layer,
  type Peer,
  peersOf,
  pidsOf,
  restarted,
  served,
  socketsHere,
  spec,
  tell,
  until,
  workersOf
} from "./servers.ts"

it.scopedLive("every worker answers on one port, and each peer always has the same worker", () =>
  Effect.gen(function* () {
    const server = yield* served({ workers: 3 })
    const peers = yield* peersOf(server, 48)
    const first = yield* workersOf(peers)
    expect(new Set(first)).toEqual(new Set(yield* pidsOf(server)))
    expect(yield* workersOf(peers)).toEqual(first)
    const [peer] = peers
    expect(yield* ask(peer, 7)).toEqual({ pid: first[0], hopLimit: 64, asked: [orders.answer, 7] })
    const { faults, delivered, sent, dequeued } = yield* server.stats
    expect([dequeued, delivered, sent, faults.ControlMissing]).toEqual([97n, 97n, 97n, 0n])
  }).pipe(Effect.provide(layer))
)

describe("a worker that is killed", () => {
  it("trap, bare: a terminated thread leaves its socket open, its peers get no answer", async () => {
    const { stdout } = await ended([process.execPath, fileURLToPath(built("threads"))])
    const { after, before } = JSON.parse(stdout) as { readonly before: number; readonly after: number }
    expect(before).toBe(32)
    expect(after).toBeLessThan(32)
  })

  it.scopedLive("trap, bare: a socket that leaves or joins a port moves peers of the others", () =>
    Effect.gen(function* () {
      const shared = Datagram.ipv4.pipe(withReusePort())
      const leaving = yield* Scope.make()
      const first = yield* Scope.extend(Datagram.bind(shared, anyPort), leaving)
      const at = { address: "127.0.0.1", port: first.localAddress.port }
      const stays = yield* Datagram.bind(shared, at)
      const peers = yield* Effect.replicateEffect(Datagram.connect(Datagram.ipv4, at), 48)
      const itsPeers = Effect.gen(function* () {
        for (const peer of peers) yield* tell(peer, 0)
        return new Set(Array.from(yield* stays.receiveBatch, ({ from }) => String(from)))
      })
      const before = yield* itsPeers
      yield* Scope.close(leaving, Exit.void)
      yield* Datagram.bind(shared, at)
      expect(yield* itsPeers).not.toEqual(before)
    }).pipe(Effect.provide(DatagramSockets.layer(NodeSockets.driver, ["reusePort"])))
  )

  it.scopedLive("loses only the datagrams that it had taken, and no other peer is moved", () =>
    Effect.gen(function* () {
      const server = yield* served({ workers: 3, concurrency: 1 })
      const peers = yield* peersOf(server, 32)
      const before = yield* workersOf(peers)
      const [victim = 0] = before
      const [held, waiting] = peers.filter((_, i) => before[i] === victim)
      const taken = Effect.map(server.stats, (stats) => stats.dequeued)
      const sofar = yield* taken
      yield* tell(held, orders.hold)
      yield* until(Effect.map(taken, (now) => now === sofar + 1n))
      for (const i of [1, 2, 3, 4, 5]) yield* tell(waiting, orders.answer, i)
      yield* kill(victim)
      const answers = yield* Effect.replicateEffect(answerOf(waiting), 5)
      expect(answers.map(({ asked }) => asked[1])).toEqual([1, 2, 3, 4, 5])
      const [successor] = answers.map(({ pid }) => pid)
      expect(successor).not.toBe(victim)
      // The answer belongs to the last request: the datagram that was held is lost.
      expect((yield* ask(held, 9)).asked).toEqual([orders.answer, 9])
      expect(yield* workersOf(peers)).toEqual(before.map((pid) => (pid === victim ? successor : pid)))
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("keeps its counters as far as it reported them, and so do its successors", () =>
    Effect.gen(function* () {
      // Workers report only if stats asks them.
      const server = yield* served({ workers: 2, heartbeat: "1 hour" })
      const peers = yield* peersOf(server, 16)
      const counted = Effect.map(server.stats, ({ delivered, dequeued, handlers, sent }) => [
        dequeued,
        delivered,
        sent,
        handlers.started
      ])
      let known = 0n
      for (const death of [1, 2]) {
        const [victim, ...others] = yield* workersOf(peers)
        known += 16n
        expect(yield* counted).toEqual([known, known, known, known])
        // Answered after the report: the worker dies with these counts, and the other one keeps its own.
        const unreported = [victim, ...others].filter((pid) => pid === victim).length
        yield* workersOf(peers)
        yield* kill(victim)
        yield* until(Effect.map(pidsOf(server), (pids) => pids.every((pid) => pid !== undefined && pid !== victim)))
        known += 16n - BigInt(unreported)
        expect(yield* counted).toEqual([known, known, known, known])
        expect((yield* server.workers).reduce((sum, { restarts }) => sum + restarts, 0)).toBe(death)
      }
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("under load: each of its peers loses at most one datagram, the others none", () =>
    Effect.gen(function* () {
      const server = yield* served({ workers: 3 })
      const peers = yield* peersOf(server, 36)
      const before = yield* workersOf(peers)
      const [victim] = before
      let over = false
      let answers = 0
      /** Sends one request after the other. Gives one up only after all workers have been there for a second. */
      const load = (peer: Peer, index: number) =>
        Effect.gen(function* () {
          let lost = 0
          for (let i = 0; !over; i = (i + 1) % 256) {
            yield* tell(peer, orders.answer, index, i)
            const waiting = peer.receiveWithin("100 millis")
            let answer = yield* waiting
            for (let patience = 10; Option.isNone(answer) && patience > 0;) {
              answer = yield* waiting
              if (over) patience--
            }
            if (Option.isNone(answer)) lost++
            else answers++
          }
          return lost
        })
      const loads = yield* Effect.fork(Effect.forEach(peers, load, { concurrency: "unbounded" }))
      yield* until(Effect.sync(() => answers > 500))
      yield* kill(victim)
      yield* restarted(server, ...(yield* pidsOf(server)).map((pid) => (pid === victim ? 1 : 0)))
      const [atRestart] = [answers]
      yield* until(Effect.sync(() => answers > atRestart + 500))
      over = true
      const lost = yield* Fiber.join(loads)
      lost.forEach((count, i) => expect(count).toBeLessThanOrEqual(before[i] === victim ? 1 : 0))
      const after = yield* workersOf(peers)
      expect(after.filter((pid, i) => pid !== before[i]).length).toBe(before.filter((pid) => pid === victim).length)
      expect(after).not.toContain(victim)
    }).pipe(Effect.provide(layer))
  )
})

describe("a worker that dies repeatedly", () => {
  /** Times in milliseconds, within an hour, at which a worker with this lifetime is started by the default schedule. */
  const startsOf = (lifetime: Duration.DurationInput) =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      const life = Effect.map(Clock.currentTimeMillis, (now) => void starts.push(now)).pipe(
        Effect.zipRight(Effect.sleep(lifetime)),
        Effect.zipRight(Effect.fail("it died"))
      )
      const keeping = yield* Effect.fork(Effect.retry(life, DatagramWorkers.restart))
      yield* TestClock.adjust("1 hour")
      yield* Fiber.interrupt(keeping)
      return starts
    })

  it.effect("is given up after ten restarts, each later than the one before", () =>
    Effect.map(startsOf(0), (starts) =>
      expect(starts.slice(1).map((at, i) => at - (starts[i] ?? 0))).toEqual([
        100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000
      ])
    )
  )

  it.effect("is never given up if it lives for more than a minute", () =>
    Effect.map(startsOf("61 seconds"), (starts) => expect(starts.length).toBe(Math.ceil(3_600_000 / 61_100)))
  )

  it.scopedLive("is given up by the schedule with a typed error, and its peers move to others", () =>
    Effect.gen(function* () {
      const server = yield* served({ workers: 2, restart: Schedule.recurs(1) })
      const peers = yield* peersOf(server, 16)
      const before = yield* workersOf(peers)
      const [victim] = before
      const joined = yield* Effect.fork(Effect.flip(server.awaitFailure))
      yield* tell(peers[0], orders.crash)
      yield* until(
        Effect.map(server.workers, (all) => all.some(({ pid, restarts }) => restarts === 1 && Option.isSome(pid)))
      )
      yield* tell(peers[0], orders.exit)
      const error = yield* Fiber.join(joined)
      expect(error).toMatchObject({ _tag: "DatagramWorkerError", reason: "Ended", restarts: 1 })
      expect([error.exitCode, error.signal]).toEqual([Option.some(7), Option.none()])
      expect(error.message).toBe(
        `Worker ${error.worker} ended with exit code 7 (restarts: 1). Look at what it wrote to its standard error; \`restart\` sets the schedule and the number of restarts.`
      )
      const [other] = before.filter((pid) => pid !== victim)
      expect(new Set(yield* workersOf(peers))).toEqual(new Set([other]))
    }).pipe(Effect.provide(layer))
  )
})

describe("a server that cannot run fails with a typed error and leaves nothing behind", () => {
  const leavingNothing = <E>(failing: Effect.Effect<unknown, E, Scope.Scope | Layer.Layer.Success<typeof layer>>) =>
    Effect.gen(function* () {
      const before = socketsHere()
      // The scope stays open, so that anything left in it would be seen.
      const error = yield* Effect.flip(failing)
      expect(socketsHere()).toBe(before)
      return error
    })

  it.scopedLive.each([
    ["that is not there", new URL("nowhere.mjs", import.meta.url), 1],
    ["that does not run `work`", built("orders"), 0]
  ] as const)("a program %s", ([, program, exitCode]) =>
    Effect.gen(function* () {
      const error = yield* leavingNothing(served({ workers: 2, program }))
      expect(error).toMatchObject({ _tag: "DatagramWorkerError", reason: "NotStarted", restarts: 0 })
      expect(error.message).toMatch(
        new RegExp(
          `^Worker [01] did not serve: it ended with exit code ${exitCode} \\(restarts: 0\\). Look at what it wrote to its standard error, and whether its program runs DatagramWorkers.runWorker.$`
        )
      )
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("a process that cannot be started", () =>
    Effect.gen(function* () {
      const error = yield* leavingNothing(served({ workers: 1, fork: { execPath: "/nowhere/node" } }))
      expect(error.message).toMatch(/^Worker 0 did not serve: it failed \(spawn \/nowhere\/node ENOENT\) /)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("a socket of a family other than the program's", () =>
    Effect.gen(function* () {
      const serving = DatagramWorkers.serve(
        Datagram.ipv6,
        { address: "::1", port: 0 },
        { program: built("worker"), workers: 1, fork: { execArgv: [] } }
      )
      const error = yield* leavingNothing(serving)
      expect(error.message).toMatch(/^Worker 0 did not serve: it failed \(Adopting descriptor 4 .* EPROTOTYPE/)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("a port of another server, even if both would share it", () =>
    Effect.gen(function* () {
      const taken = yield* Datagram.bind(Datagram.ipv4.pipe(withReusePort()), anyPort)
      const at = { address: "127.0.0.1", port: taken.localAddress.port }
      // Without the guard it would join that server, and take a share of its peers.
      yield* Effect.scoped(Datagram.bind(Datagram.ipv4.pipe(withReusePort()), at))
      expect(yield* leavingNothing(served({ workers: 2 }, at))).toMatchObject({ reason: "AddressInUse" })
      // If the spec requests this, it is permitted.
      const sharing = DatagramWorkers.serve(spec.pipe(withReusePort()), at, { program: built("worker"), workers: 1 })
      expect((yield* sharing).localAddress.port).toBe(at.port)
    }).pipe(Effect.provide(layer), Effect.provide(DatagramSockets.layer(NodeSockets.driver, ["reusePort"])))
  )

  it.scopedLive.each([0, -1, 1.5, 1025, Number.NaN])("workers: %s", (workers) =>
    Effect.gen(function* () {
      const error = yield* leavingNothing(served({ workers }))
      expect(error).toMatchObject({
        _tag: "DatagramBindError",
        reason: "InvalidArgument",
        option: Option.some("workers")
      })
      expect(error.message).toBe(`workers: ${workers} is not an integer from 1 to 1024. Leave it out for one a core.`)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive.each([0, Number.NaN])("concurrency: %s", (concurrency) =>
    Effect.gen(function* () {
      const error = yield* leavingNothing(served({ concurrency }))
      expect(error.message).toBe(
        `concurrency: ${concurrency} is not an integer from 1 to 1048576. Leave it out for 64.`
      )
    }).pipe(Effect.provide(layer))
  )
})

describe("the end", () => {
  it.scopedLive("stops the workers after their answers, and leaves no process and no socket", () =>
    Effect.gen(function* () {
      const before = socketsHere()
      const scope = yield* Scope.make()
      const server = yield* Scope.extend(served({ workers: 2 }), scope)
      const peers = yield* peersOf(server, 8)
      const [first] = yield* workersOf(peers)
      const pids = yield* pidsOf(server)
      const { dequeued } = yield* server.stats
      yield* tell(peers[0], orders.answerLate)
      yield* until(Effect.map(server.stats, (now) => now.dequeued === dequeued + 1n))
      const joined = yield* Effect.fork(server.awaitFailure)
      yield* Scope.close(scope, Exit.void)
      expect((yield* answerOf(peers[0])).pid).toBe(first)
      expect(pids.map(isAlive)).toEqual([false, false])
      expect(socketsHere()).toBe(before + peers.length)
      // Their last report contains everything that they counted.
      expect((yield* server.stats).sent).toBe(dequeued + 1n)
      expect(Exit.isInterrupted(yield* Fiber.await(joined))).toBe(true)
      const { localAddress } = server
      yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: localAddress.port })
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("of the parent process also ends the workers", () =>
    Effect.gen(function* () {
      const server = spawn(process.execPath, [fileURLToPath(built("orphans")), built("worker").href], {
        stdio: ["ignore", "pipe", "inherit"]
      })
      onTestFinished(() => void server.kill("SIGKILL"))
      const [told] = yield* Effect.promise(() => once(server.stdout, "data"))
      const pids = JSON.parse(String(told)) as ReadonlyArray<number>
      expect(pids.map(isAlive)).toEqual([true, true])
      server.kill("SIGKILL")
      yield* until(Effect.sync(() => !pids.some(isAlive)))
    })
  )
})

describe("on a system that does not distribute the peers of a port", () => {
  /** The driver of Linux with the name of another system. The workers are unchanged. */
  const like = (abi: Abi) =>
    DatagramSockets.layer(
      Effect.map(NodeSockets.driver, (driver): Driver => ({ ...driver, abi })),
      []
    )

  it.scopedLive.each([
    [
      "Windows",
      Abi.winsockX64,
      "Windows does not spread peers over the sockets of a port, and its SO_REUSEADDR lets any program take over the address"
    ],
    ["macOS", Abi.darwin64, "macOS does not spread the peers over the sockets of a port"]
  ] as const)("%s: several workers are refused", ([, abi, why]) =>
    Effect.gen(function* () {
      expect(yield* Effect.flip(served({ workers: 2 }))).toMatchObject({
        _tag: "DatagramUnsupportedError",
        message: `workers: 2: ${why}. Leave \`workers\` out: one serves there, and is restarted as elsewhere.`
      })
    }).pipe(Effect.provide(like(abi)))
  )

  it.scopedLive("Windows: one worker serves on its own socket, its successor on the same port", () =>
    Effect.gen(function* () {
      const server = yield* Effect.provide(served(), like(Abi.winsockX64))
      const [peer] = yield* peersOf(server, 1)
      const [pid, ...more] = yield* pidsOf(server)
      expect([(yield* ask(peer)).pid, more]).toEqual([pid, []])
      yield* kill(pid)
      yield* restarted(server, 1)
      expect([(yield* ask(peer)).pid]).toEqual(yield* pidsOf(server))
    }).pipe(Effect.provide(layer))
  )
})
