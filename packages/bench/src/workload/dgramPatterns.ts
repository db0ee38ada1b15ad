/**
 * The patterns of Node's own `benchmark/dgram`, on `node:dgram` and on a module with its interface: a socket sends to itself in bursts, and each
 * datagram has a callback.
 */
import type { Socket } from "node:dgram"
import * as ours from "@ancillary/dgram"
import { Effect } from "effect"
import { clock } from "../clock.ts"
import { dgram, face } from "../names.ts"
import { bindNode, type Face, nodeSocket, receiveBuffer } from "../nodeSocket.ts"
import type { Candidate } from "../rounds.ts"
import { time, type Workload } from "../workload.ts"

/** The sizes of payloads in bytes, and the datagrams of a burst, which fit into the receive buffer. */
const sizes = [
  { bytes: 1, burst: 64 },
  { bytes: 64, burst: 64 },
  { bytes: 256, burst: 64 },
  { bytes: 1024, burst: 64 },
  { bytes: 8192, burst: 16 }
] as const

/** Sends one datagram of so many bytes, with a callback. */
type Send = (socket: Socket, port: number, done: (error: Error | null) => void) => void
type Pattern = (bytes: number) => Send

const address = "127.0.0.1"

/** A payload in so many equal parts. */
const parts = (bytes: number, count: number): ReadonlyArray<Buffer> =>
  Array.from({ length: count }, (_, i) => Buffer.allocUnsafe(Math.floor(bytes / count) + (i < bytes % count ? 1 : 0)))

const patterns: { readonly [name: string]: Pattern } = {
  "single-buffer": (bytes) => {
    const payload = Buffer.allocUnsafe(bytes)
    return (socket, port, done) => socket.send(payload, port, address, done)
  },
  "offset-length": (bytes) => {
    const payload = Buffer.allocUnsafe(bytes)
    return (socket, port, done) => socket.send(payload, 0, bytes, port, address, done)
  },
  "multi-buffer": (bytes) => {
    const payload = parts(bytes, 8)
    return (socket, port, done) => socket.send(payload, port, address, done)
  },
  "array-vector-length": (bytes) => {
    const payload = parts(bytes, 4)
    // A new array for each datagram, as the benchmark has it.
    return (socket, port, done) => socket.send([...payload], port, address, done)
  }
}

/** Sends a burst, and waits for its callbacks and its datagrams. */
const exchanged = (socket: Socket, send: Send, burst: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let left = 2 * burst
    const one = (): void => {
      if (--left > 0) return
      socket.off("message", one)
      resolve()
    }
    const sent = (error: Error | null): void => (error === null ? one() : reject(error))
    socket.on("message", one)
    const { port } = socket.address()
    for (let i = 0; i < burst; i++) send(socket, port, sent)
  })

const candidate = (name: string, module: Face | undefined, pattern: Pattern, datagrams: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => bindNode(nodeSocket(module))),
      (socket) => Effect.sync(() => socket.close())
    ),
    (socket): Candidate => {
      socket.setRecvBufferSize(receiveBuffer)
      return {
        name,
        round: async () => {
          const costs: Array<number> = []
          for (const { burst, bytes } of sizes) {
            const send = pattern(bytes)
            const bursts = Math.max(1, Math.ceil(datagrams / burst))
            const begun = clock()
            for (let i = 0; i < bursts; i++) await exchanged(socket, send, burst)
            costs.push((clock() - begun) / (bursts * burst))
          }
          return costs
        }
      }
    }
  )

const patternOf = ([name, pattern]: readonly [string, Pattern]): Workload => {
  const [first, ...rest] = sizes.map(({ bytes }) => time(bytes === 1 ? "1 byte" : `${bytes} bytes`))
  return {
    name: `dgram-${name}`,
    title: `The pattern ${name} of Node's benchmark, a datagram that is sent and received`,
    readings: [first ?? time(""), ...rest.map((reading) => ({ ...reading, compared: true }))],
    candidates: ({ times }) =>
      Effect.all([
        candidate(dgram, undefined, pattern, times(6400)),
        candidate(face, ours as unknown as Face, pattern, times(6400))
      ])
  }
}

export const dgramPatterns: ReadonlyArray<Workload> = Object.entries(patterns).map(patternOf)
