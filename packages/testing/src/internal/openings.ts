/** Opening a socket leaves no resource open, at whichever call it fails. */
import { isUnsupported } from "@ancillary/control"
import type { Arena } from "@ancillary/engine/driver/Arena"
import { type Driver, type Fault, isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import {
  Datagram,
  DatagramSockets,
  SocketOption,
  withDscp,
  withErrorReports,
  withHopLimit,
  withOptional,
  withPktInfo,
  withReuseAddress
} from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import type { Bench } from "./bench.ts"

class Thrown extends Error {}

/** A driver that throws at its n-th call. Calls that close always run, and are not counted. */
const throwing = (driver: Driver, at: number) => {
  const books = { calls: 0, opened: 0, closed: 0, arenas: 0, freed: 0, watches: 0, unwatched: 0 }
  const call = <A>(make: () => A): A => {
    if (++books.calls === at) throw new Thrown()
    return make()
  }
  const counted =
    <Arguments extends Array<unknown>, A>(f: (...given: Arguments) => A) =>
    (...given: Arguments): A =>
      call(() => f(...given))
  const socket = (native: NativeSocket | Fault): NativeSocket | Fault => {
    if (isFault(native)) return native
    books.opened++
    let open = true
    const end =
      <A>(close: () => A) =>
      () => {
        if (open) books.closed++
        open = false
        return close()
      }
    return {
      ...native,
      setOption: counted(native.setOption),
      getOption: counted(native.getOption),
      ioctl: counted(native.ioctl),
      bind: counted(native.bind),
      connect: counted(native.connect),
      localAddress: counted(native.localAddress),
      peerAddress: counted(native.peerAddress),
      receive: counted(native.receive),
      receiveErrors: counted(native.receiveErrors),
      poll: (onReady) => {
        const poll = call(() => native.poll(onReady))
        if (isFault(poll)) return poll
        books.watches++
        const close = () => {
          books.unwatched++
          poll.close()
        }
        return {
          update: (readable, writable, failed) => poll.update(readable, writable, failed),
          keepAlive: (keeps) => poll.keepAlive(keeps),
          close
        }
      },
      close: end(native.close),
      disown: end(() => native.disown?.())
    }
  }
  const arena = (made: Arena): Arena => {
    books.arenas++
    const free = () => {
      books.freed++
      made.free()
    }
    return { ...made, free }
  }
  const wrapped: Driver = {
    ...driver,
    arena: (layout) => call(() => arena(driver.arena(layout))),
    open: (kind) => call(() => socket(driver.open(kind))),
    adopt: (descriptor, kind) => call(() => socket(driver.adopt(descriptor, kind))),
    pair: () => {
      const pair = call(driver.pair)
      if (isFault(pair)) return pair
      return [socket(pair[0]) as NativeSocket, socket(pair[1]) as NativeSocket]
    }
  }
  return { books, driver: wrapped }
}

/**
 * Opens with a throw at each call in turn, until no call throws. After each attempt no resource may be open or in use.
 * Returns the number of calls that threw.
 */
export const throwsEverywhere = <E>(
  driver: Effect.Effect<Driver, E>,
  open: Effect.Effect<unknown, unknown, DatagramSockets>,
  after: () => void = () => {}
): Effect.Effect<number, E> =>
  Effect.gen(function* () {
    const real = yield* driver
    for (let at = 1; ; at++) {
      const { books, driver: bent } = throwing(real, at)
      const layer = DatagramSockets.layer(Effect.succeed(bent), [])
      const exit = yield* Effect.exit(Effect.provide(open, layer))
      expect({ at, ...books }).toEqual({
        at,
        ...books,
        closed: books.opened,
        freed: books.arenas,
        unwatched: books.watches
      })
      after()
      if (books.calls >= at) continue
      expect(Exit.isSuccess(exit)).toBe(true)
      return at - 1
    }
  })

export const openings = ({ driver, facts, layer, over }: Bench): void => {
  describe("an exception of the driver while a socket is opened", () => {
    const at = { address: "127.0.0.1", port: 0 }
    const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withDscp(), withOptional(withErrorReports()))
    const ways: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, DatagramSockets>]> = [
      ["bind", Effect.scoped(Datagram.bind(spec, at))],
      ["client", Effect.scoped(Datagram.client(spec))],
      ["connect", Effect.scoped(Datagram.connect(spec, { ...at, port: 9 }))]
    ] as ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, DatagramSockets>]>
    for (const [name, open] of ways) {
      it.effect(`${name}: nothing stays open or in use, whichever call throws`, () =>
        Effect.gen(function* () {
          expect(yield* throwsEverywhere(driver, open)).toBeGreaterThan(8)
        })
      )
    }
    const pair = Effect.scoped(Datagram.pair(Datagram.unix)) as Effect.Effect<unknown, unknown, DatagramSockets>
    it.effect("pair: nothing stays open or in use, whichever call throws", () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Effect.provide(pair, layer))
        expect(Exit.isSuccess(exit)).toBe(facts.unixSockets === "exchanged")
        if (facts.unixSockets === "exchanged") expect(yield* throwsEverywhere(driver, pair)).toBeGreaterThan(4)
      })
    )
  })

  describe("port 0 of a spec that shares its address", () => {
    // Each platform has other numbers, and uses them for no other option.
    const cells = (["linux", "darwin", "winsock"] as const).map((each) => SocketOption.reuseAddress.cell(each, "ipv4"))
    const isSharing = (level: number, option: number) =>
      cells.some((cell) => cell !== undefined && !isUnsupported(cell) && cell.level === level && cell.option === option)
    const at = { address: "127.0.0.1", port: 0 }
    const spec = Datagram.ipv4.pipe(withReuseAddress())
    const ways = [
      ["bind", Datagram.bind(spec, at)],
      ["client", Datagram.client(spec)],
      ["connect", Datagram.connect(spec, { ...at, port: 9 })],
      ["a dual client", Datagram.client(Datagram.dual.pipe(withReuseAddress()))]
    ] as const
    for (const [name, open] of ways) {
      const order: Array<string> = []
      it.scopedLive(`${name}: the system chooses a port that no other socket has, then it is shared`, () =>
        Effect.gen(function* () {
          yield* open
          expect(order).toEqual(["bind", "share"])
        }).pipe(
          Effect.provide(
            over({
              onBind: () => void order.push("bind"),
              onSetOption: (level, option) => void (isSharing(level, option) && order.push("share"))
            })
          )
        )
      )
    }
    it.scopedLive("another socket that shares it can bind to it afterwards", () =>
      Effect.gen(function* () {
        const first = yield* Datagram.bind(spec, at)
        expect(first.localAddress.port).toBeGreaterThan(0)
        const second = yield* Datagram.bind(spec, first.localAddress)
        expect(String(second.localAddress)).toBe(String(first.localAddress))
        const alone = yield* Effect.flip(Datagram.bind(Datagram.ipv4, first.localAddress))
        expect(alone).toMatchObject({ reason: "AddressInUse" })
      }).pipe(Effect.provide(layer))
    )
    it.scopedLive("a system that cannot share it later fails, and the error gives the remedy", () =>
      Effect.gen(function* () {
        const refused = yield* Effect.flip(Datagram.bind(spec, at))
        expect(refused).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
        expect(refused.message).toMatch(/^Setting withReuseAddress\(\) failed .* Bind to a port other than 0, or leave/)
      }).pipe(
        Effect.provide(
          over({
            onSetOption: (level, option) =>
              isSharing(level, option) ? { syscall: "setsockopt", code: "EINVAL", errno: 22 } : undefined
          })
        )
      )
    )
  })
}
