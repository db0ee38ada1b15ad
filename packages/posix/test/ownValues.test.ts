/** The greatest age of a socket's current value that is sent with a datagram: docs/design.md. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, SocketOption, withEcn, withTrafficClass } from "@ancillary/effect3"
import { type Driver, isFault } from "@ancillary/engine/driver/Driver"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { load } from "../src/internal/libc.ts"

const at = { address: "127.0.0.1", port: 0 }
const data = Uint8Array.of(1)
const [IPPROTO_IP, IP_TOS] = [0, 1]
/** Number of datagrams after which one read serves several calls, and the number that it serves. */
const before = 20
const perRead = 64

/** Sends in one synchronous run, and reads what arrived. */
const opened = <E>(driver: Effect.Effect<Driver, E>) =>
  Effect.gen(function* () {
    const receiver = yield* Datagram.bind(Datagram.ipv4.pipe(withTrafficClass()), at)
    const socket = yield* Datagram.client(Datagram.ipv4.pipe(withEcn()))
    const to = receiver.localAddress
    const message = { data, to, control: { ecn: "ect0" } } as const
    const libc = load("linux")
    const fd = yield* socket.descriptor
    return {
      socket,
      send: (count: number) => {
        for (let i = 0; i < count; i++) Either.getOrThrow(socket.trySend(message))
      },
      /** Other code with the descriptor. */
      set: (value: number) =>
        expect(libc.setsockopt(fd, IPPROTO_IP, IP_TOS, new Uint8Array(Int32Array.of(value).buffer), 4)).toBe(0),
      classes: (count: number) =>
        Effect.map(Effect.replicateEffect(receiver.receive, count), (all) =>
          all.map(({ control }) => control.trafficClass)
        )
    }
  }).pipe(Effect.provide(DatagramSockets.layer(driver, LinuxSockets.capabilities)))

const driver = LinuxSockets.driver({ guarded: true })

describe("the current class byte that is sent with ECN", () => {
  it.scopedLive("set through the descriptor during many sends is right in the next run", () =>
    Effect.gen(function* () {
      const { classes, send, set } = yield* opened(driver)
      for (const value of [0xb8, 0x28, 0]) {
        send(before)
        set(value)
        yield* Effect.promise(() => Promise.resolve())
        send(1)
        expect((yield* classes(before + 1)).at(-1)).toBe(value | 2)
      }
    })
  )

  it.scopedLive("set through the descriptor within a run is right after at most 63 more calls", () =>
    Effect.gen(function* () {
      const { classes, send, set } = yield* opened(driver)
      for (const value of [0xb8, 0x28, 0]) {
        send(before)
        set(value)
        send(perRead)
        expect((yield* classes(before + perRead)).at(-1)).toBe(value | 2)
      }
    })
  )

  it.scopedLive("set through the socket is right immediately", () =>
    Effect.gen(function* () {
      const { classes, send, socket } = yield* opened(driver)
      for (const value of [0xb8, 0x28, 0]) {
        send(before)
        const set = socket.setOption(SocketOption.defaultTrafficClass, value)
        Effect.runSync(set)
        send(1)
        expect((yield* classes(before + 1)).at(-1)).toBe(value | 2)
      }
    })
  )

  it.scopedLive("is read for each of a few calls, and once for 64 of many in a run", () =>
    Effect.gen(function* () {
      let reads = 0
      const counting = Effect.map(driver, (real): Driver => ({
        ...real,
        open: (kind) => {
          const native = real.open(kind)
          if (isFault(native)) return native
          return {
            ...native,
            getOption: (level, option, into) => {
              if (level === IPPROTO_IP && option === IP_TOS) reads++
              return native.getOption(level, option, into)
            }
          }
        }
      }))
      const { classes, send } = yield* opened(counting)
      reads = 0
      send(10)
      expect(reads).toBe(10)
      yield* classes(10)
      send(150)
      yield* classes(150)
      expect(reads).toBeGreaterThan(16)
      expect(reads).toBeLessThan(24)
    })
  )
})
