/** Sends to an abstract name, or with the credentials of another process without the privilege, and prints the result. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withCredentials } from "@ancillary/effect3"
import { Effect, type Layer, Option, type Scope } from "effect"

const [word, name = ""] = process.argv.slice(2)
const data = Uint8Array.of(1)

const to = Effect.gen(function* () {
  const socket = yield* Datagram.client(Datagram.unix)
  yield* socket.send({ data, to: { path: `\0${name}` } })
})

const others = Effect.gen(function* () {
  process.setgid?.(65_534)
  process.setuid?.(65_534)
  const [socket] = yield* Datagram.pair(Datagram.unix.pipe(withCredentials()))
  const credentials = { pid: process.pid, uid: 0, gid: 65_534 }
  const { code, field, message, reason } = yield* Effect.flip(socket.send({ data, control: { credentials } }))
  console.log(JSON.stringify({ reason, code, field: Option.getOrUndefined(field), message }))
})

const chosen: Effect.Effect<void, unknown, Scope.Scope | Layer.Layer.Success<typeof LinuxSockets.layer>> =
  word === "to" ? to : others
await Effect.runPromise(chosen.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
