/** Messages that Wine refuses, requested and delivered as Windows documents them. The test returns the results of the calls and fills the buffers. */
import { ControlBuffer } from "@ancillary/control"
import {
  Datagram,
  DatagramSockets,
  type Spec,
  withCoalescedSize,
  withCoalescing,
  withCounterTimestamp,
  withMaximumDatagramSize
} from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { WinsockSockets } from "@ancillary/effect3/node"
import { expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { abi, bytes } from "./bareCalls.ts"

interface Played {
  readonly asked: ReadonlyArray<string>
  readonly control: object
}

/** The requests of a socket, and the control data of a datagram with this message. */
const played = (
  spec: Spec<"ipv4", never>,
  level: number,
  type: number,
  payload: Uint8Array
): Effect.Effect<Played, unknown> => {
  const asked: Array<string> = []
  const noted = (call: string, value: Uint8Array): 0 => {
    asked.push(`${call} = ${Buffer.from(value).toString("hex")}`)
    return 0
  }
  const message = ControlBuffer.fromMessages(abi, [{ level, type, payload }])
  const layer = DatagramSockets.layer(
    Effect.map(WinsockSockets.driver({ guarded: true }), (driver) =>
      FaultyDriver.wrap(driver, {
        onIoctl: (code, input) => noted(`ioctl ${code.toString(16)}`, input),
        onSetOption: (level, option, value) => noted(`${level},${option}`, value),
        onReceived: (slot) => {
          slot.control.set(message)
          slot.controlLength = message.length
        }
      })
    ),
    []
  )
  return Effect.gen(function* () {
    const socket = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
    yield* socket.send({ data: bytes("x"), to: socket.localAddress })
    return { asked, control: (yield* socket.receive).control }
  }).pipe(Effect.scoped, Effect.provide(layer))
}

/** A spec without its types, because the test provides the capabilities that it requires. */
const declared = (spec: Spec.Any): Spec<"ipv4", never> => spec as unknown as Spec<"ipv4", never>

it.live("counter ticks: SIO_TIMESTAMPING requests them, a 64-bit SO_TIMESTAMP arrives", () =>
  Effect.gen(function* () {
    const ticks = new Uint8Array(BigUint64Array.of(2n ** 63n + 5n).buffer)
    const { asked, control } = yield* played(
      declared(Datagram.ipv4.pipe(withCounterTimestamp())),
      0xffff,
      0x300a,
      ticks
    )
    expect(asked).toEqual(["ioctl 980000eb = 0100000000000000"])
    expect(control).toEqual({ counterTimestamp: Option.some(2n ** 63n + 5n) })
  })
)

it.live("coalescing: UDP_RECV_MAX_COALESCED_SIZE requests it, UDP_COALESCED_INFO arrives", () =>
  Effect.gen(function* () {
    const spec = declared(Datagram.ipv4.pipe(withCoalescedSize({ maximumBytes: 0x1234 })))
    const { asked, control } = yield* played(spec, 17, 3, new Uint8Array(Uint32Array.of(1200).buffer))
    expect(asked).toEqual(["17,3 = 34120000"])
    expect(control).toEqual({ coalescedSize: Option.some(1200) })
  })
)

it.live("a coalesced payload without its size is a fault, and turns coalescing off", () =>
  Effect.gen(function* () {
    const asked: Array<string> = []
    const layer = DatagramSockets.layer(
      Effect.map(WinsockSockets.driver({ guarded: true }), (driver) =>
        FaultyDriver.wrap(driver, {
          onSetOption: (level, option, value) => {
            asked.push(`${level},${option} = ${Buffer.from(value).toString("hex")}`)
            return 0
          }
        })
      ),
      []
    )
    const spec = declared(Datagram.ipv4.pipe(withCoalescing(), withMaximumDatagramSize(4)))
    const seen = yield* Effect.gen(function* () {
      const socket = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
      const client = yield* Datagram.client(Datagram.ipv4)
      for (const text of ["four", "5more", "last"]) yield* client.send({ data: bytes(text), to: socket.localAddress })
      const first = yield* socket.receive
      const fault = yield* Effect.flip(socket.receive)
      return [first.data.length, fault.message.replace(/:\d+:/, ":"), (yield* socket.receive).data.length]
    }).pipe(Effect.scoped, Effect.provide(layer))
    expect(seen).toEqual([
      4,
      "A datagram from 127.0.0.1: a payload of several datagrams came without their size: withCoalescing is switched off",
      4
    ])
    expect(asked).toEqual(["17,3 = f7ff0000", "17,3 = 00000000"])
  })
)
