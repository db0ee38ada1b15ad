/**
 * Ten mebibytes in segments of 1,280 bytes to one peer: as datagrams, and segmented and coalesced by the kernel.
 */
import type { Socket } from "node:dgram"
import { Datagram, withCoalescedSize, withCoalescing, withReceiveBufferSize } from "@ancillary/effect3"
import { Effect, Stream } from "effect"
import { Arrivals, turn } from "../arrivals.ts"
import { cost } from "../gauge.ts"
import type { Candidate } from "../rounds.ts"
import { filler, loopback, noBuffer, plain, reader, reading, sender } from "../sockets.ts"
import { cBatched, dgram } from "../names.ts"
import { faults, time, type Workload } from "../workload.ts"

const segmentSize = 1280
const megabytes = 10
const allSegments = (megabytes << 20) / segmentSize

/** Segments that fit into the largest payload. */
const most = Math.floor(65_507 / segmentSize)

export const segmented = "in segments"
export const merged = "merged"
export const split = "merged and taken apart"

/** Segments that a program sends at once. */
const largeBurst = 512

/** Iterates over the segments, at most so many at a time. */
const inSteps = (segments: number, step: number): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(segments / step) }, (_, i) => Math.min(step, segments - i * step))

/** Datagrams in a payload, coalesced or not. */
const segmentsOf = (bytes: number): number => Math.ceil(bytes / segmentSize)

/** A payload, at most so many segments at a time. */
const pieces = (payload: Uint8Array, step: number): ReadonlyArray<Uint8Array> => {
  let at = 0
  return inSteps(segmentsOf(payload.length), step).map((count) => payload.subarray(at, (at += count * segmentSize)))
}

// The numbers that fit into the receive buffer. A datagram takes more room than its bytes, and a coalesced payload little more.
const plainBurst = 128
const mergedBurst = 4

// A sink receives coalesced segments, because segmenting them for it would not be a cost of the sender.
const sink = Datagram.bind(Datagram.ipv4.pipe(withCoalescedSize(), withReceiveBufferSize(noBuffer)), loopback)

const sendPlain = (socket: Socket, payload: Uint8Array, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let left = segmentsOf(payload.length)
    for (const piece of pieces(payload, 1)) {
      socket.send(piece, port, loopback.address, (error) => {
        if (error !== null) reject(error)
        else if (--left === 0) resolve()
      })
    }
  })

const timed =
  (segments: number, send: () => Promise<unknown>): Candidate["round"] =>
  async () => {
    const gauge = cost()
    gauge.begin()
    await send()
    return gauge.end().map((value) => value / segments)
  }

const sending = (segments: number) =>
  Effect.gen(function* () {
    const { localAddress: to } = yield* sink
    const { socket } = yield* plain
    // All bytes are written, because all unwritten pages would be one page of zeros.
    const payload = new Uint8Array(segments * segmentSize).fill(1)
    const own = yield* sender
    const messages = pieces(payload, largeBurst).map((data) => own.send({ data, to, segmentSize }))
    return [
      {
        name: dgram,
        round: timed(segments, async () => {
          for (const piece of pieces(payload, plainBurst)) await sendPlain(socket, piece, to.port)
        })
      },
      {
        name: `send, ${segmented}`,
        round: timed(segments, () => Effect.runPromise(Effect.all(messages, { discard: true })))
      }
    ]
  })

export const bulkSend: Workload = {
  name: "bulk-send",
  title: `Sending ${megabytes} MiB in segments of 1,280 bytes`,
  readings: [time("a segment"), faults],
  candidates: ({ peers, times }) => {
    const segments = times(allSegments)
    return Effect.map(
      Effect.all([
        sending(segments),
        peers.c(`C, ${segmented}`, "bulk", "send", "segmented", segmentSize, segments),
        peers.c(cBatched, "bulk", "send", "plain", segmentSize, segments),
        peers.go(`Go, ${segmented}`, "bulk-send", segmentSize, segments)
      ]),
      (each) => each.flat()
    )
  }
}

const received =
  (steps: ReadonlyArray<number>, arrivals: Arrivals, fill: (segments: number) => void): Candidate["round"] =>
  async () => {
    const sums = [0, 0]
    let total = 0
    for (const segments of steps) {
      fill(segments)
      for (const [reading, value] of (await arrivals.until(segments)).entries())
        sums[reading] = (sums[reading] ?? 0) + value
      total += segments
      await turn()
    }
    return sums.map((sum) => sum / total)
  }

const receiving = (segments: number) =>
  Effect.gen(function* () {
    const from = yield* sender
    const node = yield* plain
    const nodeArrivals = new Arrivals(cost())
    node.socket.on("message", (message) => nodeArrivals.count(segmentsOf(message.length)))
    const separate = yield* reader
    const separateArrivals = new Arrivals(cost())
    yield* Effect.forkScoped(separate.forEach(({ data }) => separateArrivals.count(segmentsOf(data.length))))
    // Sent outside of the clock, in pieces that the kernel coalesces again.
    const filling = (to: Parameters<typeof from.send>[0]["to"]) => (count: number) => {
      const data = new Uint8Array(count * segmentSize)
      Effect.runSync(from.send({ data, to, segmentSize }))
    }
    const large = inSteps(segments, most * mergedBurst)
    const merging = (name: "forEach" | "forEachBorrowed") =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(reading.pipe(withCoalescedSize()), loopback)
        const arrivals = new Arrivals(cost())
        yield* Effect.forkScoped(socket[name](({ data }) => arrivals.count(segmentsOf(data.length))))
        return { name: `${name}, ${merged}`, round: received(large, arrivals, filling(socket.localAddress)) }
      })
    const splitting = (name: "forEach" | "forEachBorrowed" | "receiveBatch" | "runForEach") =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(reading.pipe(withCoalescing()), loopback)
        const arrivals = new Arrivals(cost())
        const count = ({ data }: { readonly data: Uint8Array }) => arrivals.count(data.length > 0 ? 1 : 0)
        const ways = {
          forEach: () => socket.forEach(count),
          forEachBorrowed: () => socket.forEachBorrowed(count),
          receiveBatch: () =>
            Effect.forever(
              Effect.map(socket.receiveBatch, (batch) => {
                for (const datagram of batch) count(datagram)
              })
            ),
          runForEach: () => Stream.runForEach(socket.datagrams, (datagram) => Effect.sync(() => count(datagram)))
        }
        yield* Effect.forkScoped(ways[name]())
        return { name: `${name}, ${split}`, round: received(large, arrivals, filling(socket.localAddress)) }
      })
    const small = inSteps(segments, plainBurst)
    return [
      { name: dgram, round: received(small, nodeArrivals, filler(from, node.at, segmentSize)) },
      { name: "forEach", round: received(small, separateArrivals, filler(from, separate.localAddress, segmentSize)) },
      yield* merging("forEachBorrowed"),
      yield* merging("forEach"),
      yield* splitting("forEachBorrowed"),
      yield* splitting("forEach"),
      yield* splitting("receiveBatch"),
      yield* splitting("runForEach")
    ]
  })

export const bulkReceive: Workload = {
  name: "bulk-receive",
  title: `Receiving ${megabytes} MiB in segments of 1,280 bytes`,
  readings: [time("a segment"), faults],
  candidates: ({ peers, times }) => {
    const segments = times(allSegments)
    return Effect.map(
      Effect.all([
        receiving(segments),
        peers.c(`C, ${merged}`, "bulk", "receive", "coalesced", segmentSize, segments),
        peers.c(cBatched, "bulk", "receive", "plain", segmentSize, segments),
        peers.go(`Go, ${merged}`, "bulk-receive", segmentSize, segments)
      ]),
      (each) => each.flat()
    )
  }
}
