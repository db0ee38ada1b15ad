/** System calls of an echo, as strace counts them: a wait of the event loop, one receive, one send, and nothing else. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { bundled } from "../../testing/program.ts"

const words = ["-f", "-c", "--summary-columns=calls,name"]
const canTrace = spawnSync("strace", [...words, "-o", "/dev/null", "true"]).status === 0
const echoes = 200

describe.runIf(requirement("counting system calls", canTrace, "apt-get install -y strace, where it may trace"))(
  "an echo of one datagram at a time",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "ancillary-system-calls-"))
    afterAll(() => rmSync(folder, { recursive: true }))
    const program = bundled(new URL("children/echoing.ts", import.meta.url))

    /** Counts the calls of a process until the returned function is called. */
    const counting = async ({ pid }: ChildProcess): Promise<() => Promise<(name: RegExp) => number>> => {
      const file = join(folder, "calls")
      const strace = spawn("strace", [...words, "-o", file, "-p", String(pid)], { stdio: ["ignore", "ignore", "pipe"] })
      const ended = once(strace, "exit")
      await once(strace.stderr, "data")
      return async () => {
        strace.kill("SIGINT")
        await ended
        const counts = [...readFileSync(file, "utf8").matchAll(/^ *(\d+) (\w+) *$/gm)]
        return (name) =>
          counts.reduce((sum, [, count, call = ""]) => (name.test(call) ? sum + Number(count) : sum), 0) / echoes
      }
    }

    /** Counts the calls of an echo for each of the echoes, which have a pause between them. */
    const counted = async (way: string, pause: number) => {
      const server = spawn(process.execPath, [program, way], { stdio: ["pipe", "pipe", "inherit"] })
      const port = Number(String((await once(server.stdout, "data"))[0]))
      const client = createSocket("udp4")
      const echo = async (times: number) => {
        for (let i = 0; i < times; i++) {
          client.send(Uint8Array.of(i), port, "127.0.0.1")
          await once(client, "message")
          // The server waits again before the next question.
          await new Promise((next) => setTimeout(next, pause))
        }
      }
      await echo(50)
      const stop = await counting(server)
      await echo(echoes)
      const calls = await stop()
      client.close()
      server.stdin.end()
      await once(server, "exit")
      return calls
    }

    // A busy machine adds wake-ups of V8's own tasks: the best of three counts.
    const retry = 2

    it.each(["callback", "serve", "stream", "receive"])("%s: wait, receive, send", { retry }, async (way) => {
      const calls = await counted(way, 1)
      expect(calls(/^send/)).toBe(1)
      // Node's loop first polls without a wait.
      expect(calls(/^epoll_pwait/)).toBeLessThanOrEqual(2.2)
      // Every fifth wake-up looks for a second datagram.
      expect(calls(/^recv/)).toBeLessThanOrEqual(1.3)
      // The driver's own epoll: the loop's report is enough.
      expect(calls(/^epoll_(wait|ctl)$/)).toBeLessThanOrEqual(0.5)
    })

    it.each(["stream", "receive"])("%s: no timer wakes the loop between two datagrams", { retry }, async (way) => {
      const calls = await counted(way, 15)
      // A timer would add two.
      expect(calls(/^epoll_pwait/)).toBeLessThanOrEqual(3)
    })
  }
)
