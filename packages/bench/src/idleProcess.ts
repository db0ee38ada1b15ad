/**
 * `idleProcess.js forEach|runForEach|node SOCKETS`: opens so many sockets that wait for datagrams, and tells its parent what each took: bytes that are
 * alive, and bytes that the process grew by.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import type { DatagramSockets } from "@ancillary/effect3"
import { Effect, type Scope, Stream } from "effect"
import { held } from "./held.ts"
import { bindNode, nodeSocket } from "./nodeSocket.ts"
import { reader, type Reader } from "./sockets.ts"

const [, , kind, count] = process.argv
const sockets = Number(count)

const reading = (socket: Reader) =>
  kind === "forEach" ? socket.forEach(() => undefined) : Stream.runForEach(socket.datagrams, () => Effect.void)

const one: Effect.Effect<void, unknown, DatagramSockets | Scope.Scope> =
  kind === "node"
    ? Effect.asVoid(Effect.promise(() => bindNode(nodeSocket().on("message", () => undefined))))
    : Effect.flatMap(reader, (socket) => Effect.asVoid(Effect.forkScoped(reading(socket))))

const open = (many: number) => Effect.forEach(Array.from({ length: many }), () => one, { discard: true })

const opened = Effect.gen(function* () {
  // What the first sockets bring with them stays, however many there are.
  yield* open(Math.ceil(sockets / 10))
  const before = yield* held
  yield* open(sockets)
  const after = yield* held
  return [(after[0] - before[0]) / sockets, (after[1] - before[1]) / sockets]
})

const each = await Effect.runPromise(opened.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
process.send?.(each, () => process.exit(0))
