/**
 * A server that this library deliberately avoids: threads, each with its own socket on a shared port. Prints the number
 * of peers that receive an answer before and after one of the threads is terminated.
 */
import { once } from "node:events"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withReusePort } from "@ancillary/effect3"
import { Effect, Option, Stream } from "effect"

const serve = (port: number) =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withReusePort()), { address: "127.0.0.1", port })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
    parentPort?.postMessage(socket.localAddress.port)
    yield* Stream.runForEach(socket.datagrams, ({ data, from }) => socket.send({ data, to: from }))
  })

const started = (port: number) =>
  Effect.promise(async () => {
    const thread = new Worker(new URL(import.meta.url), { workerData: port })
    const [bound] = (await once(thread, "message")) as [number]
    return { thread, bound }
  })

const observe = Effect.gen(function* () {
  const first = yield* started(0)
  const second = yield* started(first.bound)
  const peers = yield* Effect.replicateEffect(
    Datagram.connect(Datagram.ipv4, { address: "127.0.0.1", port: first.bound }),
    32
  )
  const answered = Effect.map(
    Effect.forEach(
      peers,
      (peer) => Effect.zipRight(peer.send({ data: Uint8Array.of(1) }), peer.receiveWithin("1 second")),
      { concurrency: "unbounded" }
    ),
    (all) => all.filter(Option.isSome).length
  )
  const before = yield* answered
  yield* Effect.promise(() => second.thread.terminate())
  const after = yield* answered
  process.stdout.write(JSON.stringify({ before, after }), () => process.kill(process.pid, "SIGKILL"))
})

const program = isMainThread ? observe : serve(Number(workerData))
Effect.runFork(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
