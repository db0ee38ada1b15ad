/**
 * `idleProcess.js engine|fiber|forEach|node|runForEach|stream SOCKETS`: opens so many sockets that wait for datagrams, and sends to its parent
 * the memory of each: live bytes, and the growth of the process in bytes.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { DatagramSockets } from "@ancillary/effect3"
import { Effect, type Scope, Stream } from "effect"
import { engineSocket } from "./engineSocket.ts"
import { held } from "./held.ts"
import { bindNode, nodeSocket } from "./nodeSocket.ts"
import { reader, type Reader } from "./sockets.ts"

const [, , kind, count] = process.argv
const sockets = Number(count)

const reading = (socket: Reader) =>
  kind === "forEach" ? socket.forEach(() => undefined) : Stream.runForEach(socket.datagrams, () => Effect.void)

const waiting = Effect.async<never>(() => undefined)
const repeating = Stream.runForEach(Stream.repeatEffect(waiting), () => Effect.void)

const kinds: { readonly [kind in string]?: Effect.Effect<unknown, unknown, DatagramSockets | Scope.Scope> } = {
  node: Effect.promise(() => bindNode(nodeSocket().on("message", () => undefined))),
  engine: Effect.map(DatagramSockets, ({ driver }) => {
    engineSocket(driver).forEach(
      () => undefined,
      () => undefined
    )
  }),
  fiber: Effect.forkScoped(waiting),
  stream: Effect.forkScoped(repeating)
}

const one: Effect.Effect<unknown, unknown, DatagramSockets | Scope.Scope> =
  kinds[kind ?? ""] ?? Effect.flatMap(reader, (socket) => Effect.forkScoped(reading(socket)))

const open = (many: number) => Effect.forEach(Array.from({ length: many }), () => one, { discard: true })

const opened = Effect.gen(function* () {
  // The first sockets allocate memory that all share.
  yield* open(Math.ceil(sockets / 10))
  const before = yield* held
  yield* open(sockets)
  const after = yield* held
  return [(after[0] - before[0]) / sockets, (after[1] - before[1]) / sockets]
})

const each = await Effect.runPromise(opened.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
process.send?.(each, () => process.exit(0))
