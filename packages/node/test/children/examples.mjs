// Runs modules one after the other, each for a limited time: `node examples.mjs <file with a list of [name, file]>`.
// The programs of a module, and every effect that it exports, run with real sockets. Prints the failures by name.
import { readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Interfaces } from "@ancillary/effect3"
import { Cause, Effect, Exit, Fiber, Layer } from "effect"

/** Milliseconds in which a program may fail. A server never ends by itself. */
const life = 250
let running = []
let failed = {}
let current = ""

/** Starts an effect, as `runPromise` does, and keeps its fiber. */
globalThis.boundedRun = (effect) => {
  const fiber = Effect.runFork(effect)
  running.push(fiber)
  return new Promise((resolve) => fiber.addObserver((exit) => resolve(Exit.isSuccess(exit) ? exit.value : undefined)))
}
const blame = (cause) => (failed[current] = `${failed[current] ?? ""}${cause}`)
process.on("unhandledRejection", blame)
process.on("uncaughtException", blame)

const layer = Layer.provideMerge(Interfaces.layer, LinuxSockets.layer)
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis))
/** Waits for the running fibers up to the limit, then interrupts them. */
const settle = async () => {
  const fibers = running
  running = []
  await Promise.race([pause(life), Effect.runPromise(Effect.asVoid(Fiber.awaitAll(fibers)))])
  for (const fiber of fibers) {
    const exit = await Effect.runPromise(Effect.zipRight(Fiber.interruptFork(fiber), Fiber.await(fiber)))
    if (Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)) blame(Cause.pretty(exit.cause))
  }
}

for (const [name, file] of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  current = name
  const imported = import(pathToFileURL(file).href).catch(blame)
  const module = await Promise.race([imported, pause(2000)])
  await settle()
  for (const value of Object.values(module ?? {}))
    if (Effect.isEffect(value) && !Layer.isLayer(value))
      void globalThis.boundedRun(value.pipe(Effect.scoped, Effect.provide(layer)))
  await settle()
}
process.stdout.write(`\n${JSON.stringify(failed)}`, () => process.exit(0))
