/** Values that no type permits: they throw, lie, never end, or have another type. Each use makes a new value. */
import { Descriptor, InternetEndpoint, Ipv4Address, Ipv6Address, UnixEndpoint } from "@ancillary/control"
import { Effect, Option } from "effect"

/** The exception of a hostile value. It belongs to the program, and is not a fault of the library. */
export class Hostile extends Error {
  override readonly name = "Hostile"
}

const throws = (): never => {
  throw new Hostile("thrown by the value")
}

const everyTrap = (trap: (...args: ReadonlyArray<unknown>) => unknown) =>
  Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, trap]))

/** Returns itself for each property, and has every property. */
const liar = (): unknown => {
  const self: unknown = new Proxy(() => self, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => "lie" : self),
    has: () => true,
    apply: () => self
  })
  return self
}

const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const detached = (): unknown => {
  const bytes = new Uint8Array(8)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  return bytes
}

/** A view of memory that has shrunk. */
const shrunk = (): unknown => {
  // Newer than the type library of the compilation.
  const buffer = Reflect.construct(ArrayBuffer, [16, { maxByteLength: 32 }])
  const bytes = new Uint8Array(buffer, 8, 8)
  ;(Reflect.get(buffer, "resize") as (size: number) => void).call(buffer, 4)
  return bytes
}

const cyclic = (): unknown => {
  const object: { [key: string]: unknown } = {}
  object["self"] = object
  object["data"] = [object]
  return object
}

const endless = (): unknown => ({
  length: 2 ** 53,
  *[Symbol.iterator]() {
    for (;;) yield 1
  }
})

const arrayThatThrows = (): unknown => {
  const array = [1, 2]
  return new Proxy(array, {
    get: (target, key) => (key === "0" || key === Symbol.iterator ? throws() : Reflect.get(target, key))
  })
}

const changing = (): unknown => {
  let times = 0
  return new Proxy({}, { get: () => (++times % 2 === 0 ? undefined : times), has: () => times % 2 === 0 })
}

const stubborn = { toString: throws, valueOf: throws, toJSON: throws, [Symbol.toPrimitive]: throws }

export const values: { readonly [name: string]: () => unknown } = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  NaN: () => NaN,
  "-1": () => -1,
  "0": () => 0,
  "1.5": () => 1.5,
  "2 ** 31": () => 2 ** 31,
  "2 ** 53": () => 2 ** 53,
  Infinity: () => Infinity,
  "10n": () => 10n,
  "an empty text": () => "",
  "a text": () => "constructor",
  "a lone surrogate and a NUL": () => "\ud800\0",
  "a symbol": () => Symbol("hostile"),
  "a function": () => () => 1,
  "a function that throws": () => throws,
  "an empty object": () => ({}),
  "an object without a prototype": () => Object.create(null),
  "an array of nothing": () => [undefined],
  "a detached view": detached,
  "a view that shrank": shrunk,
  "a shared view": () => new Uint8Array(new SharedArrayBuffer(8)),
  "a cyclic object": cyclic,
  "an object that is no text": () => ({ ...stubborn }),
  "an object whose every property throws": () => new Proxy({}, everyTrap(throws)),
  "a function whose every property throws": () => new Proxy(() => 1, everyTrap(throws)),
  "an array that throws": arrayThatThrows,
  "an object that changes": changing,
  "an object that lies": liar,
  "a revoked proxy": revoked,
  "an endless list": endless,
  "a promise that never settles": () => new Promise(() => undefined),
  "an effect that never ends": () => Effect.never,
  "an effect that dies": () => Effect.die(new Hostile("died")),
  "a malformed value": () => ({ malformed: 1 }),
  "an absence": () => ({ unsupported: "forged" }),
  "an option": () => Option.some(1),
  "a forged IPv4 address": () => Object.create(Ipv4Address.prototype),
  "a forged IPv6 address": () => Object.create(Ipv6Address.prototype),
  "a forged endpoint": () => Object.create(InternetEndpoint.prototype),
  "a forged Unix endpoint": () => Object.create(UnixEndpoint.prototype),
  "a forged descriptor": () => Object.create(Descriptor.prototype),
  "a forged view": () => Object.create(Uint8Array.prototype)
}
