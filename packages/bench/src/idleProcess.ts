/**
 * `idleProcess.ts ours|node SOCKETS`: opens so many sockets that wait for datagrams, and tells its parent the resident bytes that each took.
 */
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { LinuxSockets } from "@ancillary/posix"
import { Effect } from "effect"
import { loopback, reader } from "./sockets.ts"

const [, , kind, count] = process.argv
const sockets = Number(count)

const resident = (): number => {
  // Twice: the first may leave what finalizers still hold.
  global.gc?.()
  global.gc?.()
  return process.memoryUsage.rss()
}

const opened = Effect.gen(function* () {
  const before = yield* Effect.sync(resident)
  if (kind === "ours") {
    for (let i = 0; i < sockets; i++) {
      const socket = yield* reader
      yield* Effect.forkScoped(socket.forEach(() => undefined))
    }
  } else {
    for (let i = 0; i < sockets; i++) {
      const socket = createSocket("udp4", () => undefined).bind(0, loopback.address)
      yield* Effect.promise(() => once(socket, "listening"))
    }
  }
  // Readers wait from the next turn on.
  yield* Effect.sleep(100)
  return (resident() - before) / sockets
})

const each = await Effect.runPromise(opened.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
process.send?.(each, () => process.exit(0))
