/**
 * Readers that are interrupted wherever their fiber yields. A reader loses no datagram that it did not get, and the next reader goes on where
 * this one ended.
 */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, withMaximumDatagramSize } from "@ancillary/effect3"
import { Chunk, Effect, Fiber, Option, Stream } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const bind = Datagram.bind(Datagram.ipv4.pipe(withMaximumDatagramSize(100)), { address: "127.0.0.1", port: 0 })
type Socket = Effect.Effect.Success<typeof bind>
type Got = (datagram: { readonly data: Uint8Array }) => void

/** Every way to read without end. */
const exact: { readonly [name: string]: (socket: Socket, got: Got) => Effect.Effect<unknown, unknown> } = {
  receive: (socket, got) => Effect.forever(Effect.map(socket.receive, got)),
  "receiveWithin, no time": (socket, got) => Effect.forever(Effect.map(socket.receiveWithin(0), Option.map(got))),
  "receiveWithin, a minute": (socket, got) =>
    Effect.forever(Effect.map(socket.receiveWithin("1 minute"), Option.map(got))),
  receiveScattered: (socket, got) => Effect.forever(Effect.map(socket.receiveScattered(1, 99), got)),
  receiveBatch: (socket, got) => Effect.forever(Effect.map(socket.receiveBatch, Chunk.forEach(got))),
  receiveUpTo: (socket, got) => Effect.forever(Effect.map(socket.receiveUpTo(3), Chunk.forEach(got))),
  peek: (socket) => Effect.forever(socket.peek),
  "peek and receive": (socket, got) => Effect.forever(Effect.zipRight(socket.peek, Effect.map(socket.receive, got))),
  forEach: (socket, got) => socket.forEach(got),
  forEachBorrowed: (socket, got) => socket.forEachBorrowed(got)
}

/** A stream gives up the rest of the chunk that it had when it was interrupted. */
const streams: typeof exact = {
  datagrams: (socket, got) => Stream.runForEach(socket.datagrams, (each) => Effect.sync(() => got(each))),
  "datagrams by chunk": (socket, got) =>
    Stream.runForEachChunk(socket.datagrams, (chunk) => Effect.sync(() => Chunk.forEach(chunk, got))),
  outcomes: (socket, got) =>
    Stream.runForEach(socket.outcomes, (each) => Effect.map(Effect.flatten(Effect.succeed(each)), got))
}

const each = 12
/** Effect makes no progress with fewer than some ten operations a turn. */
const [fewest, most] = [16, 60]

export const interruptions = ({ layer }: Bench): void => {
  describe("a reader interrupted at any yield", () => {
    for (const [name, read] of Object.entries({ ...exact, ...streams })) {
      it.scopedLive(`${name}: the next reader goes on where this one ended`, () =>
        Effect.gen(function* () {
          const [sender, socket] = [yield* bind, yield* bind]
          let sent = 0
          let delivered = 0
          for (let operations = fewest; operations < most; operations++) {
            const start = sent
            for (; sent < start + each; sent++)
              yield* sender.send({ data: bytes(String(sent)), to: socket.localAddress })
            const seen: Array<number> = []
            const reading = read(socket, ({ data }) => void seen.push(Number(text(data))))
            const reader = yield* Effect.fork(Effect.withMaxOpsBeforeYield(operations)(reading))
            for (let turns = 0; turns < operations % 5; turns++) yield* Effect.yieldNow()
            yield* Fiber.interrupt(reader)
            const taken = Number((yield* socket.stats).delivered) - delivered
            // The counter has the datagrams that the reader got. A stream may have had more in its chunk.
            if (name in exact) expect([operations, seen.length]).toEqual([operations, taken])
            expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => start + i))
            expect(seen.length).toBeLessThanOrEqual(taken)
            const rest: Array<number> = []
            for (;;) {
              const next = yield* socket.receiveWithin(0)
              if (Option.isNone(next)) break
              rest.push(Number(text(next.value.data)))
            }
            expect(rest).toEqual(Array.from({ length: each - taken }, (_, i) => start + taken + i))
            delivered += each
          }
          const { dropped, faults, dequeued, putBack, ...stats } = yield* socket.stats
          const all = Object.values(faults).reduce((sum, count) => sum + count, 0n)
          expect(stats.delivered).toBe(BigInt(delivered))
          expect(dequeued).toBe(stats.delivered + all + dropped + putBack)
        }).pipe(Effect.provide(layer))
      )
    }
  })
}
