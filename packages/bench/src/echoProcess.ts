/**
 * `echoProcess.js WAY`: prints its port, and answers each datagram that way from the address that it was sent to. Ends with its standard input.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, type DatagramSockets, serve } from "@ancillary/effect3"
import { Effect, Either, type Scope, Stream } from "effect"
import { loopback, reader, reading, type Reader } from "./sockets.ts"

/** Answers until it is interrupted. */
type Answer = (socket: Reader) => Effect.Effect<unknown, unknown>

/** The ways to answer on a socket that the program has bound. */
const answers = {
  "runForEach and reply": (socket) =>
    Stream.runForEach(socket.datagrams, (asked) => Datagram.reply(socket, asked, asked.data)),
  "receive and reply": (socket) =>
    Effect.forever(Effect.flatMap(socket.receive, (asked) => Datagram.reply(socket, asked, asked.data))),
  "forEach and tryReply": (socket) =>
    socket.forEach((asked) => {
      Either.getOrThrow(Datagram.tryReply(socket, asked, asked.data))
    })
} satisfies { readonly [name in string]: Answer }

const isAnswer = (name: string | undefined): name is keyof typeof answers => name !== undefined && name in answers

const [, , way] = process.argv
process.stdin.on("end", () => process.exit(0)).resume()

const print = ({ localAddress }: Reader): Effect.Effect<void> => Effect.sync(() => console.log(localAddress.port))

type Serving = Effect.Effect<void, unknown, DatagramSockets | Scope.Scope>

const serving: Serving = Effect.flatMap(
  serve(reading, loopback, (asked, socket) => Datagram.reply(socket, asked, asked.data)),
  print
)

const generating: Serving = Effect.flatMap(
  serve(reading, loopback, (asked, socket) =>
    Effect.gen(function* () {
      yield* Datagram.reply(socket, asked, asked.data)
    })
  ),
  print
)

/** One generator function for all datagrams. A function that a handler makes itself takes V8 longer than the rest of the handler. */
const generatingOnce: Serving = Effect.flatMap(
  serve(
    reading,
    loopback,
    Effect.fnUntraced(function* (asked, socket) {
      yield* Datagram.reply(socket, asked, asked.data)
    })
  ),
  print
)

const servers: { readonly [name in string]: Serving } = {
  serve: serving,
  "serve, generators": generating,
  "serve, fnUntraced": generatingOnce
}

const answering = (answer: Answer) =>
  Effect.gen(function* () {
    const socket = yield* reader
    yield* print(socket)
    return yield* answer(socket)
  })

const program = isAnswer(way)
  ? answering(answers[way])
  : Effect.zipRight(servers[way ?? "serve"] ?? serving, Effect.never)
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
