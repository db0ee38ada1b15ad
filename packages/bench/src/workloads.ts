/**
 * The workloads: 100-byte datagrams over loopback, in bursts that fit the default receive buffer. A burst is sent in one turn of the event
 * loop, so that nobody reads meanwhile; then the clock runs until the last of it was counted.
 */
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { Datagram, type DatagramSockets, withHopLimit, withPktInfo } from "@ancillary/socket"
import { Effect, type ManagedRuntime, Scope, Stream } from "effect"
import type { Candidate } from "./rounds.ts"

const burst = 150
const payload = new Uint8Array(100)
const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
const bind = Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
type Bound = Effect.Effect.Success<typeof bind>

const turn = () => new Promise<void>((resume) => setImmediate(resume))
const nanoseconds = () => Number(process.hrtime.bigint())

/** Time that a reader takes for bursts that are there already. */
const drain = async (send: () => void, bursts: number, counted: () => number): Promise<number> => {
  let elapsed = 0
  for (let i = 0; i < bursts; i++) {
    const goal = counted() + burst
    for (let sent = 0; sent < burst; sent++) send()
    const start = nanoseconds()
    while (counted() < goal) await turn()
    elapsed += nanoseconds() - start
  }
  return elapsed / (bursts * burst)
}

/** One field is read of each datagram, so that its decoding cannot be left out. */
const receiving = async (
  runtime: ManagedRuntime.ManagedRuntime<DatagramSockets, unknown>,
  bursts: number
): Promise<ReadonlyArray<Candidate>> => {
  const scope = Effect.runSync(Scope.make())
  const sender = await runtime.runPromise(Scope.extend(bind, scope))

  const plain = createSocket("udp4")
  let plainCount = 0
  plain.on("message", (message) => void (plainCount += message.length > 0 ? 1 : 0))
  plain.bind(0, "127.0.0.1")
  await once(plain, "listening")
  const { port } = plain.address()
  const toPlain = sender.send({ data: payload, to: { address: "127.0.0.1", port } })

  const ours = async (
    name: string,
    read: (socket: Bound, count: (hops: number) => void) => Effect.Effect<unknown, unknown>
  ): Promise<Candidate> => {
    const socket = await runtime.runPromise(Scope.extend(bind, scope))
    let counted = 0
    runtime.runFork(read(socket, (hops) => void (counted += hops > 0 ? 1 : 0)))
    const send = sender.send({ data: payload, to: socket.localAddress })
    return {
      name,
      round: () =>
        drain(
          () => Effect.runSync(send),
          bursts,
          () => counted
        )
    }
  }

  return [
    {
      name: "node:dgram, no ancillary data",
      round: () =>
        drain(
          () => Effect.runSync(toPlain),
          bursts,
          () => plainCount
        )
    },
    await ours("forEach", (socket, count) => socket.forEach(({ control }) => count(control.hopLimit))),
    await ours("receiveBatch", (socket, count) =>
      Effect.forever(
        Effect.map(socket.receiveBatch, (batch) => {
          for (const { control } of batch) count(control.hopLimit)
        })
      )
    ),
    await ours("datagrams, runForEach", (socket, count) =>
      Stream.runForEach(socket.datagrams, ({ control }) => Effect.sync(() => count(control.hopLimit)))
    ),
    await ours("receive", (socket, count) =>
      Effect.forever(Effect.map(socket.receive, ({ control }) => count(control.hopLimit)))
    )
  ]
}

/** Time that a sender takes; nobody reads, and the kernel drops what does not fit. */
const sending = async (
  runtime: ManagedRuntime.ManagedRuntime<DatagramSockets, unknown>,
  bursts: number
): Promise<ReadonlyArray<Candidate>> => {
  const scope = Effect.runSync(Scope.make())
  const sink = await runtime.runPromise(Scope.extend(bind, scope))
  const socket = await runtime.runPromise(Scope.extend(bind, scope))
  const { port } = sink.localAddress
  const to = { address: "127.0.0.1", port }
  const plain = createSocket("udp4")
  plain.bind(0, "127.0.0.1")
  await once(plain, "listening")

  const ours = (name: string, send: Effect.Effect<void, unknown>): Candidate => ({
    name,
    round: async () => {
      const start = nanoseconds()
      await Effect.runPromise(Effect.repeatN(send, bursts * burst - 1))
      return (nanoseconds() - start) / (bursts * burst)
    }
  })
  return [
    { name: "node:dgram, no ancillary data", round: () => sendPlain(plain, port, bursts) },
    ours("send", socket.send({ data: payload, to })),
    ours(
      "send, with packet information and hop limit",
      socket.send({ data: payload, to, control: { pktInfo: { source: "127.0.0.1" }, hopLimit: 9 } })
    )
  ]
}

const sendPlain = async (plain: Socket, port: number, bursts: number): Promise<number> => {
  const start = nanoseconds()
  for (let i = 0; i < bursts; i++) {
    await new Promise<void>((resume) => {
      let sent = 0
      for (let each = 0; each < burst; each++) {
        plain.send(payload, port, "127.0.0.1", () => {
          if (++sent === burst) resume()
        })
      }
    })
  }
  return (nanoseconds() - start) / (bursts * burst)
}

export const workloads = { receiving, sending }
