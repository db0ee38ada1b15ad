/** Binds to the address and port of its arguments, after it drops its privileges, and prints the result. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import { Effect, Either } from "effect"

const [address = "127.0.0.1", port = "0"] = process.argv.slice(2)

const attempt = Effect.gen(function* () {
  if (process.getuid?.() === 0) process.setuid?.(65_534)
  return String((yield* Datagram.bind(Datagram.ipv4, { address, port: Number(port) })).localAddress)
}).pipe(Effect.scoped, Effect.provide(LinuxSockets.layer), Effect.either)

const outcome = await Effect.runPromise(attempt)
const shown = Either.match(outcome, {
  onLeft: (error) => Object.assign({}, error, { message: error.message }),
  onRight: (bound) => ({ bound })
})
console.log(JSON.stringify(shown))
