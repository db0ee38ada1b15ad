import { spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { beforeAll, expect, it, onTestFinished } from "vitest"
import { build } from "../../../packages/testing/built.ts"

beforeAll(build)

it("two workers answer on one port, a killed one is replaced, a signal ends both", async () => {
  // The built program, because its worker is a file beside it.
  const child = spawn(process.execPath, [fileURLToPath(new URL("../dist/main.js", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  let said = ""
  child.stdout.on("data", (chunk) => (said += String(chunk)))
  while (!said.includes("listening on 0.0.0.0:5302")) await once(child.stdout, "data")

  const sockets = Array.from({ length: 24 }, () => createSocket("udp4"))
  onTestFinished(() => sockets.forEach((socket) => socket.close()))
  /** For each client socket, the process that answers it. */
  const ask = () =>
    Promise.all(
      sockets.map(async (socket) => {
        socket.send("who?", 5302, "127.0.0.1")
        const [answer] = (await once(socket, "message")) as [Buffer]
        return Number(/^process (\d+)$/.exec(answer.toString())?.[1])
      })
    )

  const before = await ask()
  expect(new Set(before).size).toBe(2)
  const [victim = 0] = before
  process.kill(victim, "SIGKILL")
  const after = await ask()
  expect(after.map((pid, i) => pid === before[i])).toEqual(before.map((pid) => pid !== victim))

  child.kill("SIGTERM")
  await once(child, "exit")
  for (const pid of new Set(after)) expect(() => process.kill(pid, 0)).toThrow("ESRCH")
})
