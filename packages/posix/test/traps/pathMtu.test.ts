/** Trap 15: Linux delivers a path MTU in the receive queue. First the bare kernel, then ours. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, type SocketEvent, withDontFragment, withPathMtuReports } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Either, Option, Stream } from "effect"
import { hasIpv6 } from "../../../testing/machine.ts"
import { borrowed, bound, int, ok, receiveRaw, sendRaw } from "../bareKernel.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const one = Uint8Array.of(1)
const at6 = { address: "::1", port: 0 }
const ipv6 = hasIpv6()
/** The largest payload, which exceeds loopback's 65,536 bytes with its headers. */
const tooLarge = new Uint8Array(65_527)

const take = (socket: { readonly events: Stream.Stream<SocketEvent, unknown> }, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(socket.events, count)), Chunk.toReadonlyArray)

describe.runIf(ipv6)("trap 15: a path MTU report looks like an empty datagram", () => {
  it.scoped("bare kernel: it precedes queued datagrams, without data, and a peek removes it", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound("ipv6"), yield* bound("ipv6")]
      for (const option of [60, 62]) ok(receiver.socket.setOption(41, option, int(1)))
      sendRaw(sender, receiver, one)
      for (let round = 0; round < 2; round++) {
        expect(sendRaw(receiver, sender, tooLarge)).toMatchObject({ code: "EMSGSIZE" })
        const { count, length, messages } = receiveRaw(receiver, 64, 64, round === 0)
        expect([count, length, messages.map(({ level, type }) => [level, type])]).toEqual([1, 0, [[41, 61]]])
        // The next peek or read returns the datagram.
        expect(receiveRaw(receiver, 64, 64, round === 0)).toMatchObject({ count: 1, length: 1, messages: [] })
      }
    })
  )

  const spec = Datagram.ipv6.pipe(withPathMtuReports(), withDontFragment())
  /** The sender of the large datagram: the socket, which looks for the report immediately, or other code with its descriptor. */
  const senders = ["the socket", "other code"] as const
  const twoSockets = Effect.gen(function* () {
    const [socket, peer] = [yield* Datagram.bind(spec, at6), yield* Datagram.bind(Datagram.ipv6, at6)]
    const refused = (by: (typeof senders)[number]) =>
      Effect.gen(function* () {
        if (by === "other code") {
          const other = yield* borrowed(yield* socket.descriptor, "ipv6")
          const sent = sendRaw(other, { ...other, port: peer.localAddress.port }, tooLarge)
          expect(sent).toMatchObject({ code: "EMSGSIZE" })
          return
        }
        const error = yield* Effect.flip(socket.send({ data: tooLarge, to: peer.localAddress }))
        expect(error).toMatchObject({ reason: "MessageTooLarge", code: "EMSGSIZE" })
      })
    const queue = (text: number) => peer.send({ data: Uint8Array.of(text), to: socket.localAddress })
    return { socket, refused, queue }
  })

  type Socket = Effect.Effect.Success<typeof twoSockets>["socket"]
  const readers: { readonly [how: string]: (socket: Socket) => Effect.Effect<number | undefined, unknown> } = {
    receive: (socket) => Effect.map(socket.receive, ({ data }) => data[0]),
    peek: (socket) =>
      Effect.zipRight(
        socket.peek,
        Effect.map(socket.receive, ({ data }) => data[0])
      ),
    receiveBatch: (socket) => Effect.map(socket.receiveBatch, (batch) => Chunk.headNonEmpty(batch).data[0]),
    datagrams: (socket) => Effect.map(Stream.runHead(socket.datagrams), (head) => Option.getOrThrow(head).data[0]),
    outcomes: (socket) =>
      Effect.map(Stream.runHead(socket.outcomes), (head) => Either.getOrThrow(Option.getOrThrow(head)).data[0]),
    forEach: (socket) =>
      Effect.gen(function* () {
        const first = yield* Deferred.make<number | undefined>()
        yield* Effect.raceFirst(
          socket.forEach(({ data }) => Deferred.unsafeDone(first, Effect.succeed(data[0]))),
          Deferred.await(first)
        )
        return yield* Deferred.await(first)
      })
  }
  const cases = senders.flatMap((by) => Object.entries(readers).map(([how, read]) => ({ by, how, read })))
  for (const { by, how, read } of cases)
    it.scopedLive(`ours: ${how} returns the datagram, and the report for ${by} is an event`, () =>
      Effect.gen(function* () {
        const { queue, refused, socket } = yield* twoSockets
        yield* queue(7)
        yield* refused(by)
        expect(yield* read(socket)).toBe(7)
        const [event] = yield* take(socket, 1)
        expect(event).toMatchObject({ _tag: "PathMtuReport", mtu: 65_536 })
        expect(event?._tag === "PathMtuReport" && String(event.destination)).toBe("::1")
        const { dequeued, delivered, events } = yield* socket.stats
        expect([dequeued, delivered, events.dequeued, events.delivered]).toEqual([1n, 1n, 1n, 1n])
      }).pipe(Effect.provide(layer))
    )
})
