/** Programs of Effect 4 that hand their socket to the next one while a client sends: each datagram is answered once. */
import { type ChildProcess, spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, it, onTestFinished } from "vitest"
import { bundled } from "../../testing/program.ts"

/** Datagrams on their way at one time, fewer than a receive buffer holds. */
const window = 100

/** Starts a program, and returns its process and its port when it serves, or hangs. It ends with the test. */
const start = async (path: string, kind: "serves" | "hangs") => {
  const program = bundled(new URL("children/handOver.ts", import.meta.url))
  const child = spawn(process.execPath, [program, path, kind], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  const [report] = (await once(child.stdout, "data")) as [Buffer]
  return { child, port: Number(report) }
}

/** Sends numbered datagrams until it is stopped, and counts the answers of each. */
const sending = async (port: number) => {
  const socket = createSocket("udp4")
  onTestFinished(() => void socket.close())
  socket.bind(0, "127.0.0.1")
  await once(socket, "listening")
  socket.setRecvBufferSize(1 << 20)
  const answers: Array<number> = []
  const processes = new Set<number>()
  let received = 0
  socket.on("message", (data) => {
    const number = data.readUInt32BE(0)
    answers[number] = (answers[number] ?? 0) + 1
    received++
    processes.add(data.readUInt32BE(4))
  })
  let isSending = true
  const end = (async () => {
    let sent = 0
    for (; isSending; await sleep(1))
      for (; sent - received < window; sent++) {
        const data = Buffer.alloc(4)
        data.writeUInt32BE(sent)
        socket.send(data, port, "127.0.0.1")
      }
    for (let turn = 0; turn < 2000 && received < sent; turn++) await sleep(5)
    return sent
  })()
  return {
    answers,
    processes,
    stop: () => {
      isSending = false
      return end
    }
  }
}

const exited = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  return child.exitCode
}

it("restarts under load, one with a successor that is killed: no datagram is lost", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ancillary-hand-over-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, "echo.sock")
  const first = await start(path, "serves")
  const { answers, processes, stop } = await sending(first.port)

  const second = await start(path, "serves")
  expect([second.port, await exited(first.child)]).toEqual([first.port, 0])

  const hangs = await start(path, "hangs")
  hangs.child.kill("SIGKILL")
  await exited(hangs.child)
  expect(second.child.exitCode).toBe(null)

  const third = await start(path, "serves")
  expect([third.port, await exited(second.child)]).toEqual([first.port, 0])
  while (!processes.has(third.child.pid ?? 0)) await sleep(5)

  const sent = await stop()
  expect(sent).toBeGreaterThan(window)
  expect([...processes]).toEqual([first, second, third].map(({ child }) => child.pid))
  expect(Array.from({ length: sent }, (_, number) => answers[number] ?? 0).filter((times) => times !== 1)).toEqual([])
})
