/** Programs that hand their sockets to the next one: no datagram is lost, and no session moves to another worker. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withReceiveBufferSize } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { bundled } from "../../testing/program.ts"

const worker = new URL("children/handOver.ts", import.meta.url)
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "ancillary-hand-over-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
)

/** Starts a worker, and returns its process and its report when it serves. */
const start = (words: ReadonlyArray<string | number>, running: Array<ChildProcess>) =>
  Effect.promise(async () => {
    const command = [bundled(worker), ...words.map(String)]
    const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] })
    running.push(child)
    const [report] = (await once(child.stdout, "data")) as [Buffer]
    return {
      child,
      ...(JSON.parse(String(report)) as { readonly passed: ReadonlyArray<string>; readonly port: number })
    }
  })

const workers = 2
const sessions = 64
/** Datagrams on their way at one time, fewer than a receive buffer holds. */
const window = 150
/** `npm run restarts` sends 1,000,000. */
const least = Number(process.env["ANCILLARY_RESTARTS"] ?? 5000)

it.scopedLive("a rolling restart under load loses no datagram, and moves no session", () =>
  Effect.gen(function* () {
    const path = yield* folder
    const running: Array<ChildProcess> = []
    yield* Effect.addFinalizer(() => Effect.sync(() => running.forEach((child) => child.kill("SIGKILL"))))
    const args = (index: number, port: number) => [join(path, `${index}.sock`), port, index, workers]
    const first = yield* start(args(0, 0), running)
    const serving = [first]
    const { port } = first
    for (let index = 1; index < workers; index++) serving.push(yield* start(args(index, port), running))
    expect(serving.flatMap(({ passed }) => passed)).toEqual([])

    // A session sends from several ports, as behind a NAT.
    const client = Datagram.client(Datagram.ipv4.pipe(withReceiveBufferSize(1 << 20)))
    const clients = yield* Effect.replicateEffect(client, 4)
    const answers = new Uint8Array(Math.max(2 * least, 1 << 20))
    const moved: Array<string> = []
    const processes = new Set<number>()
    let received = 0
    for (const socket of clients)
      yield* Effect.forkScoped(
        socket.forEach(({ data }) => {
          const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
          const [session, number, index] = [view.getUint32(0), view.getUint32(4), view.getUint32(8)]
          received++
          answers[number] = (answers[number] ?? 0) + 1
          processes.add(view.getUint32(12))
          if (index !== session % workers) moved.push(`session ${session}: worker ${index}`)
        })
      )

    let restarts = 0
    let isSending = true
    const restarting = yield* Effect.forkScoped(
      Effect.gen(function* () {
        for (; isSending || restarts < workers; restarts++) {
          const index = restarts % workers
          const next = yield* start(args(index, port), running)
          expect(next.passed).toEqual(["worker"])
          const before = serving.splice(index, 1, next)[0]?.child
          if (before !== undefined && before.exitCode === null) yield* Effect.promise(() => once(before, "exit"))
          expect(before?.exitCode).toBe(0)
        }
      })
    )

    let sent = 0
    const to = { address: "127.0.0.1", port }
    while ((sent < least || restarts < workers) && Option.isNone(yield* Fiber.poll(restarting))) {
      if (sent - received >= window) {
        yield* Effect.sleep("1 millis")
        continue
      }
      const messages = Array.from({ length: 25 }, (_, i) => {
        const data = new Uint8Array(8)
        const view = new DataView(data.buffer)
        view.setUint32(0, (sent + i) % sessions)
        view.setUint32(4, sent + i)
        return { data, to }
      })
      // The clients take turns.
      const [sender] = clients.slice((sent / 25) % clients.length)
      yield* sender?.sendAll(messages) ?? Effect.void
      sent += messages.length
    }
    isSending = false
    yield* Fiber.join(restarting)
    // A lost datagram has no answer, however long the test waits.
    for (let turn = 0; turn < 2000 && received < sent; turn++) yield* Effect.sleep("5 millis")
    const counts = { once: 0, lost: 0, twice: 0 }
    for (const times of answers.subarray(0, sent)) counts[times === 1 ? "once" : times === 0 ? "lost" : "twice"]++
    if (process.env["ANCILLARY_RESTARTS"] !== undefined)
      console.log(
        `${sent} datagrams of ${sessions} sessions, ${restarts} restarts of ${workers} workers: ${counts.lost} lost, ${moved.length} moved`
      )
    expect(counts).toEqual({ once: sent, lost: 0, twice: 0 })
    expect(moved).toEqual([])
    expect(processes.size).toBeGreaterThanOrEqual(2 * workers)
  }).pipe(Effect.provide(LinuxSockets.layer))
)
