/**
 * Throwing, lying, endless and wrong values at each position of each public function, with real sockets. No loop ends,
 * no process dies, every failure is a typed error, and the socket works afterwards.
 */
import * as control from "@ancillary/control"
import * as node from "@ancillary/effect3/node"
import * as posix from "@ancillary/posix"
import * as socket from "@ancillary/effect3"
import { Datagram, serve, withHopLimit, withPktInfo } from "@ancillary/effect3"
import * as winsock from "@ancillary/winsock"
import { Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { type Bench, entries, type Entry } from "./hostile/entries.ts"
import { type AnyFunction, functionsOf } from "./hostile/exported.ts"
import {
  type Asking,
  endedWrongly,
  firstLine,
  runtime,
  thrownWrongly,
  unwatchStrays,
  watchStrays,
  works
} from "./hostile/judging.ts"
import { places, put } from "./hostile/places.ts"
import { values } from "./hostile/values.ts"

const modules = { control, socket, node, posix, winsock }
const linux = requirement("hostile values", process.platform === "linux", "The sockets of Linux are asked.")

/** Functions that start processes, or wait for the orders of one: `hostileWorkers.child.test.ts` has them. */
const inProcesses = ["DatagramWorkers.runWorker", "DatagramWorkers.serve"]

/** Errors and services, which programs do not construct. */
const made =
  /^new (?:DatagramWorkers\.|HandOver\.|HostName\.)?(?:Datagram|DescriptorUnavailableError|HandOverError|HostNameError|Interfaces|WsaError)/

const functions = Object.entries(modules).flatMap(([pack, module]) =>
  functionsOf(module, "").map(([name, f]) => ({ pack, name, f }))
)

it("every public function has an entry, and every entry has a function", () => {
  const given = Object.entries(entries).flatMap(([pack, all]) => Object.keys(all).map((name) => `${pack} ${name}`))
  const there = functions.flatMap(({ name, pack }) =>
    made.test(name) || inProcesses.includes(name) ? [] : [`${pack} ${name}`]
  )
  expect(given.toSorted()).toEqual(there.toSorted())
})

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
const at = { address: "127.0.0.1", port: 0 }

let bench: Bench & { readonly asking: Asking }
let scope: Scope.CloseableScope

beforeAll(async () => {
  if (!linux) return
  scope = Effect.runSync(Scope.make())
  watchStrays()
  bench = await runtime.runPromise(
    Scope.extend(
      Effect.gen(function* () {
        const server = yield* serve(Datagram.ipv4, at, ({ data, from }, answering) =>
          answering.send({ data, to: from })
        )
        const own = yield* Datagram.bind(spec, at)
        yield* own.send({ data: Uint8Array.of(0), to: own.localAddress })
        const asked = yield* own.receive
        const to = { address: "127.0.0.1", port: server.localAddress.port }
        const isAnswer = (from: unknown) => from instanceof control.InternetEndpoint && from.port === to.port
        const asking = { socket: own, isAnswer, ask: (data: Uint8Array) => own.send({ data, to }) }
        return { socket: own, asked, asking }
      }),
      scope
    )
  )
})

afterAll(async () => {
  if (!linux) return
  await Effect.runPromise(Scope.close(scope, Exit.void))
  unwatchStrays()
})

const construct = (name: string, f: AnyFunction): AnyFunction =>
  name.startsWith("new ") ? (...args) => Reflect.construct(f, args) as unknown : f

const call = async ({ kind, spec, self }: Entry, name: string, f: AnyFunction, args: ReadonlyArray<unknown>) => {
  let result: unknown
  try {
    result = Reflect.apply(construct(name, f), self?.(), args)
  } catch (error) {
    if (kind === "bytes") return error instanceof Error ? undefined : `throws ${firstLine(error)}`
    return kind === "effect" || kind === "layer"
      ? `throws ${firstLine(error)} instead of returning`
      : thrownWrongly(error)
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
  if (kind === "layer") return endedWrongly(Layer.build(result as Layer.Layer<unknown, unknown>))
  return kind === "effect" ? endedWrongly(result) : undefined
}

const tried = async (entry: Entry, name: string, f: AnyFunction): Promise<ReadonlyArray<string>> => {
  const wrong: Array<string> = []
  const args = entry.args(bench)
  for (const path of places(args))
    for (const [what, value] of Object.entries(values)) {
      const complaint = await call(entry, name, f, put(args, path, value()) as ReadonlyArray<unknown>)
      const broken = entry.kind === "effect" ? await works(bench.asking) : undefined
      for (const each of [complaint, broken]) if (each !== undefined) wrong.push(`${path.join(".")} = ${what}: ${each}`)
    }
  return wrong
}

describe.runIf(linux)("a hostile value", () => {
  const called = functions.flatMap(({ f, name, pack }) => {
    const entry = entries[pack]?.[name]
    return entry === undefined ? [] : [{ pack, name, f, entry }]
  })
  it.each(called)("in the arguments of $name of $pack", async ({ entry, f, name }) => {
    expect(await tried(entry, name, f)).toEqual([])
  })
})
