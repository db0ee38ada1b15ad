/**
 * From a datagram to its echo, one at a time, between two sockets of one event loop: both sides are the candidate's.
 */
import { Datagram } from "@ancillary/effect3"
import { Datagram as PromiseDatagram, withHopLimit, withPktInfo } from "@ancillary/socket"
import { Effect, Either } from "effect"
import { wall } from "../clock.ts"
import { type Candidate, median } from "../rounds.ts"
import { plain, type Reader, reader } from "../sockets.ts"
import { cSingle, dgram } from "../names.ts"
import { time, type Workload } from "../workload.ts"

/** Sends so many requests, and returns the median of the times. `ask` answers a request with a call of `answered`. */
const asked =
  (pings: number, ask: () => void, listen: (answered: () => void) => void): Candidate["round"] =>
  () =>
    new Promise((resolve) => {
      const samples: Array<number> = []
      let start = 0
      listen(() => {
        samples.push(wall() - start)
        if (samples.length === pings) return resolve([median(samples.toSorted((a, b) => a - b))])
        start = wall()
        ask()
      })
      start = wall()
      ask()
    })

const nodes = (bytes: number, pings: number) =>
  Effect.gen(function* () {
    const client = yield* plain
    const server = yield* plain
    const payload = new Uint8Array(bytes)
    let answered = (): void => undefined
    client.socket.on("message", () => answered())
    server.socket.on("message", (message, { address, port }) => server.socket.send(message, port, address))
    const ask = () => client.socket.send(payload, server.at.port, server.at.address)
    return [{ name: dgram, round: asked(pings, ask, (next) => (answered = next)) }]
  })

/** Plain functions on both sides, which send synchronously, or by an effect that each of them runs. */
const callbacks = (name: string, send: Sending, bytes: number, pings: number) =>
  Effect.gen(function* () {
    const client = yield* reader
    const server = yield* reader
    let answered = (): void => undefined
    yield* Effect.forkScoped(client.forEach(() => answered()))
    yield* Effect.forkScoped(server.forEach(({ data, from }) => send(server, { data, to: from })))
    const question = { data: new Uint8Array(bytes), to: server.localAddress }
    return [
      {
        name,
        round: asked(
          pings,
          () => send(client, question),
          (next) => (answered = next)
        )
      }
    ]
  })

type Sending = (socket: Reader, message: Parameters<Reader["trySend"]>[0]) => void
const plainly: Sending = (socket, message) => Either.getOrThrow(socket.trySend(message))
const byEffect: Sending = (socket, message) => Effect.runSync(socket.send(message))

/** A fiber on both sides. The server replies from the requested address, which requires packet information. */
const fibers = (bytes: number, pings: number) =>
  Effect.gen(function* () {
    const client = yield* reader
    const server = yield* reader
    yield* Effect.forkScoped(
      Effect.forever(Effect.flatMap(server.receive, (asked) => Datagram.reply(server, asked, asked.data)))
    )
    const question = client.send({ data: new Uint8Array(bytes), to: server.localAddress })
    return [
      {
        name: "receive and reply",
        round: () =>
          Effect.runPromise(
            Effect.gen(function* () {
              const samples: Array<number> = []
              while (samples.length < pings) {
                const start = wall()
                yield* question
                yield* client.receive
                samples.push(wall() - start)
              }
              return [median(samples.toSorted((a, b) => a - b))]
            })
          )
      }
    ]
  })

const promiseSpec = PromiseDatagram.ipv4.pipe(withPktInfo(), withHopLimit())
const promiseSocket = Effect.acquireRelease(
  Effect.promise(() => PromiseDatagram.bind(promiseSpec, { address: "127.0.0.1", port: 0 })),
  (socket) => Effect.sync(() => socket.close())
)

/** `for await` on both sides, one datagram in flight. */
const promises = (bytes: number, pings: number) =>
  Effect.gen(function* () {
    const client = yield* promiseSocket
    const server = yield* promiseSocket
    void (async () => {
      for await (const { data, from } of server) await server.send({ data, to: from })
    })()
    const question = { data: new Uint8Array(bytes), to: server.localAddress }
    return [
      {
        name: "promises, for await",
        round: async () => {
          const samples: Array<number> = []
          let start = wall()
          await client.send(question)
          for await (const answer of client) {
            samples.push(wall() - start)
            if (samples.length === pings || answer.data.length !== bytes) break
            start = wall()
            await client.send(question)
          }
          return [median(samples.toSorted((a, b) => a - b))]
        }
      }
    ]
  })

/** Callbacks without a promise on both sides. */
const promiseCallbacks = (bytes: number, pings: number) =>
  Effect.gen(function* () {
    const client = yield* promiseSocket
    const server = yield* promiseSocket
    let answered = (): void => undefined
    void client.forEach(() => answered())
    void server.forEach(({ data, from }) => void server.trySend({ data, to: from }))
    const question = { data: new Uint8Array(bytes), to: server.localAddress }
    const ask = () => void client.trySend(question)
    return [{ name: "promises, callback", round: asked(pings, ask, (next) => (answered = next)) }]
  })

const pingPong = (bytes: number): Workload => ({
  name: `ping-pong-${bytes}`,
  title: `Ping-pong, ${bytes} bytes`,
  readings: [time("a round trip, median")],
  candidates: ({ peers, times }) => {
    const pings = times(500)
    return Effect.map(
      Effect.all([
        nodes(bytes, pings),
        peers.c(cSingle, "ping_pong", bytes, pings),
        callbacks("forEach and trySend", plainly, bytes, pings),
        callbacks("forEach and send", byEffect, bytes, pings),
        fibers(bytes, pings),
        promises(bytes, pings),
        promiseCallbacks(bytes, pings)
      ]),
      (each) => each.flat()
    )
  }
})

export const pingPongs: ReadonlyArray<Workload> = [pingPong(64), pingPong(512)]
