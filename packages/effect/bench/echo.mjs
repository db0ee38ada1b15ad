/**
 * `echo.mjs WAY`: an echo server of Effect 4 for the bench. Prints its port, and answers each datagram that way. Ends with its standard input.
 */
import { Datagram, serve, withHopLimit, withPktInfo, withReceiveBufferSize } from "@ancillary/effect"
import { LinuxSockets } from "@ancillary/effect/node"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Equal to the spec and the buffer of the other servers. */
const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withReceiveBufferSize(212_992))
const loopback = { address: "127.0.0.1", port: 0 }

process.stdin.on("end", () => process.exit(0)).resume()

/** @param {{ readonly localAddress: { readonly port: number } }} bound */
const print = ({ localAddress }) => console.log(localAddress.port)

const reading = Effect.gen(function* () {
  const socket = yield* Datagram.bind(spec, loopback)
  print(socket)
  yield* Stream.runForEach(socket.datagrams, (asked) => Datagram.reply(socket, asked, asked.data))
})

const receiving = Effect.gen(function* () {
  const socket = yield* Datagram.bind(spec, loopback)
  print(socket)
  while (true) {
    const asked = yield* socket.receive
    yield* Datagram.reply(socket, asked, asked.data)
  }
})

const serving = Effect.gen(function* () {
  print(yield* serve(spec, loopback, (asked, socket) => Datagram.reply(socket, asked, asked.data)))
  yield* Effect.never
})

const generating = Effect.gen(function* () {
  const server = yield* serve(spec, loopback, (asked, socket) =>
    Effect.gen(function* () {
      yield* Datagram.reply(socket, asked, asked.data)
    })
  )
  print(server)
  yield* Effect.never
})

/** One generator function for all datagrams. A function that a handler makes itself takes V8 longer than the rest of the handler. */
const generatingOnce = Effect.gen(function* () {
  const server = yield* serve(
    spec,
    loopback,
    Effect.fnUntraced(function* (asked, socket) {
      yield* Datagram.reply(socket, asked, asked.data)
    })
  )
  print(server)
  yield* Effect.never
})

const ways = {
  runForEach: reading,
  receive: receiving,
  serve: serving,
  generators: generating,
  fnUntraced: generatingOnce
}
await Effect.runPromise(ways[process.argv[2]].pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
