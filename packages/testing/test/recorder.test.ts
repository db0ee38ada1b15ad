/** A recorder counts only results of system calls, and only those of requested messages. */
import { Codec, type ControlMessage, define } from "@ancillary/control"
import * as Linux from "@ancillary/control/platform/linux"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  withControlMessage,
  withDefaultHopLimit,
  withEcn,
  withHopLimit,
  withPktInfo
} from "@ancillary/effect3"
import { type Driver, isFault } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Row } from "../catalogue/ways.ts"
import { record } from "../catalogue/recorder.ts"
import { start } from "../catalogue/session.ts"

const at = { address: "127.0.0.1", port: 0 }
const data = Uint8Array.of(1)

/** The TTL as received, without a request: room for it. */
interface Unasked extends ControlMessage<"unasked", "ipv4"> {
  readonly received: { readonly unasked: number }
}
const arriving = { ipv4: { request: [], receive: [{ level: 0, type: Linux.IP_TTL, payload: Codec.int32 }] } }
const unasked = define<Unasked>({
  key: "unasked",
  presence: "required",
  table: { linux: arriving, darwin: arriving, winsock: arriving }
})

/** Returns the rows that a recorder around a driver records while a program runs. */
const seen = (
  program: Effect.Effect<unknown, unknown, DatagramSockets>,
  options?: { readonly looks?: boolean; readonly under?: (driver: Driver) => Driver }
) =>
  Effect.gen(function* () {
    const rows = new Set<Row>()
    const { looks = true, under = (driver: Driver) => driver } = options ?? {}
    const driver = record(under(yield* LinuxSockets.driver()), (row) => void rows.add(row), { looks })
    yield* Effect.provide(program, Layer.succeed(DatagramSockets, { driver }))
    return [...rows].toSorted((a, b) => (a < b ? -1 : 1))
  })

/** Packet information is requested, and a hop limit is requested and sent. */
const exchange = Effect.gen(function* () {
  const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit()), at)
  yield* socket.send({ data, to: socket.localAddress, control: { hopLimit: 3 } })
  yield* socket.receive
}).pipe(Effect.scoped)

it.live("records received and sent rows", () =>
  Effect.gen(function* () {
    expect(yield* seen(exchange)).toEqual([
      "linux ipv4 hopLimit received",
      "linux ipv4 hopLimit sent",
      "linux ipv4 pktInfo received"
    ])
  })
)

it.live("does not count sent rows if the system accepts any control data", () =>
  Effect.gen(function* () {
    expect(yield* seen(exchange, { looks: false })).toEqual([
      "linux ipv4 hopLimit received",
      "linux ipv4 pktInfo received"
    ])
  })
)

it.live("does not count a message whose option was not set through it", () => {
  // The option is set beneath the recorder, so the message arrives anyway.
  const under = (driver: Driver): Driver => ({
    ...driver,
    open: (kind) => {
      const socket = driver.open(kind)
      if (!isFault(socket)) socket.setOption(Linux.IPPROTO_IP, Linux.IP_RECVTTL, Uint8Array.of(1, 0, 0, 0))
      return socket
    }
  })
  const program = Effect.gen(function* () {
    const spec = Datagram.ipv4.pipe(withEcn({ only: "receive" }), withControlMessage(unasked))
    const socket = yield* Datagram.bind(spec, at)
    yield* socket.send({ data, to: socket.localAddress })
    expect((yield* socket.receive).control.unasked).toBeGreaterThan(0)
  }).pipe(Effect.scoped)
  return Effect.gen(function* () {
    // Messages that decode one byte share their request.
    expect(yield* seen(program, { under })).toEqual([
      "linux ipv4 dscp received",
      "linux ipv4 ecn received",
      "linux ipv4 trafficClass received"
    ])
  })
})

it.live("does not count a message that the kernel refused to send", () => {
  const program = Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo({ only: "send" })), at)
    const control = { pktInfo: { interfaceIndex: 0x7fffffff } }
    expect((yield* Effect.flip(socket.send({ data, to: socket.localAddress, control }))).code).toBe("ENODEV")
  }).pipe(Effect.scoped)
  return Effect.map(seen(program), (rows) => expect(rows).toEqual([]))
})

it.live("records an option that was set, and none that was refused", () => {
  const program = Datagram.bind(Datagram.ipv4.pipe(withDefaultHopLimit(9)), at).pipe(Effect.scoped, Effect.ignore)
  const fault = { syscall: "setsockopt", code: "EPERM", errno: 1 }
  const under = (driver: Driver) => FaultyDriver.wrap(driver, { onSetOption: () => fault })
  return Effect.gen(function* () {
    expect(yield* seen(program)).toEqual(["linux ipv4 defaultHopLimit set"])
    expect(yield* seen(program, { under })).toEqual([])
  })
})

it.live("wraps every driver of a layer, except one whose results a test changes", () => {
  const take = start({ looks: true })
  const over = (bend: (driver: Driver) => Driver) => DatagramSockets.layer(Effect.map(LinuxSockets.driver(), bend), [])
  return Effect.gen(function* () {
    yield* Effect.provide(
      exchange,
      over((driver) => FaultyDriver.wrap(driver, { onReceived: () => {} }))
    )
    expect(take()).toEqual([])
    yield* Effect.provide(
      exchange,
      over((driver) => FaultyDriver.wrap(driver, { onSend: () => undefined }))
    )
    expect(take()).toContain("linux ipv4 hopLimit sent")
    expect(take()).toEqual([])
  })
})
