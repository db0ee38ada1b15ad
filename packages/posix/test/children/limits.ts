/** Runs out of descriptors and sends without a route. Prints the results. */
import { closeSync, openSync, readdirSync } from "node:fs"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withPidFd, withPktInfo, withRights } from "@ancillary/effect3"
import { settledDescriptors } from "../process.ts"
import { Effect, Exit, type Layer, Option, Scope } from "effect"

type Needs = Layer.Layer.Success<typeof LinuxSockets.layer>

const described = (error: { readonly _tag: string; readonly message: string }) =>
  Object.assign({}, error, { message: error.message })

/** Binds until no descriptor is left, closes all sockets, and binds again. */
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

/** Sends without a route to the destination. */
const route = Effect.gen(function* () {
  const data = Uint8Array.of(1)
  const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 0 })
  const nowhere = { address: "203.0.113.1", port: 9 }
  const plain = yield* Effect.flip(socket.send({ data, to: nowhere }))
  const group = yield* Effect.flip(socket.send({ data, to: { address: "239.1.2.3", port: 9 } }))
  const connected = yield* Effect.flip(Datagram.connect(Datagram.ipv4, nowhere))
  return [plain, group, connected].map(described)
}).pipe(Effect.scoped)

/** Receives more descriptors than the process may open, then as many as it may. */
const rights = Effect.gen(function* () {
  const data = Uint8Array.of(1)
  const open = () => {
    try {
      return readdirSync("/proc/self/fd").length
    } catch {
      return Infinity
    }
  }
  /** Descriptors that were not taken are closed shortly after. */
  const closed = (count: number) => Effect.repeat(Effect.sleep("1 millis"), { until: () => open() <= count })
  const spec = Datagram.unix.pipe(withRights({ maximum: 3 }), withPidFd())
  const [sender, receiver] = yield* Datagram.pair(spec)
  // The event loop's own are opened with the first wait.
  yield* receiver.receiveWithin("1 millis")
  yield* settledDescriptors
  const before = open()
  const fillers: Array<number> = []
  const fill = (left: number) => {
    for (;;) {
      try {
        fillers.push(openSync("/dev/null", "r"))
      } catch {
        break
      }
    }
    for (let i = 0; i < left; i++) closeSync(fillers.pop() ?? -1)
  }
  yield* sender.send({ data, control: { rights: [0, 0, 0] } })
  fill(2)
  const error = yield* Effect.flip(receiver.receive)
  const after = fillers.length
  yield* closed(before + after)
  fill(0)
  const stillOpen = 2 - (fillers.length - after)
  yield* sender.send({ data, control: { rights: [0, 0, 0] } })
  for (let i = 0; i < 3; i++) closeSync(fillers.pop() ?? -1)
  // Three for the descriptors, and none for a pidfd. That is optional, so the datagram is delivered.
  const { control } = yield* receiver.receive
  const next = control.rights.length
  const pidFd = Option.isSome(control.pidFd)
  yield* receiver.receiveWithin(0)
  for (const filler of fillers) closeSync(filler)
  yield* closed(before)
  return { reason: error.reason, open: stillOpen, next, pidFd, leaked: open() - before }
}).pipe(Effect.scoped)

const words: { readonly [word in string]?: Effect.Effect<unknown, unknown, Needs> } = { route, rights }
const chosen = words[process.argv[2] ?? ""] ?? descriptors
console.log(JSON.stringify(await Effect.runPromise(chosen.pipe(Effect.provide(LinuxSockets.layer)))))
