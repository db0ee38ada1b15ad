/** A receiver with a full queue. Its senders wait until it is read, and use no processor time meanwhile. */
import { Datagram, withSendBufferSize } from "@ancillary/effect3"
import type { NativeSocket } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { leakingNothing, unixLayerOver } from "./files.ts"
import { ok } from "./bareKernel.ts"
import { barePair, bareUnix, sendUnix } from "./bareUnix.ts"
import { fillQueue } from "./fullQueue.ts"
import { sockets, turn } from "./process.ts"

const { unix } = Datagram
const abstract = (of: string) => `\0ancillary-${of}-${process.pid}`
const data = Uint8Array.of(1)
/** Turns of the event loop, in each of which a useless attempt would be possible. */
const turns = (count: number) => Effect.repeatN(Effect.promise(turn), count - 1)

/** The layer, with a count of its sends. */
const counting = () => {
  const calls = { sends: 0, opens: 0 }
  const layer = unixLayerOver((driver) =>
    FaultyDriver.wrap(driver, {
      onSend: () => void calls.sends++,
      onOpen: () => {
        calls.opens++
        return undefined
      }
    })
  )
  return { calls, layer }
}

it.scoped("trap 31, bare kernel: a full receiver is EAGAIN, yet the sender polls writable", () =>
  Effect.gen(function* () {
    const { driver } = yield* barePair
    yield* bareUnix(driver, abstract("full"))
    const sendBy = (socket: NativeSocket) => ok(sendUnix(driver, socket, data, undefined, abstract("full")))
    const sender = yield* bareUnix(driver)
    const send = () => sendBy(sender)
    // One sender's buffer may hold less than the receiver's queue, and a socket with a full buffer is not writable.
    for (let sent = 1; sent > 0;) {
      const filler = yield* bareUnix(driver)
      sent = 0
      while (sendBy(filler) === 1) sent++
    }
    let woken = 0
    const poll = ok(
      sender.poll((_, writable) => {
        if (writable && send() === 0) woken++
      })
    )
    poll.update(false, true)
    yield* turns(20)
    poll.close()
    expect(woken).toBeGreaterThan(10)
  })
)

describe("trap 31: a sender to a full receiver", () => {
  for (const kind of ["unconnected", "connected"] as const) {
    it.live(`${kind}: waits without trying, and all arrives in its order`, () => {
      const { calls, layer } = counting()
      return leakingNothing(
        Effect.gen(function* () {
          const receiver = yield* Datagram.bind(unix, { path: abstract("slow") })
          const { path } = receiver.localAddress
          const [client, connected] = [
            yield* Datagram.client(unix),
            yield* Datagram.connect(unix, receiver.localAddress)
          ]
          const send = (i: number) =>
            kind === "connected"
              ? connected.send({ data: Uint8Array.of(i) })
              : client.send({ data: Uint8Array.of(i), to: { path: path ?? "" } })
          const all = Array.from({ length: 40 }, (_, i) => i)
          const before = yield* fillQueue(receiver.localAddress)
          calls.sends = 0
          const sending = yield* Effect.fork(Effect.forEach(all, send))
          yield* turns(20)
          const filled = calls.sends
          expect(filled).toBeLessThan(20)
          yield* turns(200)
          expect(calls.sends).toBe(filled)
          for (let i = 0; i < before; i++) yield* receiver.receive
          const seen: Array<number | undefined> = []
          while (seen.length < all.length) seen.push((yield* receiver.receive).data[0])
          expect(seen).toEqual(all)
          yield* Fiber.join(sending)
          // Each wait is at most two attempts: one before it, one after.
          expect(calls.sends).toBeLessThan(3 * all.length)
        }),
        layer
      )
    })
  }

  it.live("that is one of many: none starves, and none makes useless attempts", () => {
    const { calls, layer } = counting()
    return leakingNothing(
      Effect.gen(function* () {
        const receiver = yield* Datagram.bind(unix, { path: abstract("busy") })
        const client = yield* Datagram.client(unix)
        const to = receiver.localAddress
        const before = yield* fillQueue(to)
        const sending = yield* Effect.fork(
          Effect.forEach(Array.from({ length: 8 }), () => Effect.repeatN(client.send({ data, to }), 9), {
            concurrency: "unbounded"
          })
        )
        yield* turns(50)
        const filled = calls.sends
        yield* turns(200)
        expect(calls.sends).toBe(filled)
        for (let i = 0; i < before + 80; i++) yield* receiver.receive
        yield* Fiber.join(sending)
        expect((yield* receiver.stats).delivered).toBe(BigInt(before + 80))
      }),
      layer
    )
  })

  for (const how of ["send", "sendAll"] as const)
    for (const bytes of [1, 16_000])
      it.live(`${how}, ${bytes} bytes: a receiver that reads is served while another one does not read`, () =>
        leakingNothing(
          Effect.gen(function* () {
            const [silent, reading] = [
              yield* Datagram.bind(unix, { path: abstract(`silent-${how}-${bytes}`) }),
              yield* Datagram.bind(unix, { path: abstract(`reading-${how}-${bytes}`) })
            ]
            const client = yield* Datagram.client(unix)
            // More than a quarter of the buffer, so from now on the socket polls as not writable.
            for (let i = 0; i < 8; i++) yield* client.send({ data: new Uint8Array(8000), to: silent.localAddress })
            const count = 100
            const all = Array.from({ length: count }, (_, i) => ({
              data: new Uint8Array(bytes).fill(i),
              to: reading.localAddress
            }))
            const sending = yield* Effect.fork(
              how === "send" ? Effect.forEach(all, client.send, { discard: true }) : Effect.asVoid(client.sendAll(all))
            )
            const seen: Array<number | undefined> = []
            while (seen.length < count) seen.push((yield* reading.receive).data[0])
            expect(seen).toEqual(all.map(({ data }) => data[0]))
            yield* Fiber.join(sending)
            expect((yield* client.stats).sent).toBe(BigInt(count + 8))
          })
        )
      )

  it.live("without waiting: the error names the receiver's queue beside the send buffer", () =>
    leakingNothing(
      Effect.gen(function* () {
        const receiver = yield* Datagram.bind(unix, { path: abstract("named") })
        const client = yield* Datagram.client(unix)
        const error = yield* Effect.flip(
          Effect.forever(Effect.suspend(() => client.trySend({ data, to: receiver.localAddress })))
        )
        expect(error).toMatchObject({ reason: "WouldBlock" })
        expect(error.message).toContain("would have to wait: the receiver's queue or the send buffer is full.")
      })
    )
  )

  it.live("that is interrupted, or whose socket or receiver is closed, leaks nothing", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [receivers, clients] = [yield* Scope.make(), yield* Scope.make()]
        const receiver = yield* Scope.extend(Datagram.bind(unix, { path: abstract("ending") }), receivers)
        const to = receiver.localAddress
        const closing = yield* Scope.extend(Datagram.client(unix), clients)
        const client = yield* Datagram.client(unix)
        yield* fillQueue(to)
        const before = sockets()
        const endless = (socket: typeof client) => Effect.fork(Effect.flip(Effect.forever(socket.send({ data, to }))))
        const [closed, interrupted, refused] = [yield* endless(closing), yield* endless(client), yield* endless(client)]
        yield* turns(20)
        // One for each waiting sender.
        expect(sockets()).toBe(before + 3)
        yield* Fiber.interrupt(interrupted)
        expect(sockets()).toBe(before + 2)
        yield* Scope.close(clients, Exit.void)
        expect(yield* Fiber.join(closed)).toMatchObject({ _tag: "DatagramSendError", reason: "Closed" })
        expect(sockets()).toBe(before)
        yield* Scope.close(receivers, Exit.void)
        expect(yield* Fiber.join(refused)).toMatchObject({ reason: "ConnectionRefused", code: "ECONNREFUSED" })
        expect(sockets()).toBe(before - 2)
      })
    )
  )

  it.live("without a descriptor for the wait fails instead of waiting for ever", () => {
    let full = false
    const layer = unixLayerOver((driver) =>
      FaultyDriver.wrap(driver, {
        onOpen: () => (full ? { syscall: "socket", code: "EMFILE", errno: 24 } : undefined)
      })
    )
    return leakingNothing(
      Effect.gen(function* () {
        const receiver = yield* Datagram.bind(unix, { path: abstract("poor") })
        const client = yield* Datagram.client(unix)
        yield* fillQueue(receiver.localAddress)
        full = true
        const error = yield* Effect.flip(Effect.forever(client.send({ data, to: receiver.localAddress })))
        full = false
        expect(error).toMatchObject({ reason: "Other", code: "EMFILE" })
        expect(error.message).toBe(
          `Waiting for room at ${receiver.localAddress} failed (socket: EMFILE 24). The process has too many sockets and files open. Close some, or raise its limit (ulimit -n).`
        )
      }),
      layer
    )
  })

  it.live("with a full send buffer waits for it, of a pair or not", () => {
    const { calls, layer } = counting()
    return leakingNothing(
      Effect.gen(function* () {
        const [first, second] = yield* Datagram.pair(unix.pipe(withSendBufferSize(4096)))
        const large = new Uint8Array(2000)
        const sending = yield* Effect.fork(Effect.repeatN(first.send({ data: large }), 49))
        yield* turns(50)
        const filled = calls.sends
        expect(filled).toBeLessThan(20)
        yield* turns(200)
        expect(calls.sends).toBe(filled)
        for (let i = 0; i < 50; i++) yield* second.receive
        yield* Fiber.join(sending)
      }),
      layer
    )
  })
})
