/**
 * Sending to a thousand peers, which are addresses of the loopback network with one sink that has no reader. The kernel delivers until its
 * buffer is full and drops the rest, for every candidate alike. Some candidates give a source address with each datagram.
 */
import type { Socket } from "node:dgram"
import { InternetEndpoint, Ipv4Address } from "@ancillary/control"
import { Datagram, DatagramSockets, withPktInfo, withReceiveBufferSize } from "@ancillary/effect3"
import { Effect } from "effect"
import { cost } from "../gauge.ts"
import type { Candidate } from "../rounds.ts"
import { loopback, noBuffer, plain, socketsBy } from "../sockets.ts"
import { cBatched, cSingle, dgram, goBatched } from "../names.ts"
import { faults, time, type Workload } from "../workload.ts"

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
    const gauge = cost()
    gauge.begin()
    for (let i = 0; i < repeats; i++) await send()
    return gauge.end().map((value) => value / (repeats * peersCount))
  }

const sending = Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), any)
type Peer = InternetEndpoint<"ipv4">
type Message = Parameters<Effect.Effect.Success<typeof sending>["send"]>[0]

const ours = (repeats: number) =>
  Effect.gen(function* () {
    const sink = yield* Datagram.bind(Datagram.ipv4.pipe(withReceiveBufferSize(noBuffer)), any)
    const socket = yield* sending
    const data = new Uint8Array(bytes)
    const { port } = sink.localAddress
    // Peers as a program has them after a receive: Node's are texts, ours numbers, and so are the source addresses.
    const peers = addresses.map(
      (_, i) => new InternetEndpoint("ipv4", Ipv4Address.of(127, 1, (i + 1) >> 8, (i + 1) & 255), port)
    )
    const control = { pktInfo: { source: Ipv4Address.loopback } }
    const texts = { pktInfo: { source: loopback.address } }
    const each = (name: string, message: (peer: Peer) => Message) => ({
      name,
      round: repeated(repeats, () =>
        Effect.runPromise(Effect.forEach(peers, (peer) => socket.send(message(peer)), { discard: true }))
      )
    })
    // Made again each time, because a program sends other payloads.
    const together = (name: string, messages: () => ReadonlyArray<Message>) => ({
      name,
      round: repeated(repeats, async () => {
        const { sent } = await Effect.runPromise(socket.sendAll(messages()))
        if (sent < peersCount) throw new Error(`${sent} of ${peersCount} datagrams were sent`)
      })
    })
    return [
      together("sendAll, with source", () => peers.map((to) => ({ data, to, control }))),
      together("sendAll", () => peers.map((to) => ({ data, to }))),
      together("sendAll, with source, all texts", () =>
        addresses.map((address) => ({ data, to: { address, port }, control: texts }))
      ),
      each("send, with source", (to) => ({ data, to, control })),
      each("send", (to) => ({ data, to }))
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
  readings: [time("a datagram"), faults],
  candidates: ({ peers, times }) => {
    const repeats = times(4)
    return Effect.map(
      Effect.all([
        nodes(repeats),
        peers.c(`${cBatched}, with source`, "fan_out", "batched", "source", bytes, peersCount, repeats),
        peers.c(cBatched, "fan_out", "batched", "plain", bytes, peersCount, repeats),
        peers.c(`${cSingle}, with source`, "fan_out", "one", "source", bytes, peersCount, repeats),
        peers.go(`${goBatched}, with source`, "fan-out", bytes, peersCount, repeats),
        ours(repeats)
      ]),
      (each) => each.flat()
    )
  }
}

/** Our part of the work: everything except the call, which returns that all were sent. */
export const fanOutReplay: Workload = {
  name: "replay-send",
  title: "Sending to 1,000 peers without the kernel, 100 bytes",
  readings: [time("a datagram"), faults],
  candidates: ({ times }) =>
    Effect.provideServiceEffect(
      ours(times(20)),
      DatagramSockets,
      socketsBy(() => ({ send: (_arena, _first, slots) => slots }))
    )
}
