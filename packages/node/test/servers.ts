/** Servers whose workers run the program of the tests, their peers, and a check of remaining processes and sockets. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { DatagramWorkers, NodeSockets } from "@ancillary/effect3/node"
import { type ConnectedSocket, Datagram, withHopLimit } from "@ancillary/effect3"
import { Effect, Layer, Logger, Option } from "effect"
import { orders } from "./children/orders.ts"
import { built } from "./programs.ts"

export const spec = Datagram.ipv4.pipe(withHopLimit())
export const anyPort = { address: "127.0.0.1", port: 0 }
export const layer = Layer.mergeAll(NodeSockets.layer, Logger.remove(Logger.defaultLogger))

const program = built("worker")

export const served = (options?: Partial<DatagramWorkers.Options>, at = anyPort) =>
  DatagramWorkers.serve(spec, at, { program, fork: { execArgv: [] }, ...options })

export interface Answer {
  readonly pid: number
  readonly hopLimit: number
  readonly asked: ReadonlyArray<number>
}

export type Peer = ConnectedSocket<"ipv4", never>

export const peersOf = ({ localAddress }: DatagramWorkers.DatagramWorkers<"ipv4">, count: number) =>
  Effect.replicateEffect(Datagram.connect(Datagram.ipv4, localAddress), count)

/** Returns an element of an array. The types do not contain its length. */
const there = (peer: Peer | undefined): Peer => {
  if (peer === undefined) throw new Error("the test has no such peer")
  return peer
}

export const tell = (peer: Peer | undefined, ...data: ReadonlyArray<number>) =>
  there(peer).send({ data: Uint8Array.from(data) })

export const answerOf = (peer: Peer | undefined): Effect.Effect<Answer, unknown> =>
  Effect.map(there(peer).receive, ({ data }) => JSON.parse(new TextDecoder().decode(data)) as Answer)

export const ask = (peer: Peer | undefined, ...data: ReadonlyArray<number>) =>
  Effect.zipRight(tell(peer, orders.answer, ...data), answerOf(peer))

/** For each peer, the process that answers it. */
export const workersOf = (peers: ReadonlyArray<Peer>) =>
  Effect.forEach(peers, (peer) => Effect.map(ask(peer), ({ pid }) => pid))

export const pidsOf = ({ workers }: DatagramWorkers.DatagramWorkers<"ipv4">) =>
  Effect.map(workers, (all) => all.map(({ pid }) => Option.getOrUndefined(pid)))

/** Waits for a condition without a time limit. */
export const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(Effect.zipRight(Effect.sleep("20 millis"), condition), { until: (is) => is })

/** Waits until each worker was restarted this often, and serves. */
export const restarted = ({ workers }: DatagramWorkers.DatagramWorkers<"ipv4">, ...times: ReadonlyArray<number>) =>
  until(
    Effect.map(workers, (all) =>
      all.every(({ pid, restarts }, i) => Option.isSome(pid) && restarts === (times[i] ?? 0))
    )
  )

export const kill = (pid: number | undefined) => Effect.sync(() => process.kill(pid ?? Number.NaN, "SIGKILL"))

export const isAlive = (pid: number | undefined): boolean => {
  try {
    return process.kill(pid ?? Number.NaN, 0)
  } catch {
    return false
  }
}

/** UDP sockets among the descriptors of this process. Channels to processes are sockets too, and close at an unknown time. */
export const socketsHere = (): number => {
  const inodes = new Set(
    ["udp", "udp6"].flatMap((protocol) =>
      readFileSync(`/proc/self/net/${protocol}`, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => `socket:[${line.trim().split(/\s+/)[9]}]`)
    )
  )
  return readdirSync("/proc/self/fd").filter((name) => {
    try {
      return inodes.has(readlinkSync(`/proc/self/fd/${name}`))
    } catch {
      return false
    }
  }).length
}
