/** `echoing.ts WAY`: prints its port, and answers each datagram in that way. It ends with its standard input. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, serve, withPktInfo } from "@ancillary/effect3"
import { Effect, Stream } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "127.0.0.1", port: 0 }
const bound = Datagram.bind(spec, at)
const print = (port: number) => Effect.sync(() => console.log(port))

const ways = {
  callback: Effect.gen(function* () {
    const socket = yield* bound
    yield* print(socket.localAddress.port)
    return yield* socket.forEach((asked) => void Datagram.tryReply(socket, asked, asked.data))
  }),
  serve: Effect.gen(function* () {
    const socket = yield* serve(spec, at, (asked, socket) => Datagram.reply(socket, asked, asked.data))
    yield* print(socket.localAddress.port)
    return yield* Effect.never
  }),
  stream: Effect.gen(function* () {
    const socket = yield* bound
    yield* print(socket.localAddress.port)
    yield* Stream.runForEach(socket.datagrams, (asked) => Datagram.reply(socket, asked, asked.data))
  }),
  receive: Effect.gen(function* () {
    const socket = yield* bound
    yield* print(socket.localAddress.port)
    return yield* Effect.forever(Effect.flatMap(socket.receive, (asked) => Datagram.reply(socket, asked, asked.data)))
  })
}

process.stdin.on("end", () => process.exit(0)).resume()
const way = process.argv[2] as keyof typeof ways
Effect.runFork(Effect.scoped(ways[way]).pipe(Effect.provide(LinuxSockets.layer)))
