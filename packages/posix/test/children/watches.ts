/** Binds and reads sockets until no watch is left, frees one, and goes on; `bareKernel`: sockets of `node:dgram`. Prints what happened. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import { Effect, Either, Exit, Fiber, Scope } from "effect"
import { createSocket } from "node:dgram"
import { openDescriptors } from "../process.ts"

const at = { address: "127.0.0.1", port: 0 }

const ours = Effect.gen(function* () {
  const open: Array<readonly [Scope.CloseableScope, Fiber.RuntimeFiber<unknown, unknown>]> = []
  const next = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const bound = yield* Effect.either(Scope.extend(Datagram.bind(Datagram.ipv4, at), scope))
    if (Either.isLeft(bound)) return bound.left
    // All of them in one turn, before the event loop has polled any.
    open.push([scope, yield* Effect.fork(bound.right.receive)])
    return bound.right
  })
  let bound = 0
  let last = yield* next
  while ("receive" in last) {
    bound++
    last = yield* next
  }
  const before = openDescriptors()
  yield* next
  const leaked = openDescriptors() - before
  yield* Effect.sleep("20 millis")
  const [first] = open
  if (first !== undefined) {
    yield* Scope.close(first[0], Exit.void)
    yield* Fiber.await(first[1])
  }
  const again = yield* next
  if (!("receive" in again)) return { bound, error: last, leaked, again }
  yield* again.send({ data: Uint8Array.of(1), to: again.localAddress })
  yield* Effect.sleep("20 millis")
  const got = yield* open.at(-1)?.[1] ?? Effect.void
  return { bound, error: last, leaked, again: got instanceof Object && "data" in got }
})

if (process.argv[2] === "bareKernel") {
  for (let i = 0; i < 9; i++) createSocket("udp4").bind(0, "127.0.0.1")
  // Long after the event loop has polled all of them.
  setTimeout(() => process.exit(0), 10_000)
} else {
  const seen = await Effect.runPromise(Effect.provide(ours, LinuxSockets.layer))
  process.stdout.write(JSON.stringify(seen), () => process.exit(0))
}
