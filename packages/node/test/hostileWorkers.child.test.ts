/**
 * Throwing, lying, endless and wrong values in each option of a server in several processes. They are refused before a
 * process is started.
 */
import { DatagramWorkers } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import { Cause, Effect, Exit } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { firstLine, isTypedError, runtime, strays, unwatchStrays, watchStrays } from "./hostile/judging.ts"
import { places, put } from "./hostile/places.ts"
import { values } from "./hostile/values.ts"

const linux = requirement("hostile workers", process.platform === "linux", "The sockets of Linux are asked.")

const right = {
  program: "/nonexistent/program.js",
  workers: 1,
  concurrency: 4,
  shutdown: "1 second",
  startup: "1 second",
  heartbeat: "1 second",
  patience: "1 second",
  restart: DatagramWorkers.restart,
  // A process that is started ends at once, with another error than a refused option.
  fork: { execPath: "/nonexistent/node" }
}

const durations = ["1.5", "2 ** 31", "2 ** 53", "10n"]
/** Values that are valid, so that a process is started. If an object changes, the values at the time of reading count. */
const accepted: { readonly [path: string]: ReadonlyArray<string> } = {
  "1.port": ["0"],
  "2.program": ["an empty text", "a text", "a lone surrogate and a NUL"],
  "2.workers": ["undefined"],
  "2.concurrency": ["undefined"],
  "2.shutdown": ["undefined", "0", ...durations, "Infinity", "an object that changes"],
  "2.startup": ["undefined", ...durations, "Infinity", "an object that changes"],
  "2.heartbeat": ["undefined", ...durations, "an object that changes"],
  "2.patience": ["undefined", ...durations, "Infinity", "an object that changes"],
  "1.handler": [
    "a function",
    "a function that throws",
    "a function whose every property throws",
    "an object that lies"
  ],
  "2.restart": ["undefined", "an object that changes", "an object that lies"]
}

beforeAll(watchStrays)
afterAll(async () => {
  unwatchStrays()
  await runtime.dispose()
})

/** Returns the problem with the end of a call. Each call ends by itself: if its options are accepted, it starts a process. */
const ended = async (f: (...args: ReadonlyArray<unknown>) => unknown, args: ReadonlyArray<unknown>) => {
  try {
    const exit = await runtime.runPromiseExit(Effect.scoped(f(...args) as Effect.Effect<unknown, unknown>))
    if (Exit.isSuccess(exit)) return "succeeds"
    const error = Cause.squash(exit.cause)
    if (error instanceof DatagramWorkers.DatagramWorkerError) return "starts a process"
    return Cause.isFailure(exit.cause) && isTypedError(error) ? undefined : `dies of ${firstLine(error)}`
  } catch (error) {
    return `throws ${firstLine(error)}`
  }
}

const tried = async (f: (...args: ReadonlyArray<unknown>) => unknown, args: ReadonlyArray<unknown>) => {
  const wrong: Array<string> = []
  for (const path of places(args).filter(([, key]) => key !== "fork"))
    for (const [what, value] of Object.entries(values)) {
      if ((accepted[path.join(".")] ?? []).includes(what)) continue
      const complaint = await ended(f, put(args, path, value()) as ReadonlyArray<unknown>)
      const left = strays.splice(0).map((error) => `leaves behind ${firstLine(error)}`)
      for (const each of [...(complaint === undefined ? [] : [complaint]), ...left])
        wrong.push(`${path.join(".")} = ${what}: ${each}`)
    }
  return wrong
}

describe.runIf(linux)("a server in several processes with a hostile value", () => {
  it("runWorker refuses it before it takes orders", async () => {
    const wrong: Array<string> = []
    const attempt = async (what: string, spec: unknown, handler: unknown) => {
      const worker = Reflect.apply(DatagramWorkers.runWorker, undefined, [spec, handler]) as Effect.Effect<unknown>
      // A worker that takes orders does not end by itself.
      const exit = await runtime.runPromiseExit(Effect.raceFirst(worker, Effect.never))
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      if (!isTypedError(error)) wrong.push(`${what}: ${firstLine(error)}`)
    }
    for (const [what, value] of Object.entries(values)) {
      await attempt(`spec = ${what}`, value(), () => Effect.void)
      if (!(accepted["1.handler"] ?? []).includes(what)) await attempt(`handler = ${what}`, Datagram.ipv4, value())
    }
    expect(wrong).toEqual([])
  })

  it("serve refuses it before a process is started", async () => {
    const serve = (...args: ReadonlyArray<unknown>) => Reflect.apply(DatagramWorkers.serve, undefined, args) as unknown
    expect(await tried(serve, [Datagram.ipv4, { address: "127.0.0.1", port: 0 }, right])).toEqual([])
  })
})
