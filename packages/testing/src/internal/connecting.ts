/** Connecting a bound socket and disconnecting it. */
import { Datagram, type DatagramSocket } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Chunk, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

type Socket = DatagramSocket<"ipv4", never>

export const connecting = ({ facts, layer }: Bench): void => {
  const loopback = { ipv4: "127.0.0.1", ipv6: "::1" } as const
  describe("connecting a bound socket", () => {
    for (const family of facts.families) {
      const spec = (family === "ipv4" ? Datagram.ipv4 : Datagram.ipv6) as typeof Datagram.ipv4
      const address = loopback[family]
      const bound = Datagram.bind(spec, { address, port: 0 })
      if (!facts.connecting.includes(family)) {
        it.scopedLive(`${family}: is rejected, and the error gives the remedy`, () =>
          Effect.gen(function* () {
            const [socket, peer] = [yield* bound, yield* bound]
            const error = yield* Effect.flip(socket.connect(peer.localAddress))
            expect(error).toMatchObject({ _tag: "DatagramUnsupportedError", feature: "connect" })
            expect(error.message).toMatch(/Open a socket for this peer with Datagram\.connect\.$/)
            yield* exchange(peer, socket, "still there")
          }).pipe(Effect.provide(layer))
        )
        continue
      }
      /** Binds to a port that the program chose, and that was free just before. */
      const chosen = Effect.gen(function* () {
        const { port } = yield* Effect.scoped(Effect.map(bound, ({ localAddress }) => localAddress))
        return yield* Datagram.bind(spec, { address: family === "ipv4" ? "0.0.0.0" : "::", port })
      })
      it.scopedLive(`${family}: receives only from its peer, and from all peers afterwards`, () =>
        Effect.gen(function* () {
          const [socket, peer, stranger] = [yield* chosen, yield* bound, yield* bound]
          const to = { address, port: socket.localAddress.port }
          for (let round = 0; round < 2; round++) {
            yield* stranger.send({ data: bytes("before"), to })
            yield* Effect.scoped(
              Effect.gen(function* () {
                const connected = yield* socket.connect(peer.localAddress)
                expect(String(connected.peer)).toBe(String(peer.localAddress))
                expect(String(connected.localAddress)).toBe(
                  family === "ipv4" ? `127.0.0.1:${to.port}` : `[::1]:${to.port}`
                )
                yield* stranger.send({ data: bytes("meanwhile"), to })
                yield* peer.send({ data: bytes("asked"), to })
                expect(text((yield* connected.receive).data)).toBe("asked")
                yield* connected.send({ data: bytes("answered") })
                expect(text((yield* peer.receive).data)).toBe("answered")
                const wrong = yield* Effect.flip(
                  connected.send({ data: bytes("x"), to: stranger.localAddress } as never)
                )
                expect(wrong.message).toMatch(/^to: this socket is connected to .* and sends only to that peer/)
                const missing = yield* Effect.flip(socket.send({ data: bytes("x") } as never))
                expect(missing).toMatchObject({ reason: "InvalidArgument" })
                // Either can read the datagram, because they are one socket.
                yield* peer.send({ data: bytes("again"), to })
                expect(text((yield* socket.receive).data)).toBe("again")
                yield* peer.send({ data: bytes("left"), to })
              })
            )
            expect(text((yield* socket.receive).data)).toBe("left")
            yield* exchange(stranger, socket, `afterwards ${round}`, to)
            yield* exchange(peer, socket, `peer ${round}`, to)
          }
          expect((yield* socket.stats).dropped).toBe(2n)
          expect((yield* socket.stats).putBack).toBe(0n)
        }).pipe(Effect.provide(layer))
      )
      it.scopedLive(`${family}: a refusal is a receive error, and none is left afterwards`, () =>
        Effect.gen(function* () {
          const socket = yield* chosen
          const stranger = yield* bound
          const to = { address, port: socket.localAddress.port }
          const gone = yield* Effect.scoped(Effect.map(bound, ({ localAddress }) => localAddress))
          yield* Effect.scoped(
            Effect.gen(function* () {
              const connected = yield* socket.connect(gone)
              if (facts.refusals) {
                yield* connected.send({ data: bytes("anyone?") })
                expect(yield* Effect.flip(connected.receive)).toMatchObject({ reason: "ConnectionRefused" })
              }
              yield* connected.send({ data: bytes("anyone?") })
            })
          )
          yield* exchange(stranger, socket, "as before", to)
        }).pipe(Effect.provide(layer))
      )
      it.scopedLive(`${family}: at its end a waiting read fails with Closed, and a stream ends`, () =>
        Effect.gen(function* () {
          const [socket, peer] = [yield* chosen, yield* bound]
          const to = { address, port: socket.localAddress.port }
          const scope = yield* Scope.make()
          const connected = yield* Scope.extend(socket.connect(peer.localAddress), scope)
          const waiting = yield* Effect.forEach(
            [
              connected.receive,
              connected.receiveWithin("1 hour"),
              connected.peek,
              connected.receiveBatch,
              Stream.runDrain(connected.datagrams),
              Stream.runDrain(connected.events),
              connected.forEach(() => {}),
              connected.forEachBorrowed(() => {})
            ] as ReadonlyArray<Effect.Effect<unknown, { readonly reason: string }>>,
            (each) => Effect.fork(each)
          )
          const own = yield* Effect.fork(socket.receive)
          yield* Effect.sleep(0)
          yield* Scope.close(scope, Exit.void)
          for (const fiber of waiting) {
            const exit = yield* Fiber.await(fiber)
            expect(Exit.isFailure(exit) && Chunk.toReadonlyArray(Cause.failures(exit.cause))).toMatchObject([
              { reason: "Closed" }
            ])
          }
          for (const late of [connected.receive, connected.send({ data: bytes("x") }), connected.descriptor])
            expect(yield* Effect.flip(late as Effect.Effect<unknown, { readonly reason: string }>)).toMatchObject({
              reason: "Closed"
            })
          yield* peer.send({ data: bytes("mine"), to })
          expect(text((yield* Fiber.join(own)).data)).toBe("mine")
        }).pipe(Effect.provide(layer))
      )
      it.scopedLive(`${family}: a second peer, a wrong one, a closed socket: typed errors`, () =>
        Effect.gen(function* () {
          const [socket, peer, stranger] = [yield* chosen, yield* bound, yield* bound]
          const to = { address, port: socket.localAddress.port }
          const group = family === "ipv4" ? "224.0.0.1" : "ff02::1"
          const any = family === "ipv4" ? "0.0.0.0" : "::"
          const refused = (given: unknown, why: RegExp) =>
            Effect.map(Effect.scoped(Effect.flip(socket.connect(given as never))), (error) => {
              expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
              expect(error.message).toMatch(why)
            })
          yield* refused({ address, port: 0 }, /^peer: port 0 /)
          yield* refused({ address: group, port: 9 }, /^peer: .* is a group/)
          yield* refused({ address: any, port: 9 }, /^peer: .* is not the address of a host/)
          const lying = { malformed: 1 }
          const throwing = new Proxy(
            {},
            {
              get: () => {
                throw new Error("no")
              }
            }
          )
          for (const wrong of [undefined, null, 1, "x", {}, lying, throwing, { address: 1, port: 9 }])
            yield* refused(wrong, /^peer: /)
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* socket.connect(peer.localAddress)
              yield* refused(stranger.localAddress, /is connected to .*End the scope of that connection first/)
              yield* exchange(peer, socket, "the first holds", to)
            })
          )
          yield* exchange(stranger, socket, "as before", to)
          const closed = yield* Effect.scoped(chosen)
          const error = yield* Effect.flip(closed.connect(peer.localAddress))
          expect(error.message).toMatch(/^Connecting failed: the scope of the socket has ended/)
        }).pipe(Effect.provide(layer))
      )
    }
  })
}

/** Exchanges one datagram in each direction. */
const exchange = (
  one: Pick<Socket, "send" | "receive" | "localAddress">,
  other: Socket,
  words: string,
  to: { readonly address: string; readonly port: number } | Socket["localAddress"] = other.localAddress
): Effect.Effect<void, unknown> =>
  Effect.gen(function* () {
    yield* one.send({ data: bytes(words), to })
    const got = yield* other.receive
    expect([text(got.data), String(got.from)]).toEqual([words, String(one.localAddress)])
    yield* other.send({ data: bytes(`${words}!`), to: got.from })
    expect(text((yield* one.receive).data)).toBe(`${words}!`)
  })
