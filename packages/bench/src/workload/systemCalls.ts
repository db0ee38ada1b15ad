/**
 * All system calls of a process that reads the datagrams of this one, including its threads, as strace counts them: 256 datagrams at a time,
 * repeatedly. A fast candidate reads while they arrive, and finds fewer at once.
 */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { turn } from "../arrivals.ts"
import type { Candidate } from "../rounds.ts"
import { filler, loopback, sender, type Sender } from "../sockets.ts"
import { canCount, counting, sum } from "../strace.ts"
import { cBatched, dgram } from "../names.ts"
import { callsOf, type Workload } from "../workload.ts"

const all = 20_000
const bytes = 100
const program = fileURLToPath(new URL("../sinkProcess.js", import.meta.url))

const counted = (
  from: Sender,
  name: string,
  command: string,
  words: ReadonlyArray<string>,
  count: number
): Candidate => ({
  name,
  round: async () => {
    const sink = spawn(command, [...words, String(count)], { stdio: ["pipe", "pipe", "inherit"] })
    const lines = createInterface({ input: sink.stdout })[Symbol.asyncIterator]()
    const port: unknown = (await lines.next()).value
    const stop = await counting(sink.pid ?? 0)
    const fill = filler(from, { address: loopback.address, port: Number(port) }, bytes)
    let done = false
    const read = (async () => {
      const next: IteratorResult<string, unknown> = await lines.next()
      done = true
      if (next.value !== "done") throw new Error(`${name} ended before it had read ${count} datagrams`)
    })()
    while (!done) {
      fill(256)
      await turn()
    }
    await read
    const calls = await stop()
    sink.stdin.end()
    await once(sink, "exit")
    return [sum(calls) / count]
  }
})

export const systemCalls: Workload = {
  name: "system-calls",
  title: "All system calls of a reader, 256 datagrams of 100 bytes at a time",
  readings: [callsOf("a datagram")],
  rounds: 2,
  warm: false,
  candidates: ({ peers, times }) =>
    Effect.map(sender, (from) => {
      if (!canCount()) return []
      const count = times(all)
      const ours = (["forEachBorrowed", "forEach", "receiveBatch", "runForEach", "receive"] as const).map((name) =>
        counted(from, name, process.execPath, [program, name], count)
      )
      const c = peers.hasC ? [counted(from, cBatched, peers.path("sink"), [], count)] : []
      return [counted(from, dgram, process.execPath, [program, "node"], count), ...c, ...ours]
    })
}
