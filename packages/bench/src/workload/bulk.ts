/**
 * Ten mebibytes in segments of 1,280 bytes to one peer: as datagrams, and cut and merged by the kernel.
 */
import type { Socket } from "node:dgram"
import { Datagram, withCoalescedSize, withReceiveBufferSize } from "@ancillary/effect3"
import { Effect } from "effect"
import { Arrivals, clock, turn } from "../arrivals.ts"
import type { Candidate } from "../rounds.ts"
import { filler, loopback, noBuffer, plain, reader, reading, sender } from "../sockets.ts"
import { cBatched, dgram, type Workload } from "../workload.ts"

const segmentSize = 1280
const megabytes = 10
const allSegments = (megabytes << 20) / segmentSize

/** Segments that fit into the largest payload there is. */
const most = Math.floor(65_507 / segmentSize)

export const segmented = "in segments"
export const merged = "merged"

/** Segments that a program hands over at once. */
const largeBurst = 512

/** Goes through the segments, at most so many at a time. */
const inSteps = (segments: number, step: number): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(segments / step) }, (_, i) => Math.min(step, segments - i * step))

/** Datagrams in a payload, merged or not. */
const segmentsOf = (bytes: number): number => Math.ceil(bytes / segmentSize)

/** A payload, at most so many segments at a time. */
const pieces = (payload: Uint8Array, step: number): ReadonlyArray<Uint8Array> => {
  let at = 0
  return inSteps(segmentsOf(payload.length), step).map((count) => payload.subarray(at, (at += count * segmentSize)))
}

// What fits into the receive buffer, where a datagram takes more room than it has bytes, and a merged one little more.
const plainBurst = 128
const mergedBurst = 4

// A sink takes merged segments: what it would cost to cut them for it is not the sender's.
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
    const start = clock()
    await send()
    return [(clock() - start) / segments]
  }

const sending = (segments: number) =>
  Effect.gen(function* () {
    const { localAddress: to } = yield* sink
    const { socket } = yield* plain
    // All of it is there: a page that was never written would be the same zeros again.
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
  readings: ["a segment"],
  unit: "µs",
  candidates: ({ peers, times }) => {
    const segments = times(allSegments)
    return Effect.map(
      Effect.all([
        sending(segments),
        peers.c(`C, ${segmented}`, "bulk", "send", "segmented", segmentSize, segments),
        peers.c(cBatched, "bulk", "send", "plain", segmentSize, segments)
      ]),
      (each) => each.flat()
    )
  }
}

const received =
  (steps: ReadonlyArray<number>, arrivals: Arrivals, fill: (segments: number) => void): Candidate["round"] =>
  async () => {
    let elapsed = 0
    let total = 0
    for (const segments of steps) {
      fill(segments)
      elapsed += await arrivals.until(segments)
      total += segments
      await turn()
    }
    return [elapsed / total]
  }

const receiving = (segments: number) =>
  Effect.gen(function* () {
    const from = yield* sender
    const node = yield* plain
    const nodeArrivals = new Arrivals(clock)
    node.socket.on("message", (message) => nodeArrivals.count(segmentsOf(message.length)))
    const separate = yield* reader
    const separateArrivals = new Arrivals(clock)
    yield* Effect.forkScoped(separate.forEach(({ data }) => separateArrivals.count(segmentsOf(data.length))))
    const merging = (name: "forEach" | "forEachBorrowed") =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(reading.pipe(withCoalescedSize()), loopback)
        const arrivals = new Arrivals(clock)
        yield* Effect.forkScoped(socket[name](({ data }) => arrivals.count(segmentsOf(data.length))))
        const fill = (count: number) => {
          const data = new Uint8Array(count * segmentSize)
          Effect.runSync(from.send({ data, to: socket.localAddress, segmentSize }))
        }
        return { name: `${name}, ${merged}`, round: received(inSteps(segments, most * mergedBurst), arrivals, fill) }
      })
    const small = inSteps(segments, plainBurst)
    return [
      { name: dgram, round: received(small, nodeArrivals, filler(from, node.at, segmentSize)) },
      { name: "forEach", round: received(small, separateArrivals, filler(from, separate.localAddress, segmentSize)) },
      yield* merging("forEachBorrowed"),
      yield* merging("forEach")
    ]
  })

export const bulkReceive: Workload = {
  name: "bulk-receive",
  title: `Receiving ${megabytes} MiB in segments of 1,280 bytes`,
  readings: ["a segment"],
  unit: "µs",
  candidates: ({ peers, times }) => {
    const segments = times(allSegments)
    return Effect.map(
      Effect.all([
        receiving(segments),
        peers.c(`C, ${merged}`, "bulk", "receive", "coalesced", segmentSize, segments),
        peers.c(cBatched, "bulk", "receive", "plain", segmentSize, segments)
      ]),
      (each) => each.flat()
    )
  }
}
