/**
 * A socket that is never empty does not starve the event loop or another socket's reader. The limit is a number of
 * datagrams.
 */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, withMaximumDatagramSize } from "@ancillary/effect3"
import { Chunk, Effect, Option, Stream } from "effect"
import { type Bench, bytes } from "./bench.ts"

const bind = Datagram.bind(Datagram.ipv4.pipe(withMaximumDatagramSize(100)), { address: "127.0.0.1", port: 0 })
type Socket = Effect.Effect.Success<typeof bind>

/** Every way to read without end. */
const ways: { readonly [name: string]: (socket: Socket, f: () => void) => Effect.Effect<unknown, unknown> } = {
  receive: (socket, f) => Effect.forever(Effect.map(socket.receive, f)),
  receiveWithin: (socket, f) => Effect.forever(Effect.map(socket.receiveWithin(0), Option.map(f))),
  receiveBatch: (socket, f) => Effect.forever(Effect.map(socket.receiveBatch, Chunk.forEach(f))),
  datagrams: (socket, f) => Stream.runForEach(socket.datagrams, () => Effect.sync(f)),
  outcomes: (socket, f) =>
    Stream.runForEachChunk(socket.outcomes, (chunk) => Effect.sync(() => Chunk.forEach(chunk, f))),
  forEach: (socket, f) => socket.forEach(f),
  forEachBorrowed: (socket, f) => socket.forEachBorrowed(f)
}

/**
 * Datagrams of a turn and of the batch that ends it, twice. A reader may start just before the event loop's next
 * report.
 */
const most = 2 * (256 + 63)
const flood = 5000

export const eventLoop = ({ layer }: Bench): void => {
  describe("turns of the event loop", () => {
    for (const [name, read] of Object.entries(ways)) {
      it.scopedLive(`${name}: yields during a flood, so that timers and other sockets can run`, () =>
        Effect.gen(function* () {
          const [socket, quiet, sender] = [yield* bind, yield* bind, yield* bind]
          const to = socket.localAddress
          const data = bytes("x")
          let handed = 0
          let [sentAt, quietAt] = [Infinity, Infinity]
          // Each delivered datagram is followed by another, up to a limit.
          const answer = () => {
            handed++
            if (handed === 1000) {
              sentAt = handed
              Effect.runSync(sender.send({ data, to: quiet.localAddress }))
            }
            if (handed < flood) Effect.runSync(sender.send({ data, to }))
          }
          yield* Effect.replicateEffect(sender.send({ data, to }), 128)
          yield* Effect.forkScoped(quiet.forEach(() => void (quietAt = handed)))
          const between: Array<number> = []
          let before = 0
          const note = () => {
            between.push(handed - before)
            before = handed
            if (handed < flood) setImmediate(note)
          }
          setImmediate(note)
          yield* Effect.forkScoped(read(socket, answer))
          yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => handed >= flood && quietAt < Infinity })
          expect(Math.max(...between)).toBeLessThanOrEqual(most)
          expect(quietAt - sentAt).toBeLessThanOrEqual(most)
        }).pipe(Effect.provide(layer))
      )
    }
  })
}
