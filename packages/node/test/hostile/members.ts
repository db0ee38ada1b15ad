/** For each member of a returned object, a call with valid arguments. A member without an entry fails the test. */
import { HopLimit } from "@ancillary/control"
import { SocketOption } from "@ancillary/effect3"
import { Chunk, Predicate, Sink, Stream } from "effect"
import type { AnyFunction } from "./exported.ts"

/**
 * - `effect` makes an effect, which then ends by itself, fails with a typed error, or waits and can be interrupted.
 * - `loop` is an effect that calls its argument for each datagram. An exception of the argument is a defect of the
 *   loop, as its docstring states.
 * - `either` returns at once, and never throws.
 * - `total` returns a plain value at once, and never throws.
 */
export interface Member {
  readonly kind: "effect" | "loop" | "either" | "total"
  readonly args: ReadonlyArray<unknown>
  /** Requires a datagram that waits to be read. */
  readonly reads?: true
}

export type Members = { readonly [name: string]: Member }

const effect = (...args: ReadonlyArray<unknown>): Member => ({ kind: "effect", args })
const reading = (...args: ReadonlyArray<unknown>): Member => ({ kind: "effect", args, reads: true })
const total = (...args: ReadonlyArray<unknown>): Member => ({ kind: "total", args })
const loop: Member = { kind: "loop", args: [() => undefined], reads: true }

const source: Members = {
  receiveWithin: reading("1 second"),
  receiveScattered: reading(2, 4),
  receiveUpTo: reading(3),
  forEach: loop,
  forEachBorrowed: loop
}

const options = (option: unknown, value: unknown): Members => ({
  setOption: effect(option, value),
  getOption: effect(option)
})

const sender = (message: unknown): Members => ({
  send: effect(message),
  trySend: { kind: "either", args: [message] },
  sendAll: effect([message]),
  sink: effect(message)
})

const memberships = (group: string, from: string): Members => ({
  join: effect(group, { interfaceIndex: 1, source: from }),
  block: effect(group, from, { interfaceIndex: 1 }),
  leave: effect(group, { interfaceIndex: 1, source: from })
})

const data = Uint8Array.of(1, 2, 3)

export const ofSocket = (to: object, group: string, from: string): Members => ({
  ...source,
  ...options(SocketOption.defaultHopLimit, 7),
  ...sender({ data, to, control: { hopLimit: 5 }, segmentSize: 2 }),
  ...memberships(group, from),
  connect: effect(to)
})

export const ofUnixSocket = (to: object): Members => ({
  ...source,
  ...options(SocketOption.receiveBufferSize, 100_000),
  ...sender({ data: [data, data], to, control: { credentials: { pid: process.pid, uid: 0, gid: 0 } } }),
  ...memberships("239.0.0.1", "127.0.0.1"),
  connect: effect(to)
})

export const ofConnected: Members = {
  ...source,
  ...options(SocketOption.defaultHopLimit, 7),
  ...sender({ data, control: { hopLimit: 5 }, segmentSize: 2 })
}

export const ofInterfaces: Members = {
  byName: effect("lo"),
  byIndex: effect(1),
  nameOf: total(1),
  changes: effect({ interval: "1 second" })
}

export const ofCapabilities: Members = { toString: total(HopLimit) }

/** Names of the members of an object, with those that its classes make when they are asked for. */
const namesOf = (object: object): ReadonlyArray<string> => {
  const names = new Set<string>()
  for (let each: object | null = object; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each))
    for (const name of Object.getOwnPropertyNames(each)) if (name !== "constructor") names.add(name)
  return [...names]
}

/** Members of an object that can be called. A sink also takes values of a program. */
export const callableMembers = (object: object): ReadonlyArray<readonly [string, AnyFunction]> =>
  namesOf(object).flatMap((name) => {
    const value: unknown = Reflect.get(object, name)
    if (typeof value === "function") return [[name, value as AnyFunction] as const]
    if (!Predicate.hasProperty(value, Sink.SinkTypeId)) return []
    const sink = value as Sink.Sink<number, unknown, never, unknown>
    return [[name, (message: unknown) => Stream.run(Stream.fromChunk(Chunk.of(message)), sink)] as const]
  })
