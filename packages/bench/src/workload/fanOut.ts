/**
 * Sending to a thousand peers, addresses of the loopback network, which share one sink that nobody reads: the kernel delivers until its buffer is
 * full and drops the rest, the same for every candidate. Each datagram leaves from an address that is named with it, where that is said.
 */
import type { Socket } from "node:dgram"
import { Datagram, withPktInfo, withReceiveBufferSize } from "@ancillary/socket"
import { Effect } from "effect"
import { clock } from "../arrivals.ts"
import type { Candidate } from "../rounds.ts"
import { loopback, noBuffer, plain } from "../sockets.ts"
import { cBatched, cSingle, dgram, type Workload } from "../workload.ts"

const peersCount = 1000
const bytes = 100
const any = { address: "0.0.0.0", port: 0 } as const

const addresses = Array.from({ length: peersCount }, (_, i) => `127.1.${(i + 1) >> 8}.${(i + 1) & 0xff}`)

const sendAllPlain = (socket: Socket, payload: Uint8Array, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let left = addresses.length
    for (const address of addresses) {
      socket.send(payload, port, address, (error) => {
        if (error !== null) reject(error)
        else if (--left === 0) resolve()
      })
    }
  })

const repeated =
  (repeats: number, send: () => Promise<unknown>): Candidate["round"] =>
  async () => {
    const start = clock()
    for (let i = 0; i < repeats; i++) await send()
    return [(clock() - start) / (repeats * peersCount)]
  }

const sending = Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), any)
type Message = Parameters<Effect.Effect.Success<typeof sending>["send"]>[0]

const ours = (repeats: number) =>
  Effect.gen(function* () {
    const sink = yield* Datagram.bind(Datagram.ipv4.pipe(withReceiveBufferSize(noBuffer)), any)
    const socket = yield* sending
    const data = new Uint8Array(bytes)
    const { port } = sink.localAddress
    const control = { pktInfo: { source: loopback.address } }
    const each = (name: string, send: (to: { address: string; port: number }) => Effect.Effect<void, unknown>) => ({
      name,
      round: repeated(repeats, () =>
        Effect.runPromise(Effect.forEach(addresses, (address) => send({ address, port }), { discard: true }))
      )
    })
    // Made anew each time: a program has something else to say.
    const together = (name: string, message: (to: { address: string; port: number }) => Message) => ({
      name,
      round: repeated(repeats, async () => {
        const { sent } = await Effect.runPromise(socket.sendAll(addresses.map((address) => message({ address, port }))))
        if (sent < peersCount) throw new Error(`${sent} of ${peersCount} datagrams were sent`)
      })
    })
    return [
      together("sendAll, with source", (to) => ({ data, to, control })),
      together("sendAll", (to) => ({ data, to })),
      each("send, with source", (to) => socket.send({ data, to, control })),
      each("send", (to) => socket.send({ data, to }))
    ]
  })

const nodes = (repeats: number) =>
  Effect.gen(function* () {
    const sink = yield* Datagram.bind(Datagram.ipv4.pipe(withReceiveBufferSize(noBuffer)), any)
    const { socket } = yield* plain
    const payload = new Uint8Array(bytes)
    return [{ name: dgram, round: repeated(repeats, () => sendAllPlain(socket, payload, sink.localAddress.port)) }]
  })

export const fanOut: Workload = {
  name: "fan-out",
  title: "Sending to 1,000 peers, 100 bytes",
  readings: ["a datagram"],
  unit: "µs",
  candidates: ({ peers, times }) => {
    const repeats = times(4)
    return Effect.map(
      Effect.all([
        nodes(repeats),
        peers.c(`${cBatched}, with source`, "fan_out", "batched", "source", bytes, peersCount, repeats),
        peers.c(cBatched, "fan_out", "batched", "plain", bytes, peersCount, repeats),
        peers.c(`${cSingle}, with source`, "fan_out", "one", "source", bytes, peersCount, repeats),
        ours(repeats)
      ]),
      (each) => each.flat()
    )
  }
}
