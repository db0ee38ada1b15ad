/**
 * Ends threads while a reader waits on one of their sockets: `threads.ts WAY COUNT`. A process that crashes prints nothing.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import { Effect, Stream } from "effect"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"

const inThread = Effect.gen(function* () {
  const socket = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
  const idle = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
  yield* Effect.fork(idle.receive)
  yield* Effect.fork(Stream.runDrain(socket.datagrams))
  // It is always readable, so the thread also ends in the middle of a callback.
  if (workerData === "flood") {
    const flood = Effect.forever(
      Effect.zipRight(socket.send({ data: Uint8Array.of(1), to: socket.localAddress }), Effect.yieldNow())
    )
    yield* Effect.fork(flood)
  }
  yield* Effect.sleep("20 millis")
  parentPort?.postMessage("waiting", [])
  if (workerData === "exit") setImmediate(() => process.exit(0))
  if (workerData === "throw") setImmediate(() => JSON.parse("no JSON"))
  if (workerData !== "return") yield* Effect.never
})

const ended = (way: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: way })
    let waited = false
    worker.on("error", (error) => (way === "throw" && error instanceof SyntaxError ? (waited = true) : reject(error)))
    worker.on("exit", () => (waited ? setTimeout(resolve, 5) : reject(new Error("it ended before it waited"))))
    worker.on("message", () => {
      waited = true
      if (way === "program") process.stdout.write("end of the program", () => process.exit(0))
      else if (way === "terminate" || way === "flood") void worker.terminate()
    })
  })

if (isMainThread) {
  const [, , way = "", count = "1"] = process.argv
  // The last thread that loaded a library unloads it, so zero, one and two threads run at a time.
  await ended(way)
  for (let i = 1; i < Number(count); i += 2) await Promise.all([ended(way), ended(way)])
  console.log(`${count} ended`)
} else await Effect.runPromise(inThread.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
