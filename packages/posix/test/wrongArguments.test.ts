/** Arguments and definitions that throw or are false, outside of messages. A typed error names the argument, and nothing stays open. */
import { Codec } from "@ancillary/control"
import {
  Datagram,
  SocketOption,
  withBackpressure,
  withPktInfo,
  withSocketOption,
  withTruncation
} from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Exit, Option } from "effect"
import { leakingNothing } from "./files.ts"

const at = { address: "127.0.0.1", port: 0 }
const boom = (): never => {
  throw new Error("boom")
}
const hostile = (): never =>
  new Proxy({}, { get: boom, has: boom, ownKeys: boom, getOwnPropertyDescriptor: boom, getPrototypeOf: boom }) as never
const liars: ReadonlyArray<unknown> = [
  null,
  1,
  "x",
  {},
  hostile(),
  { malformed: 1 },
  { address: { malformed: 1 }, port: 1 }
]

it.live.each(["fault", "Drop", "", undefined, null, 1, {}, "toString"])(
  "withTruncation and withBackpressure refuse %j, which is no policy",
  (wrong) =>
    leakingNothing(
      Effect.gen(function* () {
        const specs = {
          withTruncation: Datagram.ipv4.pipe(withTruncation(wrong as "drop")),
          withBackpressure: Datagram.ipv4.pipe(withBackpressure(wrong as "drop"))
        }
        for (const [option, spec] of Object.entries(specs))
          expect(yield* Effect.flip(Datagram.bind(spec, at))).toMatchObject({
            _tag: "DatagramBindError",
            reason: "InvalidArgument",
            option: Option.some(option)
          })
      })
    )
)

describe("an argument that changes or throws when it is read", () => {
  it.live.each(liars.map((value, index) => [index, value] as const))(
    "value %i: bind, connect and adopt fail with a typed error",
    ([, value]) =>
      leakingNothing(
        Effect.gen(function* () {
          const wrong = value as never
          for (const attempt of [
            Datagram.bind(wrong, at),
            Datagram.bind(Datagram.ipv4, wrong),
            Datagram.connect(Datagram.ipv4, wrong),
            Datagram.connect(Datagram.ipv4, { ...at, port: 9 }, { local: wrong }),
            Datagram.client(wrong),
            Datagram.adopt(Datagram.ipv4, wrong)
          ]) {
            // The kind of failure does not matter here.
            const scoped = Effect.scoped(attempt as never as Effect.Effect<unknown, { readonly _tag: string }>)
            const exit = yield* Effect.exit(scoped)
            // Only null is accepted for `local`.
            if (Exit.isSuccess(exit)) expect(value).toBeNull()
            else expect(String(exit.cause)).toMatch(/^Datagram(Bind|Unsupported)Error|: Datagram/)
          }
        })
      )
  )

  it.live.each(liars.map((value, index) => [index, value] as const))(
    "value %i as a datagram: reply fails, and does not throw",
    ([, value]) =>
      leakingNothing(
        Effect.gen(function* () {
          const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), at)
          const data = Uint8Array.of(1)
          for (const asked of [value, { from: value, control: { pktInfo: value }, delivery: "unicast" }]) {
            expect(yield* Effect.flip(Datagram.reply(socket, asked as never, data))).toMatchObject({
              _tag: "DatagramSendError",
              reason: "InvalidArgument"
            })
            expect(Option.getOrThrow(Either.getLeft(Datagram.tryReply(socket, asked as never, data)))).toMatchObject({
              _tag: "DatagramSendError",
              reason: "InvalidArgument"
            })
          }
        })
      )
  )

  it.live.each(liars.map((value, index) => [index, value] as const))(
    "value %i as an option: set and get fail, and name the argument",
    ([, value]) =>
      leakingNothing(
        Effect.gen(function* () {
          const socket = yield* Datagram.bind(Datagram.ipv4, at)
          for (const attempt of [socket.setOption(value as never, 1), socket.getOption(value as never)])
            expect(yield* Effect.flip(attempt)).toMatchObject({ _tag: "DatagramOptionError", option: "option" })
        })
      )
  )
})

describe("an option whose definition is wrong", () => {
  const SO_RCVBUF = 8
  const own = (codec: Partial<Codec.Codec<number>>, refuse?: () => string | undefined) => {
    const row = { level: 1, option: SO_RCVBUF, codec: { ...Codec.int32, ...codec } }
    const absent = { unsupported: "it is tried on Linux" }
    return SocketOption.define<number, "ipv4">({
      name: "SO_OWN",
      validate: refuse,
      table: { linux: { ipv4: row }, darwin: { ipv4: absent }, winsock: { ipv4: absent } }
    })
  }
  const wrong: ReadonlyArray<readonly [string, SocketOption.SocketOption<number, "ipv4">, string]> = [
    ["write throws", own({ write: boom }), "its definition cannot write the value (Error: boom)"],
    ["write answers nothing", own({ write: () => undefined as never }), "claims to have written undefined bytes"],
    ["write answers too much", own({ write: () => 4000 }), "claims to have written 4000 bytes, and declares 4"],
    ["write answers too little", own({ write: () => 0 }), "claims to have written 0 bytes, and declares 4"],
    [
      "write leaves its room",
      own({ write: (view) => (view.setUint32(64, 1), 4) }),
      "cannot write the value (RangeError"
    ],
    ["refuse throws", own({ validate: boom }), "(Error: boom)"],
    ["refuse answers no text", own({ validate: () => false as never }), "refuses it with false"],
    ["own refuse throws", own({}, boom), "(Error: boom)"]
  ]
  it.live.each(wrong)("%s: set and bind fail with its name, before any system call", ([, option, sentence]) =>
    leakingNothing(
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4, at)
        const error = yield* Effect.flip(socket.setOption(option, 65_536))
        expect(error).toMatchObject({ reason: "InvalidArgument", option: "SO_OWN", code: "INVALID" })
        expect(error.message).toContain(sentence)
        const binding = Datagram.bind(Datagram.ipv4.pipe(withSocketOption(option, 65_536)), at)
        expect(yield* Effect.flip(Effect.scoped(binding))).toMatchObject({ reason: "InvalidArgument", code: "INVALID" })
      })
    )
  )

  it.live("read throws: get fails with its name", () =>
    leakingNothing(
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4, at)
        const error = yield* Effect.flip(socket.getOption(own({ read: boom })))
        expect(error).toMatchObject({ _tag: "DatagramOptionError", option: "SO_OWN" })
        expect(error.message).toContain("its definition throws Error: boom")
      })
    )
  )
})
