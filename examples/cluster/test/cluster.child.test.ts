/** Processes that are killed while clients send: each amount is added once, and each answer is right. */
import { type ChildProcess, spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeSockets } from "@ancillary/effect3/node"
import { PgClient } from "@effect/sql-pg"
import { SqlClient } from "@effect/sql"
import { Effect, Fiber, Redacted } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { bundled } from "../../../packages/testing/program.ts"
import { load, served } from "./load.ts"
import { hasPostgres, startPostgres } from "./postgres.ts"

const runnable = hasPostgres()

/** Starts the example, and returns its process when it serves. It ends with the test. */
const start = async (env: NodeJS.ProcessEnv): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [bundled(new URL("../src/main.ts", import.meta.url))], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"]
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  let log = ""
  child.stdout.on("data", (part) => (log += String(part)))
  while (!log.includes("listening on")) {
    if (child.exitCode !== null) throw new Error(log)
    await Promise.race([once(child.stdout, "data"), once(child, "exit")])
  }
  return child
}

const kill = async (child: ChildProcess) => {
  child.kill("SIGKILL")
  if (child.signalCode === null) await once(child, "exit")
}

/** Ports that are free now, and again after a process that had one is killed. */
const freePort = async (protocol: "udp" | "tcp"): Promise<number> => {
  const socket = protocol === "udp" ? createSocket("udp4").bind(0, "127.0.0.1") : createServer().listen(0, "127.0.0.1")
  await once(socket, "listening")
  const { port } = socket.address() as AddressInfo
  socket.close()
  return port
}

it("embedded store: after kill -9 and a restart, sessions continue with their sums", () =>
  Effect.gen(function* () {
    const folder = mkdtempSync(join(tmpdir(), "ancillary-cluster-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const port = yield* Effect.promise(() => freePort("udp"))
    const env = { DATABASE_URL: undefined, PORT: String(port), STORE: join(folder, "sessions.db") }
    const first = yield* Effect.promise(() => start(env))
    const answers = yield* load([port])
    yield* served(answers, [first.pid])
    yield* Effect.promise(() => kill(first))
    const second = yield* Effect.promise(() => start(env))
    yield* served(answers, [second.pid])
    expect(answers.filter(({ right }) => !right)).toEqual([])
  }).pipe(Effect.scoped, Effect.provide(NodeSockets.layer), Effect.runPromise))

it.runIf(runnable)("PostgreSQL: after kill -9 of either process, the other continues its sessions", () =>
  Effect.gen(function* () {
    const DATABASE_URL = yield* Effect.promise(startPostgres)
    const ports = yield* Effect.promise(() => Promise.all([freePort("udp"), freePort("udp")]))
    const runners = yield* Effect.promise(() => Promise.all([freePort("tcp"), freePort("tcp")]))
    const run = (index: 0 | 1) =>
      Effect.promise(() =>
        start({ DATABASE_URL, HOST: "127.0.0.1", PORT: String(ports[index]), RUNNER_PORT: String(runners[index]) })
      )
    const [first, second] = [yield* run(0), yield* run(1)]
    const answers = yield* load(ports)
    yield* served(answers, [first.pid, second.pid])

    yield* Effect.promise(() => kill(first))
    yield* served(answers, [second.pid])
    const third = yield* run(0)
    yield* served(answers, [second.pid, third.pid])

    yield* Effect.promise(() => kill(second))
    yield* served(answers, [third.pid])
    expect(answers.filter(({ right }) => !right)).toEqual([])
  }).pipe(Effect.scoped, Effect.provide(NodeSockets.layer), Effect.runPromise)
)

it.runIf(runnable).each(["cluster_runners", "cluster_migrations", "amounts"])(
  "PostgreSQL: processes that create the table %s at one moment all serve",
  (table) =>
    Effect.gen(function* () {
      const DATABASE_URL = yield* Effect.promise(startPostgres)
      const both = [0, 1]
      const ports = yield* Effect.promise(() => Promise.all(both.map(() => freePort("udp"))))
      const runners = yield* Effect.promise(() => Promise.all(both.map(() => freePort("tcp"))))
      const begin = Effect.promise(() =>
        Promise.all(
          both.map((n) =>
            start({ DATABASE_URL, HOST: "127.0.0.1", PORT: String(ports[n]), RUNNER_PORT: String(runners[n]) })
          )
        )
      )
      const processes = yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const holder = yield* sql.reserve
        // The processes wait until this transaction ends, and then go on at once.
        yield* holder.executeRaw("BEGIN", [])
        yield* holder.executeRaw(`CREATE TABLE ${table} (id INT)`, [])
        const started = yield* Effect.fork(begin)
        const waiting = sql<{ count: string }>`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`
        yield* Effect.repeat(waiting, { until: ([row]) => Number(row?.count) >= both.length })
        yield* holder.executeRaw("ROLLBACK", [])
        return yield* Fiber.join(started)
      }).pipe(Effect.scoped, Effect.provide(PgClient.layer({ url: Redacted.make(DATABASE_URL) })))
      const answers = yield* load(ports)
      yield* served(answers, [processes[0]?.pid])
      expect(answers.filter(({ right }) => !right)).toEqual([])
      expect(processes.map(({ exitCode }) => exitCode)).toEqual([null, null])
    }).pipe(Effect.scoped, Effect.provide(NodeSockets.layer), Effect.runPromise)
)
