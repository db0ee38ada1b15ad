/**
 * Messages that throw, lie, change or send while they are read. Each is a fault of that message only, and never exposes
 * the memory of another.
 */
import { Codec, type ControlMessage, define, InternetEndpoint, Ipv4Address } from "@ancillary/control"
import { Datagram, withControlMessage, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Exit, Option, Stream } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }
const receiver = Datagram.bind(Datagram.ipv4, at)

/** Detaches the memory of a payload. */
const take = (data: Uint8Array<ArrayBuffer>): void => void structuredClone(data, { transfer: [data.buffer] })
const detached = (): Uint8Array => {
  const data = bytes("gone").slice()
  take(data)
  return data
}
/** Makes a resizable buffer, which TypeScript's library for this target lacks. */
const resizable = (size: number, maximum: number): ArrayBuffer & { resize: (to: number) => void } => {
  const Resizable = ArrayBuffer as unknown as new (
    size: number,
    options: { maxByteLength: number }
  ) => ArrayBuffer & { resize: (to: number) => void }
  return new Resizable(size, { maxByteLength: maximum })
}
const shrunk = (): Uint8Array => {
  const memory = resizable(16, 32)
  const data = new Uint8Array(memory, 8, 8)
  memory.resize(8)
  return data
}
const boom = (): never => {
  throw new Error("boom")
}
/** Makes an object that throws at every read. */
const hostile = (target: object): never =>
  new Proxy(target, {
    get: boom,
    has: boom,
    ownKeys: boom,
    getOwnPropertyDescriptor: boom,
    getPrototypeOf: boom
  }) as never

/** Messages that cannot be sent, the field that the error names, and a part of its sentence. */
const bad: ReadonlyArray<readonly [name: string, field: string, make: (to: { readonly port: number }) => object]> = [
  ["a detached payload", "data", ({ port }) => ({ data: detached(), to: { ...at, port } })],
  ["a shrunk payload", "data", ({ port }) => ({ data: shrunk(), to: { ...at, port } })],
  ["a detached piece", "data", ({ port }) => ({ data: [bytes("a"), detached()], to: { ...at, port } })],
  ["a proxy of a payload", "data", ({ port }) => ({ data: new Proxy(bytes("a"), {}), to: { ...at, port } })],
  [
    "an heir of bytes",
    "data",
    ({ port }) => ({ data: Object.create(Uint8Array.prototype) as unknown, to: { ...at, port } })
  ],
  ["a payload that throws", "data", ({ port }) => ({ data: hostile([]), to: { ...at, port } })],
  [
    "a getter that throws",
    "data",
    ({ port }) => ({
      get data() {
        return boom()
      },
      to: { ...at, port }
    })
  ],
  ["a message that throws", "data", () => hostile({})],
  [
    "an address that claims to be malformed",
    "to",
    ({ port }) => ({ data: bytes("a"), to: { address: { malformed: 1 }, port } })
  ],
  ["a malformed destination", "to", () => ({ data: bytes("a"), to: { malformed: 1 } })],
  ["a destination that throws", "to", () => ({ data: bytes("a"), to: hostile({}) })],
  ["an address that throws", "to", ({ port }) => ({ data: bytes("a"), to: { address: hostile({}), port } })],
  [
    "an endpoint with a forged address",
    "to",
    ({ port }) => ({
      data: bytes("a"),
      to: Object.create(InternetEndpoint.prototype, {
        family: { value: "ipv4" },
        address: { value: { value: 1 } },
        port: { value: port }
      }) as unknown
    })
  ],
  [
    "an address whose number is a text",
    "to",
    ({ port }) => ({
      data: bytes("a"),
      to: { address: Object.create(Ipv4Address.prototype, { value: { value: "1" } }) as unknown, port }
    })
  ],
  [
    "control data that throws",
    "control",
    ({ port }) => ({ data: bytes("a"), to: { ...at, port }, control: hostile({}) })
  ],
  [
    "a control message whose getter throws",
    "control.hopLimit",
    ({ port }) => ({
      data: bytes("a"),
      to: { ...at, port },
      control: Object.defineProperty({}, "hopLimit", { enumerable: true, get: boom })
    })
  ],
  [
    "packet information that throws",
    "control.pktInfo",
    ({ port }) => ({ data: bytes("a"), to: { ...at, port }, control: { pktInfo: hostile({}) } })
  ],
  [
    "packet information with a malformed source",
    "control.pktInfo",
    ({ port }) => ({ data: bytes("a"), to: { ...at, port }, control: { pktInfo: { source: { malformed: 1 } } } })
  ],
  ["an object that has no text", "message", () => Object.assign(boom, { toString: boom })]
]

/** A user-defined message, whose definition acts as the test requires. */
interface Own extends ControlMessage<"own", "ipv4"> {
  readonly sendable: { readonly own?: number }
}
const own = (payload: Pick<Codec.Codec<number>, "size" | "write" | "validate">) => {
  // A level that every system accepts and ignores.
  const cell = { ipv4: { request: [], send: { level: 300, type: 1, payload } } }
  return define<Own>({ key: "own", presence: "required", table: { linux: cell, winsock: cell, darwin: cell } })
}

export const handed = ({ layer, over }: Bench): void => {
  describe("a message that changes or throws when it is read", () => {
    const client = Datagram.client(Datagram.ipv4.pipe(withHopLimit(), withPktInfo()))

    it.scopedLive.each(bad)(
      "%s: fails with an error that names the field, with every way of sending",
      ([, field, make]) =>
        Effect.gen(function* () {
          const [socket, sender] = [yield* receiver, yield* client]
          const connected = yield* Datagram.connect(
            Datagram.ipv4.pipe(withHopLimit(), withPktInfo()),
            socket.localAddress
          )
          const message = make(socket.localAddress) as Parameters<typeof sender.send>[0]
          const good = (name: string) => ({ data: bytes(name), to: socket.localAddress })
          const expected = { _tag: "DatagramSendError", reason: "InvalidArgument", code: "INVALID", sentBytes: 0 }
          const named = { ...expected, field: Option.some(field) }
          expect(yield* Effect.flip(sender.send(message))).toMatchObject(named)
          expect(Option.getOrThrow(Either.getLeft(sender.trySend(message)))).toMatchObject(named)
          const { failed, sent, dropped } = yield* sender.sendAll([good("1"), message, good("2")])
          expect([sent, dropped, failed.length]).toEqual([2, 0, 1])
          expect(failed[0]).toMatchObject({ index: 1, error: named })
          expect(failed[0]?.error.message).toMatch(/ Nothing was sent\.$/)
          const sinking = Stream.run(Stream.make(good("3"), message, good("4")), sender.sink)
          expect(yield* Effect.flip(sinking)).toMatchObject(named)
          if (field !== "to") {
            // An inheriting object without a destination.
            const unaddressed = Object.defineProperty(Object.create(message), "to", { value: undefined }) as never
            expect(yield* Effect.flip(connected.send(unaddressed))).toMatchObject(expected)
            expect(Option.getOrThrow(Either.getLeft(connected.trySend(unaddressed)))).toMatchObject(expected)
          }
          const seen = yield* Effect.replicateEffect(socket.receive, 4)
          expect(seen.map(({ data }) => text(data))).toEqual(["1", "2", "3", "4"])
          expect(yield* sender.stats).toMatchObject({ sent: 4n, sendDropped: 0n })
        }).pipe(Effect.provide(layer))
    )

    it.scopedLive("messages that are not an array: sendAll reports it, and does not fail", () =>
      Effect.gen(function* () {
        const sender = yield* client
        const list = Proxy.revocable([], {})
        list.revoke()
        const throwing = Object.defineProperty([1, 2], 1, { get: boom })
        for (const [messages, index, field] of [
          [null, 0, "messages"],
          [{ length: 3 }, 0, "messages"],
          ["text", 0, "messages"],
          [hostile({}), 0, "messages"],
          [list.proxy, 0, "messages"],
          [throwing, 1, "messages"]
        ] as const) {
          const exit = yield* Effect.exit(sender.sendAll(messages as never))
          expect(Exit.isSuccess(exit) && exit.value.failed.at(-1)).toMatchObject({
            index,
            error: { reason: "InvalidArgument", field: Option.some(field) }
          })
        }
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("any memory is sent: shared, resizable, of a class with a false length", () =>
      Effect.gen(function* () {
        const [socket, sender] = [yield* receiver, yield* client]
        const shared = new Uint8Array(new SharedArrayBuffer(20_000)).fill(1)
        const tracking = new Uint8Array(resizable(3, 8)).fill(2)
        class Lying extends Uint8Array {
          override get length() {
            return 60_000
          }
          override subarray(): never {
            return boom()
          }
        }
        const lying = new Lying(new ArrayBuffer(4))
        const owned = Object.defineProperty(new Uint8Array(20_000), "length", { value: 65_000 })
        const to = socket.localAddress
        for (const data of [shared, tracking, lying, owned, [lying, tracking]]) {
          yield* sender.send({ data, to })
          const expected = (Array.isArray(data) ? data : [data]).reduce((sum, each) => sum + each.byteLength, 0)
          expect((yield* socket.receive).data.length).toBe(expected)
        }
        yield* sender.send({ data: lying, to, segmentSize: 3 })
        const seen = yield* Effect.replicateEffect(socket.receive, 2)
        expect(seen.map(({ data }) => data.length)).toEqual([3, 1])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a payload detached or resized while its send waits fails, and others are sent", () => {
      let full = true
      const memory = resizable(8, 16)
      const grown = new Uint8Array(memory)
      const gone = bytes("gone").slice()
      const hooks = {
        onSend: () => {
          if (!full) return undefined
          full = false
          take(gone)
          memory.resize(12)
          return 0 as const
        }
      }
      return Effect.gen(function* () {
        const [socket, sender] = [yield* receiver, yield* client]
        const to = socket.localAddress
        const report = yield* sender.sendAll([bytes("1"), gone, grown, bytes("2")].map((data) => ({ data, to })))
        expect([report.sent, report.failed.map(({ index }) => index)]).toEqual([2, [1, 2]])
        for (const { error } of report.failed) {
          expect(error).toMatchObject({ reason: "InvalidArgument", field: Option.some("data") })
          expect(error.message).toContain("its memory was detached or resized before it was sent; send a copy")
        }
        const seen = yield* Effect.replicateEffect(socket.receive, 2)
        expect(seen.map(({ data }) => text(data))).toEqual(["1", "2"])
      }).pipe(Effect.provide(over(hooks)))
    })

    const definitions: ReadonlyArray<readonly [name: string, payload: Parameters<typeof own>[0], sentence: string]> = [
      ["write throws", { size: 4, write: boom }, "its definition cannot write it (Error: boom)"],
      ["write answers nothing", { size: 4, write: () => undefined as never }, "claims to have written undefined bytes"],
      ["write answers too much", { size: 4, write: () => 400 }, "claims to have written 400 bytes, and declares 4"],
      ["write answers too little", { size: 4, write: () => 2 }, "claims to have written 2 bytes, and declares 4"],
      ["write answers no number", { size: 4, write: () => "4" as never }, "claims to have written '4' bytes"],
      [
        "write answers a fraction",
        { size: { maximum: 8 }, write: () => 0.5 },
        "claims to have written 0.5 bytes, and declares 0 to 8"
      ],
      [
        "write leaves its buffer",
        { size: 4, write: (view, offset) => (view.setUint32(offset + 4000, 1), 4) },
        "cannot write it (RangeError"
      ],
      ["refuse throws", { size: 4, write: () => 4, validate: boom }, "(Error: boom)"],
      [
        "refuse answers no text",
        { size: 4, write: () => 4, validate: () => 7 as never },
        "its definition refuses it with 7"
      ]
    ]
    it.scopedLive.each(definitions)("a definition whose %s: an error that names the message", ([, payload, sentence]) =>
      Effect.gen(function* () {
        const socket = yield* receiver
        const sender = yield* Datagram.client(Datagram.ipv4.pipe(withHopLimit(), withControlMessage(own(payload))))
        const to = socket.localAddress
        const message = { data: bytes("bad"), to, control: { hopLimit: 3, own: 1 } }
        const error = yield* Effect.flip(sender.send(message))
        expect(error).toMatchObject({ reason: "InvalidArgument", field: Option.some("control.own") })
        expect(error.message).toContain(sentence)
        expect(
          (yield* sender.sendAll([{ data: bytes("a"), to }, message, { data: bytes("b"), to }])).failed
        ).toHaveLength(1)
        const seen = yield* Effect.replicateEffect(socket.receive, 2)
        expect(seen.map(({ data }) => text(data))).toEqual(["a", "b"])
      }).pipe(Effect.provide(layer))
    )
  })
}
