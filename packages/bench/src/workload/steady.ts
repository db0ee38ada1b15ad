/**
 * Echo servers that are asked at a fixed rate by one and the same C program in a process of its own, whether they keep up or not.
 */
import { Datagram } from "@ancillary/effect3"
import { Effect, Either, Stream } from "effect"
import { plain, reader } from "../sockets.ts"
import { dgram, type Workload } from "../workload.ts"

const bytes = 100
const rate = 2000

const nodes = Effect.map(plain, ({ at, socket }) => {
  socket.on("message", (message, { address, port }) => socket.send(message, port, address))
  return { name: dgram, port: at.port }
})

const callbacks = Effect.gen(function* () {
  const socket = yield* reader
  yield* Effect.forkScoped(
    socket.forEach((asked) => Either.getOrThrow(Datagram.unsafeReply(socket, asked, asked.data)))
  )
  return { name: "forEach and unsafeReply", port: socket.localAddress.port }
})

const streams = Effect.gen(function* () {
  const socket = yield* reader
  yield* Effect.forkScoped(Stream.runForEach(socket.datagrams, (asked) => Datagram.reply(socket, asked, asked.data)))
  return { name: "runForEach and reply", port: socket.localAddress.port }
})

export const steady: Workload = {
  name: "steady",
  title: "Echo of 2,000 datagrams a second, 100 bytes",
  readings: ["latency, median", "99 in 100", "999 in 1,000"],
  unit: "µs",
  candidates: ({ peers, times }) =>
    peers.hasC
      ? Effect.gen(function* () {
          const c = Effect.map(peers.serve("echo"), ({ line }) => ({ name: "C", port: Number(line) }))
          const servers = yield* Effect.all([nodes, c, callbacks, streams])
          const count = times(800)
          const candidates = yield* Effect.forEach(servers, ({ name, port }) =>
            peers.c(name, "steady", port, bytes, rate, count)
          )
          return candidates.flat()
        })
      : Effect.succeed([])
}
