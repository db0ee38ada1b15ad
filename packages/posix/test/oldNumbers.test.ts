/**
 * Timestamps on a kernel without the newer numbers of their options (Linux before 5.1). The older options are set, and their messages are
 * decoded.
 */
import { Abi, ControlBuffer } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  withOptional,
  withTimestamp,
  withTimestamping,
  withTransmitTimestamps
} from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Option, Stream } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"

const SOL_SOCKET = 1
const [oldStamp, oldStamps, newStamp, newStamps] = [35, 37, 64, 65]
const data = Uint8Array.of(1)
/** No timestamp of this test is older than 2023. */
const past = 1_700_000_000_000_000_000n
const specs = { ipv4: Datagram.ipv4, ipv6: Datagram.ipv6, dual: Datagram.dual }
const hosts = hasIpv6() ? (["ipv4", "ipv6", "dual"] as const) : (["ipv4"] as const)
const at = (family: (typeof hosts)[number]) => ({ address: family === "ipv4" ? "127.0.0.1" : "::1", port: 0 })

/** The kernel without some option numbers, a list of the requested numbers, and the types of received timestamps. */
const without = (lacking: ReadonlyArray<number>, code: string) => {
  const asked: Array<number> = []
  const types = new Set<number>()
  const layer = DatagramSockets.layer(
    Effect.map(LinuxSockets.driver({ guarded: true }), (driver) =>
      FaultyDriver.wrap(driver, {
        onSetOption: (level, option) => {
          if (level !== SOL_SOCKET) return undefined
          asked.push(option)
          return lacking.includes(option)
            ? { syscall: "setsockopt", code, errno: code === "EINVAL" ? 22 : 92 }
            : undefined
        },
        onReceived: ({ control, controlLength }) => {
          const { messages } = ControlBuffer.toMessages(driver.abi, control.slice(0, controlLength))
          for (const { level, type } of messages) if (level === SOL_SOCKET) types.add(type)
        }
      })
    ),
    LinuxSockets.capabilities
  )
  return { layer, asked, types }
}

describe("a kernel without the newer numbers of stamps", () => {
  for (const code of ["ENOPROTOOPT", "EINVAL"])
    for (const family of hosts)
      it.scopedLive(`${family}, ${code}: stamps of arrival are set by the older numbers and read`, () => {
        const { asked, layer, types } = without([newStamp, newStamps], code)
        return Effect.gen(function* () {
          const spec = specs[family].pipe(withTimestamp(), withTimestamping())
          const socket = yield* Datagram.bind(spec, at(family))
          expect(asked.filter((option) => [oldStamp, oldStamps, newStamp, newStamps].includes(option))).toEqual([
            newStamp,
            oldStamp,
            newStamps,
            oldStamps
          ])
          expect(socket.declined).toEqual([])
          const stamped = Effect.gen(function* () {
            yield* socket.send({ data, to: socket.localAddress })
            return (yield* socket.receive).control
          })
          // Linux: the exact timestamp is absent in the first milliseconds.
          const { timestamp, timestamping } = yield* Effect.repeat(Effect.delay(stamped, 1), {
            until: ({ timestamping }) => Option.isSome(timestamping),
            times: 1000
          })
          expect(Option.getOrThrow(timestamp)).toBeGreaterThan(past)
          expect(Option.getOrThrow(timestamping)).toEqual({
            software: Option.getOrThrow(timestamp),
            hardware: undefined
          })
          expect([...types].toSorted((a, b) => a - b)).toEqual([oldStamp, oldStamps])
        }).pipe(Effect.provide(layer))
      })

  it.scopedLive("Unix: a stamp is set by the older number and read", () => {
    const { layer, types } = without([newStamp], "ENOPROTOOPT")
    return Effect.gen(function* () {
      const [one, other] = yield* Datagram.pair(Datagram.unix.pipe(withTimestamp()))
      yield* one.send({ data })
      expect(Option.getOrThrow((yield* other.receive).control.timestamp)).toBeGreaterThan(past)
      expect([...types]).toEqual([oldStamp])
    }).pipe(Effect.provide(layer))
  })

  for (const family of hosts)
    it.scopedLive(`${family}: a datagram's stamp on its way out comes as an event`, () => {
      const { asked, layer } = without([newStamps], "ENOPROTOOPT")
      return Effect.gen(function* () {
        const socket = yield* Datagram.bind(specs[family].pipe(withTransmitTimestamps()), at(family))
        expect(asked.slice(-2)).toEqual([newStamps, oldStamps])
        yield* socket.send({ data, to: socket.localAddress, control: { transmitTimestamp: 77 } })
        const [event] = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(socket.events, 1)))
        expect(event).toMatchObject({ _tag: "TransmitTimestamp", id: 77, stage: "sent" })
        expect(event?._tag === "TransmitTimestamp" && event.timestamp > past).toBe(true)
      }).pipe(Effect.provide(layer))
    })

  it.scopedLive("one newer number of two is lacking: both stamps are read, whatever their type", () => {
    const { layer, types } = without([newStamp], "ENOPROTOOPT")
    return Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withTimestamp(), withTimestamping()), at("ipv4"))
      yield* socket.send({ data, to: socket.localAddress })
      expect(Option.getOrThrow((yield* socket.receive).control.timestamp)).toBeGreaterThan(past)
      // Linux: the last number that was set decides the layout of both.
      expect(types.has(newStamp)).toBe(true)
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("a kernel that lacks both numbers: a typed refusal, or declined if optional", () =>
    Effect.gen(function* () {
      const { layer } = without([oldStamp, oldStamps, newStamp, newStamps], "ENOPROTOOPT")
      const cases = [
        [
          "withTimestamp()",
          Effect.provide(Effect.asVoid(Datagram.bind(Datagram.ipv4.pipe(withTimestamp()), at("ipv4"))), layer)
        ],
        [
          "withTimestamping()",
          Effect.provide(Effect.asVoid(Datagram.bind(Datagram.ipv4.pipe(withTimestamping()), at("ipv4"))), layer)
        ],
        [
          "withTransmitTimestamps()",
          Effect.provide(Effect.asVoid(Datagram.bind(Datagram.ipv4.pipe(withTransmitTimestamps()), at("ipv4"))), layer)
        ]
      ] as const
      for (const [feature, bind] of cases)
        expect(yield* Effect.flip(bind)).toMatchObject({
          _tag: "DatagramUnsupportedError",
          feature,
          code: "ENOPROTOOPT",
          remedy: `Declare withOptional(${feature}) to go without where it is lacking`
        })
      const spec = Datagram.ipv4.pipe(withOptional(withTimestamp()), withOptional(withTimestamping()))
      const socket = yield* Datagram.bind(spec, at("ipv4")).pipe(Effect.provide(layer))
      expect(socket.declined).toEqual([
        { key: "timestamp", why: "withOptional(withTimestamp()): ENOPROTOOPT" },
        { key: "timestamping", why: "withOptional(withTimestamping()): ENOPROTOOPT" }
      ])
      yield* socket.send({ data, to: socket.localAddress })
      expect((yield* socket.receive).control).toEqual({ timestamp: Option.none(), timestamping: Option.none() })
    })
  )

  it.scopedLive("a refusal for another cause keeps its error, and no older number is tried", () => {
    const { asked, layer } = without([newStamp], "ENOMEM")
    return Effect.gen(function* () {
      const refused = yield* Effect.flip(Datagram.bind(Datagram.ipv4.pipe(withTimestamp()), at("ipv4")))
      expect(refused).toMatchObject({ _tag: "DatagramBindError", code: "ENOMEM" })
      expect(asked).toEqual([newStamp])
    }).pipe(Effect.provide(layer))
  })

  it("an explanation names both numbers", () => {
    const { options } = Datagram.explain(Datagram.ipv4.pipe(withTimestamp()), Abi.linuxGlibc64)
    expect(options.map(({ call }) => call)).toEqual(["setsockopt(1, 64), or (1, 35) if the system lacks it"])
  })
})
