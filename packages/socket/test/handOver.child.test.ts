/** Programs that hand their socket to the next one: no datagram is lost. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Datagram, HandOver, serveOn } from "@ancillary/socket"
import { expect, it, onTestFinished } from "vitest"
import { bundled } from "../../testing/program.ts"
import { closing, here, open, rejection, sockets, turn, until } from "./kit.ts"

const program = new URL("children/handOver.ts", import.meta.url)

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "ancillary-promises-hand-over-"))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** Starts the program, and returns its process and its report when it serves. */
const start = async (path: string, port: number) => {
  const child: ChildProcess = spawn(process.execPath, [bundled(program), path, String(port)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  const [report] = (await once(child.stdout ?? child, "data")) as [Buffer]
  return { child, ...(JSON.parse(String(report)) as { passed: ReadonlyArray<string>; left: unknown; port: number }) }
}

/** Datagrams on their way at one time, fewer than a receive buffer holds. */
const window = 100

it("three programs in a row answer every datagram once", async () => {
  const path = join(folder(), "echo.sock")
  let serving = await start(path, 0)
  const to = { address: "127.0.0.1", port: serving.port }
  expect(serving.passed).toEqual([])
  const client = await open()
  const answers = new Map<number, number>()
  const processes = new Set<number>()
  let sent = 0
  const loop = client.forEach(({ data }) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    answers.set(view.getUint32(0), (answers.get(view.getUint32(0)) ?? 0) + 1)
    processes.add(view.getUint32(4))
    // Each answer makes room for the next datagram.
    if (isSending) ask()
  })
  const ask = (): void => {
    while (sent - answers.size < window) {
      const data = new Uint8Array(4)
      new DataView(data.buffer).setUint32(0, sent)
      if (client.trySend({ data, to }) !== undefined) return
      sent++
    }
  }
  let isSending = true
  ask()
  for (let restart = 0; restart < 2; restart++) {
    const before = serving.child
    serving = await start(path, to.port)
    expect([serving.passed, serving.left]).toEqual([["echo"], []])
    if (before.exitCode === null) await once(before, "exit")
    expect(before.exitCode).toBe(0)
  }
  while (!processes.has(serving.child.pid ?? 0)) await new Promise((resolve) => setTimeout(resolve, 1))
  isSending = false
  // A lost datagram has no answer, however long the test waits.
  for (let turn = 0; turn < 1000 && answers.size < sent; turn++) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(answers.size).toBe(sent)
  expect([...answers.values()].every((times) => times === 1)).toBe(true)
  expect(processes.size).toBe(3)
  client.close()
  await loop
})

it("without another program the socket is bound, and close leaves no file", async () => {
  const path = join(folder(), "alone.sock")
  const handOver = await sockets.handOver({ path })
  const socket = closing(await handOver.bind("echo", Datagram.ipv4, here))
  await handOver.begin()
  await handOver.begin()
  const signal = AbortSignal.timeout(5)
  expect(await rejection(handOver.awaitSuccessor({ signal }))).toBe(signal.reason)
  expect(socket.localAddress.port).toBeGreaterThan(0)
  handOver.close()
  handOver.close()
  // The path is free for the next one.
  const next = closing(await sockets.handOver({ path }))
  await next.begin()
})

it("a program that does not answer is NoAnswer, and a signal ends the wait for it", async () => {
  const path = join(folder(), "silent.sock")
  closing(await sockets.bind(Datagram.unix, { path }))
  const error = await rejection(sockets.handOver({ path, patience: 20 }))
  expect(error).toBeInstanceOf(HandOver.HandOverError)
  expect(error).toMatchObject({ name: "HandOverError", reason: "NoAnswer", path })
  const signal = AbortSignal.timeout(5)
  expect(await rejection(sockets.handOver({ path, signal }))).toBe(signal.reason)
  expect(await rejection(sockets.handOver({ path, signal }))).toBe(signal.reason)
})

it("serve starts a server, ends it with its signal, and refuses what is not one", async () => {
  const handOver = closing(await sockets.handOver({ path: join(folder(), "serve.sock") }))
  const socket = closing(await handOver.bind("echo", Datagram.ipv4, here))
  for (const start of [7, () => undefined, () => ({})])
    expect(await rejection(handOver.serve(start as () => AsyncDisposable))).toMatchObject({
      reason: "InvalidArgument",
      option: "start"
    })
  const failure = new Error("boom")
  expect(await rejection(handOver.serve(() => Promise.reject(failure)))).toBe(failure)
  const controller = new AbortController()
  const { signal } = controller
  let finished: Promise<void> | undefined
  const serving = handOver.serve(
    () => {
      const server = serveOn(socket, () => controller.abort())
      finished = server.finished
      return server
    },
    { signal }
  )
  await socket.send({ data: new Uint8Array(1), to: socket.localAddress })
  const client = await open()
  await client.send({ data: new Uint8Array(1), to: socket.localAddress })
  expect(await rejection(serving)).toBe(signal.reason)
  await finished
})

it("serve ends with a signal that aborts while its server starts", async () => {
  const handOver = closing(await sockets.handOver({ path: join(folder(), "aborted.sock") }))
  const socket = closing(await handOver.bind("echo", Datagram.ipv4, here))
  const controller = new AbortController()
  const { signal } = controller
  let finished: Promise<void> | undefined
  const serving = handOver.serve(
    async () => {
      const server = serveOn(socket, () => undefined)
      finished = server.finished
      controller.abort()
      await turn()
      return server
    },
    { signal }
  )
  expect(await rejection(serving)).toBe(signal.reason)
  await finished
})

it("a passed socket is bound by one call, which is a later one if the first fails", async () => {
  const path = join(folder(), "one.sock")
  const first = await sockets.handOver({ path })
  const socket = await first.bind("echo", Datagram.ipv4, here)
  await first.begin()
  const taken = first.awaitSuccessor()
  const next = closing(await sockets.handOver({ path }))
  expect(await rejection(next.bind("echo", Datagram.ipv6, { address: "::1", port: 0 }))).toMatchObject({
    name: "DatagramBindError"
  })
  expect(next.unclaimed()).toEqual(["echo"])
  const both = await Promise.all([1, 2].map(() => next.bind("echo", Datagram.ipv4, here)))
  for (const one of both) closing(one)
  const { port } = socket.localAddress
  expect(both.map(({ localAddress }) => localAddress.port === port)).toEqual([true, false])
  const beginning = next.begin()
  await taken
  socket.close()
  first.close()
  await beginning
})

it("serve begins when the other program has stopped, which may serve again", async () => {
  const path = join(folder(), "turns.sock")
  const first = closing(await sockets.handOver({ path }))
  closing(await first.bind("echo", Datagram.ipv4, here))
  const seen: Array<string> = []
  let free: () => void = () => {}
  const gate = new Promise<void>((resolve) => (free = resolve))
  const controller = new AbortController()
  const { signal } = controller
  const serving = first.serve(
    () => {
      seen.push("first begins")
      const end = async () => {
        await gate
        seen.push("first ends")
      }
      return { [Symbol.asyncDispose]: end }
    },
    { signal }
  )
  await until(() => seen.length === 1)
  const second = await sockets.handOver({ path })
  const adopted = await second.bind("echo", Datagram.ipv4, here)
  const failure = new Error("boom")
  const failed = rejection(
    second.serve(() => {
      seen.push("second begins")
      throw failure
    })
  )
  // It waits for as long as the other one has not ended.
  for (let turns = 0; turns < 20; turns++) await turn()
  expect(seen).toEqual(["first begins"])
  free()
  expect(await failed).toBe(failure)
  adopted.close()
  second.close()
  await until(() => seen.length === 4)
  expect(seen).toEqual(["first begins", "first ends", "second begins", "first begins"])
  controller.abort()
  expect(await rejection(serving)).toBe(signal.reason)
})

it("wrong options, names and signals are refused", async () => {
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error("trap")
      }
    }
  )
  const wrong: ReadonlyArray<readonly [RegExp, unknown]> = [
    [/^path: .* is not a path\. Give the path of a Unix socket\.$/, { path: "" }],
    [/^path: /, { path: 7 }],
    [/^patience: .* is not a number of milliseconds\. Give one, such as 30000\.$/, { patience: -1 }],
    [/^store: /, { store: 1 }],
    [/^signal: .* is not an AbortSignal\. Give one, or leave it out\.$/, { signal: "now" }],
    [/^options: they cannot be read/, trap],
    [/^options: they cannot be read/, null]
  ]
  for (const [message, options] of wrong)
    expect(await rejection(sockets.handOver(options as HandOver.Options))).toMatchObject({
      reason: "InvalidArgument",
      message: expect.stringMatching(message) as string
    })
  const handOver = closing(await sockets.handOver())
  for (const name of ["", "a:b", "a\n", 7])
    expect(await rejection(handOver.bind(name as string, Datagram.ipv4, here))).toMatchObject({
      reason: "InvalidArgument",
      option: "name"
    })
})
