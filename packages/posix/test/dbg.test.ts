import { Effect, Exit, Fiber, Scope, Deferred } from "effect"
import { expect, it } from "vitest"
import { Datagram } from "@ancillary/socket"
import { LinuxSockets } from "@ancillary/posix"

const wait = Effect.async<void>((_resume) => Effect.sync(() => {}))
const hangs = (prefix: number, max: number, ys: number, body: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const program = Effect.gen(function* () {
      for (let i = 0; i < prefix; i++) yield* Effect.void
      yield* body
    })
    const fiber = yield* Effect.fork(program.pipe(Effect.withMaxOpsBeforeYield(max)))
    yield* Effect.yieldNow().pipe(Effect.repeatN(ys))
    yield* Fiber.interruptFork(fiber)
    for (let i = 0; i < 500; i++) yield* Effect.yieldNow()
    yield* Effect.promise(() => new Promise((r) => setTimeout(r, 0)))
    const done = yield* Fiber.poll(fiber)
    return done._tag === "None"
  })
it("pure Effect.all", { timeout: 60000 }, async () => {
  let count = 0, n = 0
  for (const max of [12, 16, 21, 30, 50]) for (let prefix = 0; prefix < 24; prefix++) for (let ys = 0; ys < 8; ys++) {
    n++
    if (await Effect.runPromise(hangs(prefix, max, ys, Effect.all([wait, wait, wait], { concurrency: "unbounded" })))) { count++; if (count < 10) console.log("hang", max, prefix, ys) }
  }
  console.log("all", count, n)
  count = 0
  for (const max of [12, 16, 21, 30, 50]) for (let prefix = 0; prefix < 24; prefix++) for (let ys = 0; ys < 8; ys++) {
    if (await Effect.runPromise(hangs(prefix, max, ys, wait))) { count++; if (count < 10) console.log("hang", max, prefix, ys) }
  }
  console.log("single", count, n)
})
