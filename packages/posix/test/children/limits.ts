/** What the machine refuses for want of something: descriptors, a route. Prints what came of it. */
import { readdirSync } from "node:fs"
import { LinuxSockets } from "@ancillary/posix"
import { Datagram, type DatagramSockets, withPktInfo } from "@ancillary/socket"
import { Effect, Exit, Scope } from "effect"

const described = (error: { readonly _tag: string; readonly message: string }) =>
  Object.assign({}, error, { message: error.message })

/** Binds until nothing is left to bind with, gives all of it back, and binds again. */
const descriptors = Effect.gen(function* () {
  const bind = Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
  const open = () => readdirSync("/proc/self/fd").length
  const before = open()
  const scope = yield* Scope.make()
  const error = yield* Effect.flip(Effect.forever(Scope.extend(bind, scope)))
  const lacking = yield* Effect.flip(Effect.scoped(bind))
  yield* Scope.close(scope, Exit.void)
  const after = open()
  yield* Effect.scoped(bind)
  return { error: described(error), again: described(lacking), leaked: after - before }
})

/** Sends where no route leads. */
const route = Effect.gen(function* () {
  const data = Uint8Array.of(1)
  const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 0 })
  const nowhere = { address: "203.0.113.1", port: 9 }
  const plain = yield* Effect.flip(socket.send({ data, to: nowhere }))
  const group = yield* Effect.flip(socket.send({ data, to: { address: "239.1.2.3", port: 9 } }))
  const connected = yield* Effect.flip(Datagram.connect(Datagram.ipv4, nowhere))
  return [plain, group, connected].map(described)
}).pipe(Effect.scoped)

const chosen: Effect.Effect<unknown, unknown, DatagramSockets> = process.argv[2] === "route" ? route : descriptors
console.log(JSON.stringify(await Effect.runPromise(chosen.pipe(Effect.provide(LinuxSockets.layer)))))
