/** Wrong, false and throwing values in each setter of a raw socket and of its message: a typed error, and no other effect. */
import { WsaMsg, WsaSocket } from "@ancillary/effect3/node"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"

const throws = (): never => {
  throw new Error("thrown by the value")
}

const detached = () => {
  const bytes = new Uint8Array(8)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  return bytes
}

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Fits when it is checked, and is longer when it is written. */
const growing = () => {
  let times = 0
  return new Proxy([], { get: (_, key) => (key === "length" ? ++times * 1000 : Uint8Array.of(1)) })
}

const values: { readonly [name: string]: () => unknown } = {
  null: () => null,
  NaN: () => NaN,
  "-1": () => -1,
  "1.5": () => 1.5,
  "2 ** 53": () => 2 ** 53,
  "10n": () => 10n,
  "a text": () => "constructor",
  "a symbol": () => Symbol("hostile"),
  "an object without a prototype": () => Object.create(null),
  "an object whose every property throws": () => new Proxy({}, { get: throws, has: throws, getPrototypeOf: throws }),
  "a revoked proxy": revoked,
  "a forged view": () => Object.create(Uint8Array.prototype),
  "an object with a length": () => ({ length: 4 }),
  "a list that grows": growing,
  "a list of a detached view": () => [detached()]
}

/** Typed: a failure with a sentence, or a success of values that are valid. */
const wrongly = (exit: Exit.Exit<unknown, unknown>): string | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const { _tag, message } = Object(Cause.squash(exit.cause)) as { readonly _tag?: unknown; readonly message?: unknown }
  return Cause.isFailure(exit.cause) && _tag === "WsaError" ? undefined : `dies of ${String(message)}`
}

type Setter = (value: unknown) => Effect.Effect<unknown, unknown>
const setter = (object: object, name: string, ...before: ReadonlyArray<unknown>): readonly [string, Setter] => [
  [name, ...before].join(" "),
  (value) => Effect.suspend(() => (Reflect.get(object, name) as Function)(...before, value) as ReturnType<Setter>)
]

describe("members of a raw socket and of its message", () => {
  it.scoped("a hostile value is a typed error", () =>
    Effect.gen(function* () {
      const socket = yield* WsaSocket.open("ipv4")
      const message = yield* WsaMsg.make({ name: 16, buffers: [8, 8], control: 24 })
      const setters = [
        setter(message, "setName"),
        setter(message, "setEndpoint"),
        setter(message, "setEndpoint", "ipv4"),
        setter(message, "setBuffers"),
        setter(message, "copy"),
        setter(message, "setControl"),
        setter(socket, "setOption"),
        setter(socket, "setOption", 0),
        setter(socket, "setOption", 0, 21),
        setter(socket, "bind"),
        setter(socket, "connect")
      ]
      const functions = [message, socket].flatMap((object) =>
        Object.entries(object).flatMap(([name, member]) => (typeof member === "function" ? [name] : []))
      )
      expect([...new Set(setters.map(([name]) => name.split(" ")[0]))].toSorted()).toEqual(functions.toSorted())
      const wrong: Array<string> = []
      for (const [name, set] of setters)
        for (const [what, value] of Object.entries(values)) {
          const complaint = wrongly(yield* Effect.exit(set(value())))
          if (complaint !== undefined) wrong.push(`${name}: ${what}: ${complaint}`)
        }
      expect(wrong).toEqual([])
    })
  )
})
