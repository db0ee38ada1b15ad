/**
 * Memory that a program gets views of. By no means of its engine can the program detach it from the sockets or from
 * other datagrams.
 */
import { describe, expect, it } from "@effect/vitest"
import { Datagram } from "@ancillary/effect3"
import { Chunk, Effect } from "effect"
import { type Bench } from "./bench.ts"

const bind = Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })

/** Node 22 and later. */
interface Transferable {
  readonly transfer?: (length?: number) => ArrayBuffer
  readonly transferToFixedLength?: () => ArrayBuffer
}

const ways: { readonly [name: string]: (data: Uint8Array, buffer: ArrayBuffer & Transferable) => unknown } = {
  structuredClone: (data, buffer) => structuredClone(data, { transfer: [buffer] }),
  postMessage: (data, buffer) => {
    const { port1, port2 } = new MessageChannel()
    try {
      port1.postMessage(data, [buffer])
    } finally {
      port1.close()
      port2.close()
    }
  },
  transfer: (_, buffer) => buffer.transfer?.(),
  transferToFixedLength: (_, buffer) => buffer.transferToFixedLength?.()
}

/** Tries to take the memory. The result may be an error, a copy, or the bytes themselves. */
const attempt = (take: (typeof ways)[string], data: Uint8Array) => {
  if (data.buffer instanceof ArrayBuffer)
    try {
      take(data, data.buffer)
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
    }
}

export const lent = ({ layer }: Bench): void => {
  describe("memory of received datagrams", () => {
    for (const [name, take] of Object.entries(ways)) {
      it.scopedLive(`${name} of a borrowed payload leaves every socket as it was`, () =>
        Effect.gen(function* () {
          const [sender, first, second] = [yield* bind, yield* bind, yield* bind]
          for (const socket of [first, second, first, second]) {
            const data = Uint8Array.of(1, 2, 3)
            const seen: Array<ReadonlyArray<number>> = []
            yield* Effect.replicateEffect(sender.send({ data, to: socket.localAddress }), 3)
            const loop = socket.forEachBorrowed((datagram) => {
              seen.push([...datagram.data])
              attempt(take, datagram.data)
            })
            const all = Effect.repeat(Effect.sleep("1 millis"), { until: () => seen.length === 3 })
            yield* Effect.raceFirst(loop, all)
            expect(seen).toEqual([
              [1, 2, 3],
              [1, 2, 3],
              [1, 2, 3]
            ])
          }
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive(`${name} of a received payload leaves the others as they were`, () =>
        Effect.gen(function* () {
          const [sender, socket] = [yield* bind, yield* bind]
          for (const size of [1, 64, 65, 512, 513, 4096, 4097]) {
            const received: Array<Uint8Array> = []
            for (let i = 0; i < 8; i++) {
              yield* sender.send({ data: new Uint8Array(size).fill(i), to: socket.localAddress })
              received.push(...Chunk.map(yield* socket.receiveBatch, ({ data }) => data))
            }
            const [first = new Uint8Array(0), ...others] = received
            attempt(take, first)
            expect(others).toEqual(Array.from({ length: 7 }, (_, i) => new Uint8Array(size).fill(i + 1)))
          }
        }).pipe(Effect.provide(layer))
      )
    }

    it.scopedLive("a payload that is kept keeps at most four times its size", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        // Sizes between the block sizes, mixed as in a session.
        for (const size of [100, 1200, 64, 300, 65, 127, 66, 512, 513, 4096, 5000, 2049, 1]) {
          yield* sender.send({ data: new Uint8Array(size), to: socket.localAddress })
          const { data } = yield* socket.receive
          expect(data.length).toBe(size)
          expect(data.buffer.byteLength).toBeLessThanOrEqual(size <= 64 || size > 4096 ? size : 4 * size)
        }
      }).pipe(Effect.provide(layer))
    )
  })
}
