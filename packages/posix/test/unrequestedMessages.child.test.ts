/**
 * Descriptors that the program does not get: more than declared, undeclared ones, and those of faulty or dropped datagrams. All are closed
 * immediately.
 */
import { Codec, type ControlMessage, define } from "@ancillary/control"
import {
  Datagram,
  Descriptor,
  withControlMessage,
  withCredentials,
  withMaximumDatagramSize,
  withPidFd,
  withRights,
  withTimestamp,
  withTruncation
} from "@ancillary/effect3"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { isFault } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Option, Stream } from "effect"
import { bundled, ended } from "../../testing/program.ts"
import { contentOf, files, leakingNothing, unixLayerOver } from "./files.ts"
import { ok } from "./bareKernel.ts"
import { barePair, receiveUnix, rightsMessage, sendUnix, unixName } from "./bareUnix.ts"
import { openDescriptors, openDescriptorsAre } from "./process.ts"
import { seeded } from "./random.ts"

const data = Uint8Array.of(1)
const sending = Datagram.unix.pipe(withRights({ only: "send" }))
const name = (of: string) => `\0ancillary-${of}-${process.pid}`

/** A message that never arrives, so its room is free for other messages. */
interface Roomy extends ControlMessage<"roomy", "unix", "optional"> {
  readonly received: { readonly roomy: Uint8Array }
}
const absent = { unix: { unsupported: "for this test alone" } }
const roomy = define<Roomy>({
  key: "roomy",
  presence: "optional",
  table: {
    linux: {
      unix: { request: [], receive: [{ level: 1, type: 9999, payload: Codec.bytes({ maximum: 64 }) }] }
    },
    darwin: absent,
    winsock: absent
  }
})

it.scoped("trap 30, bare kernel: undeclared descriptors stay open without notice", () =>
  Effect.gen(function* () {
    const { driver, first, second } = yield* barePair
    const before = openDescriptors()
    ok(sendUnix(driver, first, data, rightsMessage(driver, [0, 0])))
    const { numbers } = receiveUnix(driver, second, 64)
    yield* openDescriptorsAre(before + 2)
    for (const number of numbers) driver.release(number)
  })
)

describe("trap 30: undeclared descriptors", () => {
  const specs: { readonly [room in string]: typeof Datagram.unix } = {
    "no room at all": Datagram.unix,
    "room that is taken by another": Datagram.unix.pipe(withTimestamp()) as never,
    "room to spare": Datagram.unix.pipe(withControlMessage(roomy)) as never
  }
  for (const [what, spec] of Object.entries(specs)) {
    for (const count of [1, 2, 3]) {
      it.live(`${count} into ${what}: the datagram arrives, and nothing is open`, () =>
        leakingNothing(
          Effect.gen(function* () {
            const receiver = yield* Datagram.bind(spec, { path: name("undeclared") })
            const sender = yield* Datagram.client(sending)
            const before = openDescriptors()
            const rights = Array.from({ length: count }, () => 0)
            yield* sender.send({ data, to: receiver.localAddress, control: { rights } })
            yield* sender.send({ data, to: receiver.localAddress, control: { rights } })
            expect((yield* receiver.peek).data).toEqual(data)
            yield* openDescriptorsAre(before)
            expect((yield* receiver.receive).data).toEqual(data)
            expect((yield* receiver.receiveBatch).length).toBe(1)
            yield* openDescriptorsAre(before)
          })
        )
      )
    }
  }

  it.live("in place of a pidfd: a fault, and the next datagram is complete", () =>
    leakingNothing(
      Effect.gen(function* () {
        const receiver = yield* Datagram.bind(Datagram.unix.pipe(withPidFd()), { path: name("pidfd") })
        const sender = yield* Datagram.client(sending)
        const before = openDescriptors()
        yield* sender.send({ data, to: receiver.localAddress, control: { rights: [0] } })
        yield* sender.send({ data, to: receiver.localAddress })
        expect(yield* Effect.flip(receiver.receive)).toMatchObject({
          _tag: "DatagramFault",
          reason: "ControlTruncated"
        })
        yield* openDescriptorsAre(before)
        expect(Option.isSome((yield* receiver.receive).control.pidFd)).toBe(true)
      })
    )
  )

  it.live("that a codec reads as plain numbers are closed, too", () => {
    interface Numbers extends ControlMessage<"numbers", "unix", "optional"> {
      readonly received: { readonly numbers: number }
    }
    const numbers = define<Numbers>({
      key: "numbers",
      presence: "optional",
      table: {
        linux: { unix: { request: [], receive: [{ level: 1, type: 1, payload: Codec.int32 }] } },
        darwin: absent,
        winsock: absent
      }
    })
    return leakingNothing(
      Effect.gen(function* () {
        const receiver = yield* Datagram.bind(Datagram.unix.pipe(withControlMessage(numbers)), {
          path: name("numbers")
        })
        const sender = yield* Datagram.client(sending)
        const before = openDescriptors()
        yield* sender.send({ data, to: receiver.localAddress, control: { rights: [0] } })
        expect(Option.isSome((yield* receiver.receive).control.numbers)).toBe(true)
        yield* openDescriptorsAre(before)
      })
    )
  })
})

describe("trap 30: more descriptors than declared", () => {
  for (const [maximum, sent, sentence] of [
    [1, 2, "'rights' came with 2 values, more than the 1 that are declared: raise its maximum"],
    [1, 3, "'rights' came with 2 values, more than the 1 that are declared: raise its maximum"],
    [2, 3, "the kernel had more control data than fits into the derived buffer"],
    [3, 4, "'rights' came with 4 values, more than the 3 that are declared: raise its maximum"],
    [100, 253, "the kernel had more control data than fits into the derived buffer"]
  ] as const) {
    it.live(`${sent} where ${maximum} may come: a fault of that datagram, with every way of reading`, () =>
      leakingNothing(
        Effect.gen(function* () {
          const socket = yield* Datagram.bind(Datagram.unix.pipe(withRights({ maximum })), { path: name("more") })
          const sender = yield* Datagram.client(sending)
          const send = (count: number) =>
            sender.send({ data, to: socket.localAddress, control: { rights: Array.from({ length: count }, () => 0) } })
          const before = openDescriptors()
          yield* send(sent)
          yield* send(maximum)
          const fault = yield* Effect.flip(socket.receive)
          expect(fault).toMatchObject({ _tag: "DatagramFault", reason: "ControlTruncated" })
          expect(fault.message).toBe(`A datagram from ${sender.localAddress}: ${sentence}`)
          yield* openDescriptorsAre(before)
          expect((yield* socket.receive).control.rights).toHaveLength(maximum)

          yield* send(sent)
          yield* send(maximum)
          const outcomes = yield* Stream.runCollect(Stream.take(socket.outcomes, 2))
          expect([...outcomes].map(Either.isRight)).toEqual([false, true])
          yield* openDescriptorsAre(before + maximum)
          expect((yield* socket.stats).faults.ControlTruncated).toBe(2n)
        })
      )
    )
  }

  it.live("an invalid maximum is rejected before a socket is opened", () =>
    leakingNothing(
      Effect.gen(function* () {
        for (const maximum of [0, -1, 1.5, 254, NaN]) {
          const error = yield* Effect.flip(Datagram.pair(Datagram.unix.pipe(withRights({ maximum }))))
          expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument", code: "INVALID" })
          expect(error.message).toBe(
            `withRights({ maximum: ${maximum} }): ${maximum} is not a number of descriptors that may come with a datagram: 1 to 253.`
          )
        }
      })
    )
  )
})

describe("trap 30: descriptors of a datagram that is not delivered", () => {
  const spec = Datagram.unix.pipe(withTimestamp(), withCredentials(), withRights({ maximum: 3 }))
  const bends: ReadonlyArray<readonly [string, string, (slot: FaultyDriver.ReceivedSlot) => void]> = [
    ["control data that was lost", "ControlTruncated", (slot) => void (slot.flags |= ReceiveFlags.controlTruncated)],
    ["a message that is malformed", "ControlMalformed", (slot) => void (slot.control[0] = 31)],
    ["a message that is missing", "ControlMissing", (slot) => void (slot.control[32 + 12] = 77)],
    ["data that was cut", "DataTruncated", (slot) => void (slot.flags |= ReceiveFlags.dataTruncated)],
    ["a sender that cannot be read", "ControlMalformed", (slot) => void (slot.addressLength = 1)]
  ]
  for (const [what, reason, bend] of bends) {
    it.live(`is closed: ${what}`, () => {
      let bending = 0
      const layer = unixLayerOver((driver) =>
        FaultyDriver.wrap(driver, {
          onReceived: (slot) => (bending > 0 && slot.data[0] === 7 ? bend(slot) : undefined)
        })
      )
      return leakingNothing(
        Effect.gen(function* () {
          const receiver = yield* Datagram.bind(spec, { path: name("fault") })
          const sender = yield* Datagram.client(sending)
          const before = openDescriptors()
          bending = 1
          const send = (first: number) =>
            sender.send({ data: Uint8Array.of(first), to: receiver.localAddress, control: { rights: [0, 0, 0] } })
          yield* send(7)
          yield* send(8)
          expect(yield* Effect.flip(receiver.peek)).toMatchObject({ reason })
          yield* openDescriptorsAre(before)
          expect(yield* Effect.flip(receiver.receive)).toMatchObject({ _tag: "DatagramFault", reason })
          yield* openDescriptorsAre(before)
          expect((yield* receiver.receive).control.rights).toHaveLength(3)
          yield* openDescriptorsAre(before + 3)
        }),
        layer
      )
    })
  }

  const small = Datagram.unix.pipe(withRights({ maximum: 2 }), withMaximumDatagramSize(1))
  it.live("are closed if the policy drops it, even after only a peek", () =>
    leakingNothing(
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(small.pipe(withTruncation("drop")), { path: name("drop") })
        const sender = yield* Datagram.client(sending)
        const to = socket.localAddress
        const before = openDescriptors()
        yield* sender.send({ data: Uint8Array.of(1, 2), to, control: { rights: [0, 0] } })
        yield* sender.send({ data, to, control: { rights: [0] } })
        expect((yield* socket.peek).control.rights).toHaveLength(1)
        yield* openDescriptorsAre(before + 1)
        yield* sender.send({ data: Uint8Array.of(1, 2), to, control: { rights: [0, 0] } })
        expect((yield* socket.receiveBatch).length).toBe(1)
        yield* openDescriptorsAre(before + 1)
        expect(yield* socket.receiveWithin(0)).toEqual(Option.none())
        yield* openDescriptorsAre(before)
        expect(yield* socket.stats).toMatchObject({ dequeued: 3n, delivered: 1n, dropped: 2n })
      })
    )
  )

  it.live("are delivered with cut data if the policy delivers it", () =>
    leakingNothing(
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(small.pipe(withTruncation("deliver")), { path: name("deliver") })
        const sender = yield* Datagram.client(sending)
        const rights = yield* files(2)
        yield* sender.send({ data: Uint8Array.of(1, 2), to: socket.localAddress, control: { rights } })
        const { control, truncated } = yield* socket.receive
        expect(Option.isSome(truncated)).toBe(true)
        expect((yield* Effect.forEach(control.rights, Descriptor.take)).map(contentOf)).toEqual(["0", "1"])
      })
    )
  )

  it.live("are closed if another peer sent it before the socket was connected", () => {
    const local = name("local")
    const layer = unixLayerOver((driver) => ({
      ...driver,
      open: (kind) => {
        const socket = driver.open(kind)
        if (isFault(socket)) return socket
        // Between binding and connecting, from an unnamed socket and from one with another name.
        const connect = (to: Uint8Array | undefined) => {
          for (const stranger of [undefined, name("stranger")]) {
            const from = ok(driver.open(kind))
            if (stranger !== undefined) ok(from.bind(unixName(driver, stranger)) ?? 0)
            ok(sendUnix(driver, from, Uint8Array.of(9), rightsMessage(driver, [0]), local))
            from.close()
          }
          return socket.connect(to)
        }
        return { ...socket, connect }
      }
    }))
    return leakingNothing(
      Effect.gen(function* () {
        const spec = Datagram.unix.pipe(withRights({ maximum: 1 }))
        const peer = yield* Datagram.bind(spec, { path: name("peer") })
        const socket = yield* Datagram.connect(spec, peer.localAddress, { local: { path: local } })
        yield* peer.send({ data, to: { path: local }, control: { rights: [0] } })
        const before = openDescriptors()
        expect((yield* socket.receive).from).toEqual(peer.localAddress)
        yield* openDescriptorsAre(before + 1)
        expect((yield* socket.stats).dropped).toBe(2n)
      }),
      layer
    )
  })
})

it("a process out of descriptors: the datagram is a fault, and the next is complete", async () => {
  const program = bundled(new URL("children/limits.ts", import.meta.url))
  const limited = ["sh", "-c", `ulimit -n 1024 && exec "$0" "$@"`]
  const { stderr, stdout } = await ended([...limited, process.execPath, program, "rights"])
  if (stdout === "") throw new Error(stderr)
  expect(JSON.parse(stdout)).toEqual({ reason: "ControlTruncated", open: 0, next: 3, pidFd: false, leaked: 0 })
})

it.live("5,000 exchanges, with every possible end of descriptors, leave none open", () =>
  leakingNothing(
    Effect.gen(function* () {
      const random = seeded(30)
      const socket = yield* Datagram.bind(
        Datagram.unix.pipe(withRights({ maximum: 2 }), withMaximumDatagramSize(4), withTruncation("drop")),
        { path: name("many") }
      )
      const sender = yield* Datagram.client(sending)
      const before = openDescriptors()
      const seen = { handed: 0, taken: 0, gone: 0, faults: 0 }
      /** Reads one datagram and takes its descriptors, or reads again first. */
      const read = Effect.gen(function* () {
        const outcome = yield* Effect.either(socket.receiveWithin(0))
        if (Either.isLeft(outcome)) seen.faults++
        if (Either.isLeft(outcome) || Option.isNone(outcome.right)) return Either.isLeft(outcome)
        const { rights } = outcome.right.value.control
        seen.handed += rights.length
        if (random.chance(0.2)) yield* Effect.ignore(socket.receiveWithin(0))
        for (const descriptor of rights) {
          const taken = yield* Effect.either(Effect.scoped(Descriptor.take(descriptor)))
          seen[Either.isRight(taken) ? "taken" : "gone"]++
        }
        return true
      })
      let waiting = 0
      for (let i = 0; i < 5_000; i++) {
        const count = random.below(5)
        const control = { rights: count === 0 ? undefined : Array.from({ length: count }, () => 0) }
        yield* sender.send({ data: new Uint8Array(random.chance(0.1) ? 9 : 2), to: socket.localAddress, control })
        waiting++
        if (random.chance(0.2)) yield* Effect.ignore(Effect.timeoutOption(socket.peek, 0))
        // Linux queues eleven for a receiver, and then the sender waits.
        if (waiting < 8 && random.chance(0.7)) continue
        waiting = 0
        yield* Effect.repeat(read, { while: (more) => more })
        yield* openDescriptorsAre(before)
      }
      for (const [what, times] of Object.entries(seen)) expect([what, times > 100]).toEqual([what, true])
      expect(seen.taken + seen.gone).toBe(seen.handed)
    })
  )
)
