/**
 * `openProcess.js bind|engine|forEach|node|scope SOCKETS`: opens so many sockets and closes them, and sends the processor time and the minor faults of both, for each
 * socket, to its parent.
 */
import type { Socket } from "node:dgram"
import { LinuxSockets } from "@ancillary/effect3/node"
import { DatagramSockets } from "@ancillary/effect3"
import { Effect, Exit, Scope } from "effect"
import { cost } from "./gauge.ts"
import { engineSocket } from "./engineSocket.ts"
import { bindNode, nodeSocket } from "./nodeSocket.ts"
import { reader } from "./sockets.ts"

const [, , kind, count] = process.argv
const sockets = Number(count)

/** Opens sockets, and returns a function that closes them. */
type Open = (many: number) => Effect.Effect<Effect.Effect<void>, unknown, DatagramSockets>

const close = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.close(() => resolve())
  })

const nodes: Open = (many) =>
  Effect.promise(async () => {
    const opened: Array<Socket> = []
    for (let i = 0; i < many; i++) opened.push(await bindNode(nodeSocket()))
    return Effect.promise(async () => {
      for (const socket of opened) await close(socket)
    })
  })

const ours: Open = (many) =>
  Effect.gen(function* () {
    // A scope each, as a program has that opens and closes sockets one by one.
    const scopes = yield* Effect.replicateEffect(Scope.make(), many)
    for (const scope of scopes) {
      if (kind === "scope") {
        yield* Scope.extend(Effect.void, scope)
        continue
      }
      const socket = yield* Scope.extend(reader, scope)
      if (kind === "forEach")
        yield* Effect.forkIn(
          socket.forEach(() => undefined),
          scope
        )
    }
    return Effect.forEach(scopes, (scope) => Scope.close(scope, Exit.void), { discard: true })
  })

const plain: Open = (many) =>
  Effect.map(DatagramSockets, ({ driver }) => {
    const sockets = Array.from({ length: many }, () => engineSocket(driver))
    return Effect.sync(() => {
      for (const socket of sockets) socket.close()
    })
  })

const open = kind === "node" ? nodes : kind === "engine" ? plain : ours

const measured = Effect.gen(function* () {
  // The first sockets load and compile code, which later ones share.
  yield* Effect.flatten(open(Math.ceil(sockets / 10)))
  const opening = cost()
  const closing = cost()
  opening.begin()
  const close = yield* open(sockets)
  const opened = opening.end()
  closing.begin()
  yield* close
  const [opens = 0, openFaults = 0] = opened
  const [closes = 0, closeFaults = 0] = closing.end()
  return [opens, closes, openFaults, closeFaults].map((value) => value / sockets)
})

const each = await Effect.runPromise(measured.pipe(Effect.provide(LinuxSockets.layer)))
process.send?.(each, () => process.exit(0))
