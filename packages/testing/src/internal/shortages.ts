/**
 * Errors of a receive, by number. A reader ignores some, pauses after others, and ends with the rest. The test injects
 * them on the real driver.
 */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, withMaximumDatagramSize, withTruncation } from "@ancillary/effect3"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { type Bench, bytes } from "./bench.ts"

const spec = Datagram.ipv4.pipe(withMaximumDatagramSize(1), withTruncation("drop"))
const bind = Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
type Socket = Effect.Effect.Success<typeof bind>
type Read = (socket: Socket) => Effect.Effect<unknown, unknown>

const first = (loop: (f: () => void) => Effect.Effect<never, unknown>) =>
  Effect.flatMap(Deferred.make<void>(), (once) =>
    Effect.raceFirst(
      loop(() => void Effect.runSync(Deferred.succeed(once, undefined))),
      Deferred.await(once)
    )
  )

/** Reads one datagram, in every way. */
const ways: { readonly [name: string]: Read } = {
  receive: ({ receive }) => receive,
  receiveWithin: ({ receiveWithin }) => Effect.flatten(receiveWithin("1 minute")),
  peek: ({ peek, receive }) => Effect.zipRight(peek, receive),
  receiveBatch: ({ receiveBatch }) => receiveBatch,
  receiveUpTo: ({ receiveUpTo }) => receiveUpTo(1),
  datagrams: ({ datagrams }) => Stream.runDrain(Stream.take(datagrams, 1)),
  outcomes: ({ outcomes }) => Stream.runDrain(Stream.take(outcomes, 1)),
  forEach: ({ forEach }) => first(forEach),
  forEachBorrowed: ({ forEachBorrowed }) => first(forEachBorrowed)
}
const single = ["receive", "receiveWithin", "peek"]

/** Error numbers by platform, from the system's headers. */
const numbers = {
  linux: {
    earlier: {
      ENONET: 64,
      EPROTO: 71,
      EMSGSIZE: 90,
      ENOPROTOOPT: 92,
      EOPNOTSUPP: 95,
      ENETDOWN: 100,
      ENETUNREACH: 101,
      ENETRESET: 102,
      ECONNRESET: 104,
      ECONNREFUSED: 111,
      EHOSTDOWN: 112,
      EHOSTUNREACH: 113,
      EACCES: 13
    },
    shortage: { ENOMEM: 12, ENFILE: 23, EMFILE: 24, ENOBUFS: 105 },
    interrupted: { EINTR: 4 },
    end: {
      EPERM: 1,
      EIO: 5,
      EBADF: 9,
      EFAULT: 14,
      EINVAL: 22,
      ENOSYS: 38,
      ENOTSOCK: 88,
      EADDRNOTAVAIL: 99,
      ENOTCONN: 107,
      ESHUTDOWN: 108,
      ETIMEDOUT: 110,
      ENOTRECOVERABLE: 131
    }
  },
  winsock: {
    earlier: {
      WSAENETUNREACH: 10051,
      WSAENETDOWN: 10050,
      WSAENETRESET: 10052,
      WSAECONNRESET: 10054,
      WSAECONNREFUSED: 10061,
      WSAEHOSTDOWN: 10064,
      WSAEHOSTUNREACH: 10065,
      WSAEMSGSIZE: 10040,
      WSAENOPROTOOPT: 10042,
      WSAEOPNOTSUPP: 10045,
      WSAEACCES: 10013
    },
    shortage: { WSAENOBUFS: 10055, WSAEMFILE: 10024, WSA_NOT_ENOUGH_MEMORY: 8 },
    interrupted: { WSAEINTR: 10004 },
    end: { WSAEBADF: 10009, WSAEFAULT: 10014, WSAEINVAL: 10022, WSAENOTSOCK: 10038, WSAENOTCONN: 10057 }
  }
} as const

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

export const shortages = ({ driver, facts, over }: Bench): void => {
  const table = Effect.map(driver, ({ abi: { platform } }) => {
    if (platform === "darwin") throw new Error("The suite has no table of Darwin's numbers")
    return numbers[platform]
  })
  const fault = (code: string, errno: number): Fault => ({ syscall: facts.syscalls.receive, code, errno })

  describe("errors of a receive", () => {
    for (const [name, read] of Object.entries(ways)) {
      it.scopedLive(`${name}: reports or ignores an error of an earlier datagram, and continues`, () => {
        const pending: Array<Fault> = []
        return Effect.gen(function* () {
          const [sender, socket] = [yield* bind, yield* bind]
          for (const [code, errno] of Object.entries((yield* table).earlier)) {
            yield* sender.send({ data: bytes("x"), to: socket.localAddress })
            // Only the number decides, not the name.
            pending.push(fault(code, errno), fault("unnamed", errno))
            for (let reported = 0; single.includes(name) && reported < 2; reported++)
              expect(yield* Effect.flip(read(socket))).toMatchObject({ _tag: "DatagramReceiveError", errno })
            yield* read(socket)
          }
          const count = single.includes(name) ? 0 : 2 * Object.keys((yield* table).earlier).length
          expect(yield* socket.stats).toMatchObject({ asyncErrors: BigInt(count), shortages: 0n })
        }).pipe(Effect.provide(over({ onReceive: () => pending.shift() })))
      })

      it.scopedLive(`${name}: waits out a shortage, and counts it`, () => {
        const pending: Array<Fault> = []
        return Effect.gen(function* () {
          const [sender, socket] = [yield* bind, yield* bind]
          const { interrupted, shortage } = yield* table
          for (const [code, errno] of Object.entries({ ...shortage, ...interrupted })) {
            yield* sender.send({ data: bytes("x"), to: socket.localAddress })
            pending.push(fault(code, errno), fault(code, errno), fault(code, errno))
            yield* read(socket)
          }
          const count = 3n * BigInt(Object.keys(shortage).length)
          expect(yield* socket.stats).toMatchObject({ asyncErrors: 0n, shortages: count })
        }).pipe(Effect.provide(over({ onReceive: () => pending.shift() })))
      })

      it.scopedLive(`${name}: every other error ends it, with its code`, () => {
        let pending: Fault | undefined
        return Effect.gen(function* () {
          const socket = yield* bind
          for (const [code, errno] of Object.entries((yield* table).end)) {
            pending = fault(code, errno)
            const error = yield* Effect.flip(read(socket))
            expect(error).toMatchObject({ _tag: "DatagramReceiveError", reason: "Other", code, errno })
          }
        }).pipe(Effect.provide(over({ onReceive: () => pending })))
      })

      for (const kind of ["earlier", "shortage"] as const)
        it.scopedLive(`${name}: beside a permanent error, ${kind}, the event loop continues`, () => {
          let pending: Fault | undefined
          let calls = 0
          return Effect.gen(function* () {
            const [sender, socket] = [yield* bind, yield* bind]
            const [stays = fault("", 0)] = Object.entries((yield* table)[kind]).map(([code, errno]) =>
              fault(code, errno)
            )
            pending = stays
            yield* sender.send({ data: bytes("x"), to: socket.localAddress })
            const reading = yield* Effect.forkScoped(Effect.retry(read(socket), { while: () => true }))
            for (let turns = 0; turns < 20; turns++) yield* turn
            yield* Effect.sleep("20 millis")
            const before = calls
            yield* turn
            // A turn has a limit: the reader pauses between receives that fail.
            expect(calls - before).toBeLessThanOrEqual(64)
            pending = undefined
            yield* Fiber.join(reading)
          }).pipe(
            Effect.provide(
              over({
                onReceive: () => {
                  calls++
                  return pending
                }
              })
            )
          )
        })
    }

    it.scopedLive("peek: beside a flood that the spec drops, the event loop has its turn", () => {
      let [seen, most, before] = [0, 0, 0]
      let refill = (): void => undefined
      return Effect.gen(function* () {
        const [sender, socket] = [yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 }), yield* bind]
        const to = socket.localAddress
        // Each datagram is peeked and then read, so there is always another one.
        refill = () => {
          seen++
          if (seen < 6000 && seen % 2 === 0) Effect.runSync(sender.send({ data: bytes("too large"), to }))
          else if (seen === 6000) Effect.runSync(sender.send({ data: bytes("x"), to }))
        }
        const note = () => {
          most = Math.max(most, seen - before)
          before = seen
          if (seen < 6000) setImmediate(note)
        }
        setImmediate(note)
        yield* Effect.replicateEffect(sender.send({ data: bytes("too large"), to }), 16)
        expect((yield* socket.peek).data).toEqual(bytes("x"))
        // A reader may start just before the event loop's turn.
        expect(most).toBeLessThanOrEqual(2 * 2 * 64)
      }).pipe(Effect.provide(over({ onReceived: () => refill() })))
    })
  })

  describe("datagrams that were put back", () => {
    const bindAny = Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
    const dies = (socket: Effect.Effect.Success<typeof bindAny>) =>
      Effect.exit(
        socket.forEach(() => {
          throw new Error("boom")
        })
      )

    for (const name of ["forEach", "forEachBorrowed"] as const)
      it.scopedLive(`${name}: a loop that begins within a borrowing callback gets them`, () =>
        Effect.gen(function* () {
          const [sender, outer, inner] = [yield* bindAny, yield* bindAny, yield* bindAny]
          for (let i = 0; i < 4; i++) yield* sender.send({ data: bytes("x"), to: inner.localAddress })
          yield* dies(inner)
          const { putBack } = yield* inner.stats
          let seen = 0n
          yield* sender.send({ data: bytes("x"), to: outer.localAddress })
          yield* Effect.forkScoped(outer.forEachBorrowed(() => void Effect.runFork(inner[name](() => void seen++))))
          yield* Effect.repeat(turn, { until: () => seen === putBack && seen > 0n })
        }).pipe(Effect.provide(over({})))
      )

    for (const [name, read] of Object.entries(ways))
      it.scopedLive(`${name}: a reader that already waits is woken for them`, () =>
        Effect.gen(function* () {
          const [sender, socket] = [yield* bind, yield* bind]
          const failing = yield* Effect.forkScoped(dies(socket))
          yield* turn
          const waiting = yield* Effect.forkScoped(read(socket))
          yield* turn
          yield* Effect.replicateEffect(sender.send({ data: bytes("x"), to: socket.localAddress }), 2)
          yield* Fiber.join(failing)
          // No other datagram arrives: the second is in the socket, or this reader has it.
          yield* Fiber.join(waiting)
        }).pipe(Effect.provide(over({})))
      )
  })
}
