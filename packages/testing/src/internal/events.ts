/**
 * Events of a socket: the reports of each platform that are not datagrams, and the refusal if it has none. Invalid
 * entries of the error queue cause no failure. The wrapper injects them on the real driver.
 */
import { describe, expect, it } from "@effect/vitest"
import { Codec, ControlBuffer, type ControlMessage, define } from "@ancillary/control"
import {
  Datagram,
  DatagramSockets,
  type SocketEvent,
  withControlMessage,
  withErrorReports,
  withOptional,
  withPathMtuReports,
  withTransmitTimestamps,
  type With
} from "@ancillary/effect3"
import { type Capability } from "@ancillary/control"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { Chunk, Effect, Exit, Fiber, Option, Scope, Stream } from "effect"
import * as FaultyDriver from "../FaultyDriver.ts"
import { type Bench, bytes, text } from "./bench.ts"

const features = ["errorReports", "pathMtuReports", "transmitTimestamps"] as const
const loopbacks = { ipv4: "127.0.0.1", ipv6: "::1" } as const
type Either = keyof typeof loopbacks
/** Both families are tested the same way, so the types of one of them are sufficient. */
const specOf = (family: Either) => (family === "ipv4" ? Datagram.ipv4 : Datagram.ipv6) as typeof Datagram.ipv4

/** A user-defined message that every platform could deliver in either way. */
interface Told extends ControlMessage<"told", "ipv4", "optional"> {
  readonly event: number
}
const told = (event: "errorQueue" | "pseudoDatagram") => {
  const row = { ipv4: { request: [], receive: [{ level: 0, type: 201, payload: Codec.uint32, event }] } }
  return define<Told>({ key: "told", presence: "optional", table: { linux: row, winsock: row, darwin: row } })
}

export const events = ({ driver, facts, isEmpty, passesOver, receive }: Bench): void => {
  const over = (hooks: FaultyDriver.Hooks) =>
    DatagramSockets.layer(
      Effect.map(driver, (each) => FaultyDriver.wrap(each, hooks)),
      features
    )
  const at = (family: Either) => ({ address: loopbacks[family], port: 0 })
  const data = bytes("x")
  const take = (socket: { readonly events: Stream.Stream<SocketEvent, unknown> }, count: number) =>
    Effect.map(Stream.runCollect(Stream.take(socket.events, count)), Chunk.toReadonlyArray)

  /**
   * Runs the case if the platform delivers the message. Otherwise binding fails with the reason, and the optional
   * message is declined.
   */
  const event = <M extends ControlMessage.Any>(
    key: M["key"],
    combinator: With<M>,
    run: (
      family: Either
    ) => Effect.Effect<void, unknown, DatagramSockets | Scope.Scope | Capability<(typeof features)[number]>>
  ): void => {
    for (const family of facts.families) {
      const why = facts.lacks[key] ?? facts.lacks[`${key}, ${family}`]
      it.scopedLive(`${key}, ${family}${why === undefined ? "" : ": refused"}`, () => {
        if (why === undefined) return Effect.provide(run(family), over({}))
        // The compiler refuses only a message that the whole family lacks.
        const spec = (each: unknown) => (each as (_: typeof Datagram.ipv4) => typeof Datagram.ipv4)(specOf(family))
        return Effect.gen(function* () {
          const error = yield* Effect.flip(Datagram.bind(spec(combinator), at(family)))
          expect(error).toMatchObject({ _tag: "DatagramUnsupportedError", code: "INVALID" })
          expect(error.message).toContain(why)
          const scope = yield* Scope.make()
          const socket = yield* Scope.extend(Datagram.bind(spec(withOptional(combinator)), at(family)), scope)
          expect(socket.declined).toEqual([{ key, why }])
          yield* socket.send({ data, to: socket.localAddress })
          expect((yield* receive(socket)).control).toEqual({})
          const control = { [key]: 1 } as never
          const unsent = yield* Effect.flip(socket.send({ data, to: socket.localAddress, control }))
          expect(unsent).toMatchObject({ reason: "Unsupported", field: Option.some(`control.${key}`) })
          // No event arrives: the stream ends with the socket.
          const reading = yield* Effect.fork(Stream.runDrain(socket.events))
          yield* Effect.yieldNow()
          yield* Scope.close(scope, Exit.void)
          expect(yield* Effect.flip(Fiber.join(reading))).toMatchObject({ reason: "Closed" })
        }).pipe(Effect.provide(over({})))
      })
    }
  }

  describe("events", () => {
    event("errorReports", withErrorReports(), (family) =>
      Effect.gen(function* () {
        const spec = specOf(family).pipe(withErrorReports())
        const socket = yield* Datagram.bind(spec, at(family))
        const gone = yield* Effect.scoped(Effect.map(Datagram.bind(spec, at(family)), (each) => each.localAddress))
        yield* socket.send({ data, to: gone })
        const [report] = yield* take(socket, 1)
        expect(report).toMatchObject({ _tag: "ErrorReport", code: "ECONNREFUSED", destination: Option.some(gone) })
      })
    )
    event("pathMtuReports", withPathMtuReports(), () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withPathMtuReports()), at("ipv6"))
        // The conditions for a report are in traps/pathMtu.test.ts of @ancillary/posix.
        yield* socket.send({ data, to: socket.localAddress })
        expect((yield* receive(socket)).control).toEqual({})
      })
    )
    event("transmitTimestamp", withTransmitTimestamps(), (family) =>
      Effect.gen(function* () {
        const spec = specOf(family).pipe(withTransmitTimestamps())
        const socket = yield* Datagram.bind(spec, at(family))
        yield* socket.send({ data, to: socket.localAddress, control: { transmitTimestamp: 77 } })
        expect(yield* take(socket, 1)).toMatchObject([{ _tag: "TransmitTimestamp", id: 77, stage: "sent" }])
        expect((yield* receive(socket)).control).toEqual({})
        const control = { transmitTimestamp: -1 }
        const error = yield* Effect.flip(socket.send({ data, to: socket.localAddress, control }))
        expect(error.message).toBe(
          "control.transmitTimestamp: -1 is not an id: an integer from 0 to 4294967295. Nothing was sent."
        )
      })
    )

    const bind = Effect.zip(
      Datagram.bind(Datagram.ipv4.pipe(withControlMessage(told("errorQueue"))), at("ipv4")),
      Datagram.bind(Datagram.ipv4, at("ipv4"))
    )
    const payload = (value: number) => new Uint8Array(Uint32Array.of(value).buffer)
    /** Lays out an entry as the driver's system does. */
    const entry = (value: number) =>
      Effect.map(driver, ({ abi }) => ({
        address: new Uint8Array(0),
        control: ControlBuffer.fromMessages(abi, [{ level: 0, type: 201, payload: payload(value) }]),
        data: new Uint8Array(0)
      }))

    it.scopedLive("an entry of the error queue is an event of its message, and not a datagram", () => {
      let entries: Array<FaultyDriver.ErrorEntry> = []
      return Effect.gen(function* () {
        const [socket, other] = yield* bind
        entries = [yield* entry(4_294_967_295), yield* entry(0)]
        yield* other.send({ data, to: socket.localAddress })
        expect(yield* take(socket, 2)).toEqual([
          { _tag: "UserEvent", key: "told", value: 4_294_967_295 },
          { _tag: "UserEvent", key: "told", value: 0 }
        ])
        expect((yield* receive(socket)).control).toEqual({})
        expect(yield* socket.stats).toMatchObject({
          dequeued: 1n,
          events: { dequeued: 2n, delivered: 2n, ignored: 0n }
        })
      }).pipe(Effect.provide(over({ onReceiveErrors: (slots) => entries.splice(0, slots) })))
    })

    it.scopedLive("an error with an entry in the queue fails no read or send, one without does", () => {
      let entries: Array<FaultyDriver.ErrorEntry> = []
      let pending: Array<Fault> = []
      const fault: Fault = { syscall: facts.syscalls.receive, code: "ECONNREFUSED", errno: 1 }
      const hooks: FaultyDriver.Hooks = {
        onReceiveErrors: (slots) => entries.splice(0, slots),
        onReceive: () => pending.shift(),
        onSend: () => pending.shift()
      }
      return Effect.gen(function* () {
        const [socket, plain] = yield* bind
        for (const each of [socket, plain]) {
          const to = each.localAddress
          const arrange = Effect.gen(function* () {
            pending = [fault]
            entries = [yield* entry(1)]
          })
          yield* arrange
          yield* each.send({ data: bytes("a"), to })
          yield* arrange
          expect(text((yield* receive(each)).data)).toBe("a")
          expect(yield* each.stats).toMatchObject({ sent: 1n, retried: 1n, delivered: 1n, asyncErrors: 1n })

          pending = [fault]
          expect(yield* Effect.flip(each.send({ data, to }))).toMatchObject({ code: "ECONNREFUSED" })
          yield* each.send({ data: bytes("b"), to })
          pending = [fault]
          if (!passesOver) expect(yield* Effect.flip(receive(each))).toMatchObject({ code: "ECONNREFUSED" })
          expect(text((yield* receive(each)).data)).toBe("b")
        }
        const counted = { dropped: 0n, delivered: 0n, dequeued: 2n }
        expect((yield* socket.stats).events).toEqual({ ...counted, ignored: 0n, queued: 2n })
        expect((yield* plain.stats).events).toEqual({ ...counted, ignored: 2n, queued: 0n })
      }).pipe(Effect.provide(over(hooks)))
    })

    it.scopedLive("a report in place of a datagram is an event, an empty datagram is not", () => {
      const marked = (slot: FaultyDriver.ReceivedSlot, control: Uint8Array) => {
        if (slot.data[0] !== 0x65) return
        slot.control.set(control)
        slot.controlLength = control.length
        slot.dataLength = 0
      }
      let control = new Uint8Array(0)
      return Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withControlMessage(told("pseudoDatagram")))
        const socket = yield* Datagram.bind(spec, at("ipv4"))
        control = Uint8Array.from((yield* entry(9)).control)
        for (const each of ["e", "a", "e", "", "e"]) yield* socket.send({ data: bytes(each), to: socket.localAddress })
        expect(text((yield* receive(socket)).data)).toBe("a")
        expect(text((yield* receive(socket)).data)).toBe("")
        expect(yield* isEmpty(socket)).toBe(true)
        const events = yield* take(socket, 3)
        expect(events).toEqual(Array.from({ length: 3 }, () => ({ _tag: "UserEvent", key: "told", value: 9 })))
        expect(yield* socket.stats).toMatchObject({
          dequeued: 2n,
          delivered: 2n,
          events: { dequeued: 3n, delivered: 3n }
        })
      }).pipe(Effect.provide(over({ onReceived: (slot) => marked(slot, control) })))
    })
  })
}
