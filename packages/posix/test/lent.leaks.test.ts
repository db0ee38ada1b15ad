/**
 * The memory that `forEachBorrowed` lends without guards: the arena of every socket of its layout. A program cannot transfer it, on any version
 * of Node.
 */
import v8 from "node:v8"
import vm from "node:vm"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Chunk, Effect } from "effect"
import { block } from "@ancillary/native/memory"

const layer = DatagramSockets.layer(LinuxSockets.driver(), LinuxSockets.capabilities)
const bind = Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })

/** Node 22 and later have `transfer`, which ignores the marks of `structuredClone`. */
const transferOf = (): ((this: ArrayBuffer) => unknown) | undefined =>
  Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "transfer")?.value

const ways: { readonly [name: string]: (buffer: ArrayBuffer) => unknown } = {
  structuredClone: (buffer) => structuredClone(buffer, { transfer: [buffer] }),
  "ArrayBuffer.prototype.transfer": (buffer) => transferOf()?.call(buffer)
}

for (const [name, take] of Object.entries(ways))
  it.scopedLive(`${name}: lent memory stays where it is, and each socket reads on`, () =>
    Effect.gen(function* () {
      const [sender, first, second] = [yield* bind, yield* bind, yield* bind]
      for (const socket of [first, second, first]) {
        const seen: Array<ReadonlyArray<number>> = []
        for (const each of [1, 2, 3]) yield* sender.send({ data: Uint8Array.of(each), to: socket.localAddress })
        const loop = socket.forEachBorrowed(({ data }) => {
          if (data.buffer instanceof ArrayBuffer)
            try {
              take(data.buffer)
            } catch (error) {
              expect(error).toBeInstanceOf(Error)
            }
          seen.push([...data])
        })
        yield* Effect.raceFirst(loop, Effect.repeat(Effect.sleep("1 millis"), { until: () => seen.length === 3 }))
        expect(seen).toEqual([[1], [2], [3]])
      }
    }).pipe(Effect.provide(layer))
  )

v8.setFlagsFromString("--expose-gc")
const collect: () => void = vm.runInNewContext("gc")
/** Bytes of all buffers in use. */
const used = (): number => {
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}

for (const size of [100, 300, 1200])
  it.scopedLive(`one payload of ${size} bytes in 160 is kept: memory stays below nine times their size`, () =>
    Effect.gen(function* () {
      const [sender, socket] = [yield* bind, yield* bind]
      const data = new Uint8Array(size)
      const kept: Array<Uint8Array> = []
      // The memory of the first batches is allocated once.
      let before = 0
      for (let n = -160; n < 160 * 150;) {
        if (n === 0) before = used()
        yield* sender.sendAll(Array.from({ length: 32 }, () => ({ data, to: socket.localAddress })))
        for (let got = 0; got < 32;) {
          const batch = yield* socket.receiveBatch
          got += batch.length
          Chunk.forEach(batch, (each) => void (n++ % 160 === 0 && n > 0 && kept.push(each.data)))
        }
      }
      const bytes = kept.length * size
      expect(kept.length).toBe(150)
      expect(used() - before).toBeLessThan(9 * bytes)
    }).pipe(Effect.provide(layer))
  )

it("a block of payloads cannot be transferred, and the error gives the remedy", () => {
  const transfer: unknown = Reflect.get(block(64), "transfer")
  expect(transfer).toBeInstanceOf(Function)
  expect(transfer).toThrow(
    new TypeError(
      "The buffer has payloads of other datagrams and cannot be transferred. Transfer a copy of this one: datagram.data.slice().buffer."
    )
  )
})
