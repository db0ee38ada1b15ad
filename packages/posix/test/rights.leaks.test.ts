/** Received descriptors: their arrival, their owner, and their end. */
import { closeSync } from "node:fs"
import { Descriptor as ReceivedDescriptor } from "@ancillary/control"
import { Datagram, Descriptor, serve, withRights } from "@ancillary/effect3"
import { type NativeArena, ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { isFault } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Exit, Fiber, Option, Scope, Stream } from "effect"
import { linux } from "../src/internal/platform.ts"
import { contentOf, files, isClosedOnExec, isOpen, leakingNothing, unixLayerOver } from "./files.ts"
import { int, libc, ok } from "./bareKernel.ts"
import { barePair, receiveUnix, rightsMessage, sendUnix, unixArena } from "./bareUnix.ts"
import { openDescriptors, openDescriptorsAre, turn } from "./process.ts"

const data = Uint8Array.of(1)
const spec = Datagram.unix.pipe(withRights({ maximum: 3 }))

describe("trap 30, bare kernel", () => {
  it.scoped("room for one descriptor takes two, and the kernel closes and reports a third", () =>
    Effect.gen(function* () {
      const { driver, first, second } = yield* barePair
      const numbers = yield* files(3)
      for (const [sent, arrived, flags] of [
        [1, 1, 0],
        [2, 2, 0],
        [3, 2, ReceiveFlags.controlTruncated]
      ] as const) {
        const before = openDescriptors()
        ok(sendUnix(driver, first, data, rightsMessage(driver, numbers.slice(0, sent))))
        const seen = receiveUnix(driver, second, 24)
        expect([seen.numbers.map(contentOf), seen.flags]).toEqual([["0", "1"].slice(0, arrived), flags])
        yield* openDescriptorsAre(before + arrived)
        for (const number of seen.numbers) closeSync(number)
      }
    })
  )

  it.scoped("each peek installs another set", () =>
    Effect.gen(function* () {
      const { driver, first, second } = yield* barePair
      const before = openDescriptors()
      ok(sendUnix(driver, first, data, rightsMessage(driver, [0])))
      const seen = [true, true, false].flatMap((peek) => receiveUnix(driver, second, 24, peek).numbers)
      expect(new Set(seen).size).toBe(3)
      yield* openDescriptorsAre(before + 3)
      for (const number of seen) closeSync(number)
    })
  )

  it.scoped("they are inherited by child programs without the flag that ours sets", () =>
    Effect.gen(function* () {
      const { driver, first, second } = yield* barePair
      ok(sendUnix(driver, first, data, rightsMessage(driver, [0])))
      ok(sendUnix(driver, first, data, rightsMessage(driver, [0])))
      const into = unixArena(driver, "receive", 24) as NativeArena
      into.prepare(1, 0)
      const MSG_CMSG_CLOEXEC = 0x40000000
      libc.recvmsg(second.descriptor, into.headerAddress(0), linux.receiveFlags & ~MSG_CMSG_CLOEXEC)
      const plain = into.view.getInt32(into.controlAt(0) + 16, true)
      into.free()
      const [ours = -1] = receiveUnix(driver, second, 24).numbers
      expect([isClosedOnExec(plain), isClosedOnExec(ours)]).toEqual([false, true])
      closeSync(plain)
      closeSync(ours)
    })
  )
})

describe("received descriptors", () => {
  it.live("are open files in their order, valid until the scope that took them ends", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        yield* Effect.scoped(
          Effect.flatMap(files(3), (rights) => sender.send({ data, control: { rights: [...rights] } }))
        )
        const { control } = yield* receiver.receive
        expect(control.rights.map(({ state }) => state)).toEqual(["untaken", "untaken", "untaken"])
        const scope = yield* Scope.make()
        const numbers = yield* Effect.forEach(control.rights, Descriptor.take).pipe(Scope.extend(scope))
        expect(numbers).toEqual(control.rights.map(({ number }) => number))
        // The sender closed its own and the socket was read again. These belong to the scope.
        yield* sender.send({ data })
        expect((yield* receiver.receive).control.rights).toEqual([])
        expect(numbers.map(contentOf)).toEqual(["0", "1", "2"])
        expect(numbers.map(isClosedOnExec)).toEqual([true, true, true])
        expect(String(control.rights[0])).toBe(`descriptor ${numbers[0]} (taken)`)
        yield* Scope.close(scope, Exit.void)
        yield* Effect.promise(turn).pipe(Effect.repeat({ until: () => !numbers.some(isOpen) }))
        expect(control.rights.map(({ state }) => state)).toEqual(["closed", "closed", "closed"])
      })
    )
  )

  it.live("may be 253 at once, and arrive between named sockets", () =>
    leakingNothing(
      Effect.gen(function* () {
        const all = Datagram.unix.pipe(withRights({ maximum: 253 }))
        const receiver = yield* Datagram.bind(all, { path: `\0ancillary-rights-${process.pid}` })
        const sender = yield* Datagram.client(Datagram.unix.pipe(withRights({ only: "send" })))
        const [file = -1] = yield* files(1)
        const rights = Array.from({ length: 253 }, () => file)
        yield* sender.send({ data, to: receiver.localAddress, control: { rights } })
        const { control, from } = yield* receiver.receive
        expect(from).toEqual(sender.localAddress)
        expect(control.rights).toHaveLength(253)
        expect(contentOf(control.rights[252]?.number ?? -1)).toBe("0")
      })
    )
  )

  it.live("can be sent on, taken or not", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        const [onward, last] = yield* Datagram.pair(spec)
        const rights = yield* files(2)
        yield* sender.send({ data, control: { rights } })
        const { control } = yield* receiver.receive
        const [untaken, taken] = control.rights
        if (untaken === undefined || taken === undefined) throw new Error("two were sent")
        const number = yield* Descriptor.take(taken)
        yield* onward.send({ data, control: { rights: [untaken, taken, number] } })
        expect((yield* last.receive).control.rights.map((each) => contentOf(each.number))).toEqual(["0", "1", "1"])
      })
    )
  )
})

describe("a descriptor that is not taken", () => {
  /** Every way to read once more. */
  const pairOf = Datagram.pair(spec)
  type Socket = Effect.Effect.Success<typeof pairOf>[1]
  const reads: ReadonlyArray<readonly [string, (socket: Socket) => Effect.Effect<unknown, unknown>]> = [
    ["receive", (socket) => socket.receive],
    ["receiveWithin", (socket) => socket.receiveWithin("1 second")],
    ["receiveBatch", (socket) => socket.receiveBatch],
    ["peek", (socket) => socket.peek],
    ["a stream", (socket) => Stream.runDrain(Stream.take(socket.datagrams, 1))],
    ["outcomes", (socket) => Stream.runDrain(Stream.take(socket.outcomes, 1))],
    [
      "forEach",
      (socket) =>
        Effect.flatMap(Deferred.make<void>(), (once) =>
          Effect.raceFirst(
            socket.forEach(() => Effect.runSync(Deferred.succeed(once, undefined))),
            Deferred.await(once)
          )
        )
    ],
    ["a read that finds nothing", (socket) => Effect.zipRight(socket.receive, socket.receiveWithin(0))]
  ]
  for (const [name, read] of reads) {
    it.live(`is closed at the next read: ${name}`, () =>
      leakingNothing(
        Effect.gen(function* () {
          const [sender, receiver] = yield* Datagram.pair(spec)
          const before = openDescriptors()
          yield* sender.send({ data, control: { rights: [0, 0] } })
          const { control } = yield* receiver.receive
          yield* openDescriptorsAre(before + 2)
          yield* sender.send({ data })
          yield* read(receiver)
          yield* openDescriptorsAre(before)
          const [first = new ReceivedDescriptor(-1)] = control.rights
          expect(yield* Effect.flip(Descriptor.take(first))).toMatchObject({
            _tag: "DescriptorUnavailableError",
            reason: "Closed",
            message: `Descriptor ${first.number} is closed: its socket was read again or closed, or the callback of its loop returned. Take it before that.`
          })
          // Another file has its number now.
          const stale = yield* Effect.flip(sender.send({ data, control: { rights: [first] } }))
          expect(stale.message).toBe(
            `control.rights: the descriptor ${first.number} was closed: its number is another's by now. Nothing was sent.`
          )
        })
      )
    )
  }

  it.live("is closed with the socket, and so are those in the kernel's queue", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        for (const rights of [[0], [0, 0], [0, 0, 0]]) yield* sender.send({ data, control: { rights } })
        yield* receiver.receive
      })
    )
  )

  it.live("of a batch that a consumer abandoned is closed by the next read", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        const before = openDescriptors()
        for (let i = 0; i < 6; i++) yield* sender.send({ data, control: { rights: [0, 0] } })
        yield* Stream.runDrain(Stream.take(receiver.datagrams, 2))
        yield* openDescriptorsAre(before + 12)
        expect(yield* receiver.receiveWithin(0)).toEqual(Option.none())
        yield* openDescriptorsAre(before)
      })
    )
  )

  it.live("of a batch is valid until the next read", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        const rights = yield* files(3)
        for (const each of rights) yield* sender.send({ data, control: { rights: [each] } })
        const seen = yield* Stream.runCollect(
          Stream.take(receiver.datagrams, 3).pipe(
            Stream.mapEffect(({ control }) => Effect.forEach(control.rights, Descriptor.take))
          )
        )
        expect(Chunk.toReadonlyArray(seen).flat().map(contentOf)).toEqual(["0", "1", "2"])
      })
    )
  )

  it.live("put back by a failed loop goes to the next reader, or is closed with the socket", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        const rights = yield* files(3)
        const before = openDescriptors()
        for (const each of rights) yield* sender.send({ data, control: { rights: [each] } })
        const exit = yield* Effect.exit(
          receiver.forEach(() => {
            throw new Error("no")
          })
        )
        expect(Exit.isFailure(exit)).toBe(true)
        // The first callback has ended, and the others have not begun. A peek does not close theirs either.
        yield* openDescriptorsAre(before + 2)
        expect((yield* receiver.peek).control.rights.map(({ number }) => contentOf(number))).toEqual(["1"])
        yield* openDescriptorsAre(before + 2)
        const { control } = yield* receiver.receive
        expect(control.rights.map(({ number }) => contentOf(number))).toEqual(["1"])
        yield* openDescriptorsAre(before + 2)
        expect(yield* receiver.stats).toMatchObject({ dequeued: 3n, delivered: 2n, putBack: 1n })
      })
    )
  )

  it.live("of a reader that was interrupted, or lost a race, is closed", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        const waiting = yield* Effect.fork(receiver.receive)
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(waiting)
        yield* sender.send({ data, control: { rights: [0] } })
        yield* Effect.raceFirst(receiver.receive, Effect.never)
        yield* sender.send({ data, control: { rights: [0] } })
        yield* Effect.raceFirst(Effect.void, receiver.receive)
      })
    )
  )
})

describe("taking", () => {
  it.live("twice, or one that was not received, fails with a typed error", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        yield* sender.send({ data, control: { rights: [0] } })
        const [descriptor = new ReceivedDescriptor(-1)] = (yield* receiver.receive).control.rights
        const number = yield* Descriptor.take(descriptor)
        expect(yield* Effect.flip(Descriptor.take(descriptor))).toMatchObject({
          _tag: "DescriptorUnavailableError",
          reason: "Taken",
          message: `Descriptor ${number} was taken before, and is its taker's: take it once, and share the number.`
        })
        expect(isOpen(number)).toBe(true)
        expect(yield* Effect.flip(Descriptor.take(new ReceivedDescriptor(0)))).toMatchObject({
          reason: "Foreign",
          message: "Descriptor 0 did not come with a datagram: there is nothing to take."
        })
      })
    )
  )

  it.live("fails after the socket's scope, and before it makes it outlast the socket", () =>
    leakingNothing(
      Effect.gen(function* () {
        const pairs = yield* Scope.make()
        const [sender, receiver] = yield* Scope.extend(Datagram.pair(spec), pairs)
        yield* sender.send({ data, control: { rights: yield* files(2) } })
        const [kept, late] = (yield* receiver.receive).control.rights
        if (kept === undefined || late === undefined) throw new Error("two were sent")
        const number = yield* Descriptor.take(kept)
        yield* Scope.close(pairs, Exit.void)
        expect(contentOf(number)).toBe("0")
        expect(yield* Effect.flip(Descriptor.take(late))).toMatchObject({ reason: "Closed" })
      })
    )
  )

  it.live("in handlers of a server, however late, works while the handler runs", () =>
    leakingNothing(
      Effect.gen(function* () {
        const path = `\0ancillary-serve-${process.pid}`
        const seen: Array<string> = []
        const all = yield* Deferred.make<void>()
        const sender = yield* Datagram.client(Datagram.unix.pipe(withRights({ only: "send" })))
        const open = yield* Deferred.make<void>()
        const before = openDescriptors()
        yield* serve(
          spec,
          { path },
          ({ control, data: [what] }) =>
            Effect.gen(function* () {
              yield* Deferred.await(open)
              // Every third handler does not take its descriptors.
              if (what !== 2) {
                const numbers = yield* Effect.forEach(control.rights, Descriptor.take)
                seen.push(...numbers.map(contentOf))
              }
              if (what === 8) yield* Deferred.succeed(all, undefined)
            }).pipe(Effect.scoped),
          { concurrency: 16 }
        )
        const rights = yield* files(9)
        for (let i = 0; i < 9; i++) {
          const control = { rights: [rights[i] ?? -1] }
          yield* sender.send({ data: Uint8Array.of(i), to: { path }, control })
        }
        // All of them are read before the first handler continues.
        const read = () => openDescriptors() === before + 1 + 9 + 9
        yield* Effect.promise(turn).pipe(Effect.repeat({ until: read }))
        yield* Deferred.succeed(open, undefined)
        yield* Deferred.await(all)
        yield* Effect.yieldNow()
        expect(seen.toSorted()).toEqual(["0", "1", "3", "4", "5", "6", "7", "8"])
        yield* openDescriptorsAre(before + 1 + 9)
      })
    )
  )
})

describe("sending", () => {
  it.live("invalid descriptors, or too many, are rejected before the call", () => {
    let calls = 0
    const layer = unixLayerOver((driver) => FaultyDriver.wrap(driver, { onSend: () => void calls++ }))
    return leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        for (const [rights, why] of [
          [[], "0 descriptors cannot go with a datagram: 1 to 253 do, and with none the message is left out"],
          [
            Array.from({ length: 254 }, () => 0),
            "254 descriptors cannot go with a datagram: 1 to 253 do, and with none the message is left out"
          ],
          [[0, -1], "-1 is not a descriptor"],
          [[1.5], "1.5 is not a descriptor"],
          [["0"], "'0' is not a descriptor"],
          [[2 ** 31], "2147483648 is not a descriptor"],
          [0, "0 is not an array of descriptors"]
        ] as const) {
          const error = yield* Effect.flip(sender.send({ data, control: { rights: rights as ReadonlyArray<number> } }))
          expect(error).toMatchObject({
            reason: "InvalidArgument",
            code: "INVALID",
            field: Option.some("control.rights")
          })
          expect(error.message).toBe(`control.rights: ${why}. Nothing was sent.`)
        }
        expect(calls).toBe(0)
        yield* sender.send({ data, control: { rights: [0] } })
        expect((yield* receiver.receive).control.rights).toHaveLength(1)
      }),
      layer
    )
  })

  it.live("the kernel refuses a closed number, and the error names the field", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        const [closed = -1] = yield* Effect.scoped(files(1))
        expect(yield* Effect.flip(sender.send({ data, control: { rights: [0, closed] } }))).toMatchObject({
          reason: "InvalidArgument",
          code: "EBADF",
          field: Option.some("control.rights"),
          message:
            "Sending 1 bytes to unnamed with 'rights' failed (sendmsg: EBADF 9). One of the numbers is no open descriptor of this process: send it before it is closed."
        })
        expect(yield* receiver.receiveWithin(0)).toEqual(Option.none())
      })
    )
  )

  it.live("the kernel refuses a receiver that takes none, too", () => {
    // Linux 6.16: SO_PASSRIGHTS, 0 on the second of the pair.
    const layer = unixLayerOver((driver) => ({
      ...driver,
      pair: () => {
        const pair = driver.pair()
        if (!isFault(pair)) ok(pair[1].setOption(1, 83, int(0)) ?? 0)
        return pair
      }
    }))
    return leakingNothing(
      Effect.gen(function* () {
        const [sender] = yield* Datagram.pair(spec)
        expect(yield* Effect.flip(sender.send({ data, control: { rights: [0] } }))).toMatchObject({
          reason: "PermissionDenied",
          code: "EPERM",
          field: Option.some("control.rights"),
          message:
            "Sending 1 bytes to unnamed with 'rights' failed (sendmsg: EPERM 1). The receiver takes no descriptors (SO_PASSRIGHTS): send it data alone."
        })
        yield* sender.send({ data })
      }),
      layer
    )
  })
})
