/**
 * Throwing, lying, endless and wrong values in each place of each public function, with real sockets: no loop ends, no process dies, nothing is a
 * defect where a typed error is due, and the socket works afterwards.
 */
import * as control from "@ancillary/control"
import * as node from "@ancillary/node"
import * as posix from "@ancillary/posix"
import * as socket from "@ancillary/socket"
import { Datagram, DatagramSockets, Interfaces, serve, withHopLimit, withPktInfo } from "@ancillary/socket"
import * as winsock from "@ancillary/winsock"
import { Cause, Effect, Exit, Fiber, Layer, Logger, ManagedRuntime, Scope, Stream } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { type Bench, entries, type Entry } from "./hostile/entries.ts"
import { type AnyFunction, functionsOf } from "./hostile/exported.ts"
import { places, put } from "./hostile/places.ts"
import { Hostile, values } from "./hostile/values.ts"

const modules = { control, socket, node, posix, winsock }
const linux = requirement("hostile values", process.platform === "linux", "The sockets of Linux are asked.")

/** Errors and services, which programs do not make. */
const made = /^new (?:DatagramWorkers\.|HostName\.)?(?:Datagram|Descriptor(?:Gone)|HostNameError|Interfaces|WsaError)/

const functions = Object.entries(modules).flatMap(([pack, module]) =>
  functionsOf(module, "").map(([name, f]) => ({ pack, name, f }))
)

it("every public function has an entry, and every entry a function", () => {
  const given = Object.entries(entries).flatMap(([pack, all]) => Object.keys(all).map((name) => `${pack} ${name}`))
  const there = functions.flatMap(({ name, pack }) => (made.test(name) ? [] : [`${pack} ${name}`]))
  expect(given.toSorted()).toEqual(there.toSorted())
})

const quiet = Logger.remove(Logger.defaultLogger)
const runtime = ManagedRuntime.make(
  Layer.mergeAll(Interfaces.layer, quiet).pipe(Layer.provideMerge(posix.LinuxSockets.layer))
)
const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
const at = { address: "127.0.0.1", port: 0 }

let bench: Bench & { readonly echo: { readonly port: number } }
let scope: Scope.CloseableScope
const strays: Array<unknown> = []
const stray = (error: unknown) => void strays.push(error)

beforeAll(async () => {
  if (!linux) return
  scope = Effect.runSync(Scope.make())
  process.on("unhandledRejection", stray)
  process.on("uncaughtException", stray)
  bench = await runtime.runPromise(
    Scope.extend(
      Effect.gen(function* () {
        const server = yield* serve(Datagram.ipv4, at, ({ data, from }, answering) =>
          answering.send({ data, to: from })
        )
        const own = yield* Datagram.bind(spec, at)
        yield* own.send({ data: Uint8Array.of(0), to: own.localAddress })
        const asked = yield* own.receive
        return { socket: own, asked, echo: { port: server.localAddress.port } }
      }),
      scope
    )
  )
})

afterAll(async () => {
  if (!linux) return
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await runtime.dispose()
  process.off("unhandledRejection", stray)
  process.off("uncaughtException", stray)
})

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Sentences of the engine: an exception of ours names what is wrong with which argument. */
const engines =
  /Cannot (?:read|set|convert|mix|destructure|assign|delete|define)|is not (?:a function|iterable|a constructor|extensible|an object)|Invalid (?:array|typed|string)|outside (?:the )?bounds|First argument to DataView|Maximum call stack|incompatible receiver|called on|must be an? |not a non-detached|out of range/

/** What of ours names the argument, and quotes what reading it threw. */
const named = /cannot be read/

const isOwn = (error: unknown): boolean =>
  error instanceof Hostile || (error instanceof Error && /proxy that has been revoked/.test(error.message))

const firstLine = (error: unknown): string => {
  try {
    return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split("\n")[0] ?? ""
  } catch {
    return "an exception that is no text"
  }
}

/** What is wrong with an exception of a plain function. */
const thrownWrongly = (error: unknown): string | undefined =>
  isOwn(error) || (error instanceof Error && (named.test(error.message) || !engines.test(error.message)))
    ? undefined
    : `throws ${firstLine(error)}`

const asEffect = (value: unknown): Effect.Effect<unknown, unknown> | undefined => {
  try {
    if (Effect.isEffect(value)) return value as Effect.Effect<unknown, unknown>
    if (typeof value === "object" && value !== null) {
      if (Stream.StreamTypeId in value) return Stream.runDrain(value as Stream.Stream<unknown, unknown>)
      if (Layer.isLayer(value)) return Effect.scoped(Layer.build(value as unknown as Layer.Layer<never, unknown>))
    }
  } catch {
    return undefined
  }
  return undefined
}

/** What is wrong with how an effect ended, or that it does not end when it is interrupted. */
const endedWrongly = async (value: unknown): Promise<string | undefined> => {
  const effect = asEffect(value)
  if (effect === undefined) return undefined
  const fiber = runtime.runFork(Effect.scoped(effect as Effect.Effect<unknown, unknown, DatagramSockets>))
  for (let turns = 0; turns < 2 && fiber.unsafePoll() === null; turns++) await turn()
  const exit = await Effect.runPromise(Fiber.interrupt(fiber))
  if (Exit.isSuccess(exit) || Exit.isInterrupted(exit)) return undefined
  // A forged socket's own `send` returns no effect.
  const defects = [...Cause.defects(exit.cause)].filter((defect) => !/Not a valid effect: lie/.test(firstLine(defect)))
  if (defects.length === 0 && Cause.isDie(exit.cause)) return undefined
  if (defects.length > 0) return `dies of ${firstLine(defects[0])}`
  const error = Cause.squash(exit.cause)
  const { _tag, message } = error as { readonly _tag?: unknown; readonly message?: unknown }
  return typeof _tag === "string" && typeof message === "string" && message.length > 5
    ? undefined
    : `fails with ${firstLine(error)}`
}

/** One datagram to the server, which sends it back; and the accounts. */
const works = async (): Promise<string | undefined> => {
  const { echo, socket: own } = bench
  const answered = await runtime.runPromiseExit(
    Effect.gen(function* () {
      yield* own.send({ data: Uint8Array.of(42), to: { address: "127.0.0.1", port: echo.port } })
      for (;;) {
        const { data, from } = yield* own.receive
        if (from.port === echo.port && data[0] === 42) break
      }
      const { dropped, faults, received, taken, unread } = yield* own.stats
      return taken - received - dropped - unread - Object.values(faults).reduce((sum, count) => sum + count, 0n)
    }).pipe(Effect.timeout("5 seconds"))
  )
  if (strays.length > 0) return `leaves behind ${firstLine(strays.splice(0)[0])}`
  if (Exit.isFailure(answered)) return `leaves a socket that does not work: ${firstLine(Cause.squash(answered.cause))}`
  return answered.value === 0n ? undefined : `leaves an account that is wrong by ${answered.value}`
}

const construct = (name: string, f: AnyFunction): AnyFunction =>
  name.startsWith("new ") ? (...args) => Reflect.construct(f, args) as unknown : f

const call = async ({ kind, spec, self }: Entry, name: string, f: AnyFunction, args: ReadonlyArray<unknown>) => {
  let result: unknown
  try {
    result = Reflect.apply(construct(name, f), self?.(), args)
  } catch (error) {
    if (kind === "bytes") return error instanceof Error ? undefined : `throws ${firstLine(error)}`
    return kind === "effect" ? `throws ${firstLine(error)} in place of an effect` : thrownWrongly(error)
  }
  if (kind === "part") {
    const family = (spec as { readonly family: string }).family
    const where =
      family === "unix"
        ? new control.UnixEndpoint(undefined)
        : { address: family === "ipv4" ? "127.0.0.1" : "::1", port: 0 }
    try {
      const declared = (result as (spec: unknown) => unknown)(spec)
      return await endedWrongly(Datagram.bind(declared as typeof Datagram.ipv4, where as typeof at))
    } catch (error) {
      return thrownWrongly(error)
    }
  }
  return kind === "effect" ? endedWrongly(result) : undefined
}

const tried = async (entry: Entry, name: string, f: AnyFunction): Promise<ReadonlyArray<string>> => {
  const wrong: Array<string> = []
  const args = entry.args(bench)
  for (const path of places(args))
    for (const [what, value] of Object.entries(values)) {
      const complaint = await call(entry, name, f, put(args, path, value()) as ReadonlyArray<unknown>)
      const broken = entry.kind === "effect" ? await works() : undefined
      for (const each of [complaint, broken]) if (each !== undefined) wrong.push(`${path.join(".")} = ${what}: ${each}`)
    }
  return wrong
}

describe.runIf(linux)("a hostile value", () => {
  const called = functions.flatMap(({ f, name, pack }) => {
    const entry = entries[pack]?.[name]
    return entry === undefined ? [] : [{ pack, name, f, entry }]
  })
  it.each(called)("in the arguments of $name of $pack", { timeout: 60_000 }, async ({ entry, f, name }) => {
    expect(await tried(entry, name, f)).toEqual([])
  })
})
