/**
 * Datagrams through servers on real sockets: handlers answer, fail, die, are interrupted, are slow, or are too many, and servers stop while
 * they are busy and start again. Each datagram has one end, and nothing is left behind.
 */
import { readdirSync } from "node:fs"
import { networkInterfaces } from "node:os"
import {
  Datagram,
  DatagramMetrics,
  type DatagramSocket,
  serveOn,
  type ServeOptions,
  withPktInfo
} from "@ancillary/effect3"
import type { PktInfo } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Cause, Effect, Exit, Fiber, Layer, Logger, Metric, MetricState, Option, Scope } from "effect"
import { heldMemory } from "../heldMemory.ts"
import { Random } from "../random.ts"
import { Account, Begun, close } from "./account.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
type Socket = DatagramSocket<"ipv4", PktInfo>

/** The largest burst. The buffer of the kernel holds some 270 datagrams. */
const largestBurst = 400

/**
 * Bytes by which memory may grow after the first tenth: compiled code. Less than the receive memory of one socket, which has 4.2 MB.
 */
const growthAtMost = 4_000_000

export interface SoakOptions {
  readonly count: number
  readonly seed: number
  /** Datagrams of one server, on average. */
  readonly perServer?: number | undefined
  /** Called after the first server of each tenth. `hold` measures, which takes dozens of collections. */
  readonly progress?: ((account: Account, hold: () => Promise<Held>) => void | Promise<void>) | undefined
  /** For tests of the soak itself: hides an end from the account. */
  readonly forget?: number | undefined
}

/** Bytes and descriptors that the process holds when no server runs. */
export interface Held {
  readonly bytes: number
  readonly descriptors: number
}

export interface SoakResult {
  readonly account: Account
  readonly problems: ReadonlyArray<string>
  /** In the order of servers: after the first tenth, and at the end. */
  readonly held: readonly [Held, Held]
  /** The address of the sockets. Limits do not concern loopback addresses. */
  readonly address: string
}

/** An address of this host that is not of loopback, so that limits apply. The datagrams stay on this host. */
const ownAddress = (): string =>
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && !one.internal && one.family === "IPv4")?.address ?? "127.0.0.1"

const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const hold = async (): Promise<Held> => ({
  bytes: await heldMemory(),
  descriptors: readdirSync("/proc/self/fd").length
})

/** The handler of the datagrams. Their first byte decides how it ends, and the rest is their number. */
const handlerOf =
  (begun: Begun) =>
  (asked: Datagram.Datagram<"ipv4", PktInfo>, socket: Socket): Effect.Effect<void, unknown, Scope.Scope> => {
    const answer = Datagram.reply(socket, asked, asked.data)
    switch (asked.data[0]) {
      case 0:
        begun.failing++
        return Effect.fail({ _tag: "Refused" })
      case 1:
        begun.failing++
        throw new Error("a handler throws")
      case 2:
        begun.failing++
        return Effect.die(new Error("a handler dies"))
      case 3:
        begun.failing++
        return undefined as unknown as Effect.Effect<void>
      case 4:
        begun.interrupted++
        return Effect.interrupt
      case 5:
        begun.slow++
        // Sometimes longer than the time limit, and than the server lives.
        return Effect.zipRight(Effect.sleep((asked.data[4] ?? 0) % 12), Effect.ignore(answer))
      case 6:
        return Effect.zipRight(Effect.yieldNow(), answer)
      case 7:
        return Effect.zipRight(
          Effect.addFinalizer(() => Effect.void),
          answer
        )
      case 8:
        return Effect.tapError(Datagram.reply(socket, asked, new Uint8Array(asked.data.length * 4)), () =>
          Effect.sync(() => void begun.limited++)
        )
      default:
        return answer
    }
  }

const drawOptions = (random: Random): ServeOptions => ({
  concurrency: random.pick([1, 4, 64, 256]),
  overflow: random.pick(["wait", "drop"] as const),
  timeLimit: random.pick([8, Infinity]),
  shutdown: random.pick([0, 5, 1000]),
  ...(random.oneIn(4) ? { responseRate: { perSecond: 500, slip: random.pick([0, 2]) } } : {})
})

/** Drops of the kernel for the sockets with a label. */
const dropsOf = (label: string): Effect.Effect<number> =>
  Effect.map(Effect.zipRight(DatagramMetrics.update, Metric.snapshot), (all) => {
    for (const { metricKey, metricState } of all)
      if (
        metricKey.name === "datagram_kernel_drops" &&
        metricKey.tags.some(({ value }) => value === label) &&
        MetricState.isCounterState(metricState)
      )
        return Number(metricState.count)
    return 0
  })

/** Takes what is left in the buffer of a socket. */
const drain = (socket: Socket): Effect.Effect<number> =>
  Effect.gen(function* () {
    let left = 0
    for (;;) {
      const next = yield* Effect.exit(socket.receiveWithin(0))
      if (Exit.isSuccess(next) && Option.isNone(next.value)) return left
      if (Exit.isSuccess(next)) left++
    }
  })

export const soak = ({
  count,
  forget = 0,
  perServer = 20_000,
  progress,
  seed
}: SoakOptions): Effect.Effect<SoakResult> => {
  const random = new Random().drawFor(seed, 0)
  const account = new Account()
  const problems: Array<string> = []
  const address = ownAddress()
  const at = { address, port: 0 }
  let number = 0
  const messageTo = (to: Socket["localAddress"]) => {
    const data = new Uint8Array(16 + random.below(64))
    data[0] = random.below(16)
    new DataView(data.buffer).setUint32(4, number++)
    return { data, to }
  }

  /** One server from its socket to its end, for about so many datagrams. */
  const life = (datagrams: number) =>
    Effect.gen(function* () {
      const begun = new Begun()
      const before = [yield* dropsOf("server"), yield* dropsOf("client")] as const
      let sent = 0
      let answers = 0
      const first = number
      const seen = new Uint8Array(2 * perServer + largestBurst)
      const outer = yield* Scope.make()
      const inner = yield* Scope.make()
      const socket = yield* Datagram.bind(spec, at).pipe(Effect.tagMetrics("socket", "server"), Scope.extend(outer))
      const client = yield* Datagram.bind(spec, at).pipe(Effect.tagMetrics("socket", "client"), Scope.extend(outer))
      yield* serveOn(socket, handlerOf(begun), drawOptions(random)).pipe(Scope.extend(inner))
      const reading = yield* Effect.fork(
        client.forEach(({ data }) => {
          answers++
          // An answer of handler 8 has no number.
          if (data[0] === 0) return
          const answered = new DataView(data.buffer, data.byteOffset).getUint32(4) - first
          if (seen[answered] !== 0) problems.push(`datagram ${first + answered} was answered twice, or never sent`)
          seen[answered] = 1
        })
      )
      while (sent < datagrams) {
        const burst = Array.from({ length: 1 + random.below(largestBurst) }, () => messageTo(socket.localAddress))
        const report = yield* client.sendAll(burst)
        sent += report.sent
        if (report.failed.length > 0) problems.push(`a send failed: ${String(report.failed[0]?.error)}`)
        // Most bursts are handled before the next one.
        for (let turns = random.below(4); turns > 0; turns--) yield* turn
      }
      // It stops while it is busy.
      yield* Scope.close(inner, Exit.void)
      const left = yield* drain(socket)
      const stats = yield* socket.stats
      // Loopback delivers at once, so all answers are in the buffer of the client.
      while (answers + (yield* dropsOf("client")) - before[1] < Number(stats.sent)) yield* turn
      const drops = (yield* dropsOf("server")) - before[0]
      const answerDrops = (yield* dropsOf("client")) - before[1]
      yield* Fiber.interrupt(reading)
      yield* Scope.close(outer, Exit.void)
      const wrong = close(account, {
        sent,
        begun,
        stats,
        left: left - forget,
        drops,
        answers,
        answerDrops
      })
      problems.push(...wrong.map((each) => `server ${account.servers}: ${each}`))
    })

  return Effect.gen(function* () {
    let first: Held | undefined
    let tenth = 0
    while (account.sent < count && problems.length === 0) {
      yield* life(Math.min(1 + random.below(2 * perServer), count - account.sent))
      const now = Math.floor((10 * account.sent) / count)
      if (now === tenth) continue
      tenth = now
      first ??= yield* Effect.promise(hold)
      yield* Effect.promise(async () => progress?.(account, hold))
    }
    if (account.ended !== account.sent && problems.length === 0)
      problems.push(`${account.sent} datagrams were sent, and ${account.ended} have an end`)
    const last = problems.length === 0 ? yield* Effect.promise(hold) : (first ?? none)
    const held = [first ?? last, last] as const
    const grown = held[1].bytes - held[0].bytes
    if (held[1].descriptors !== held[0].descriptors)
      problems.push(`${held[0].descriptors} descriptors became ${held[1].descriptors}`)
    if (grown > growthAtMost) problems.push(`${grown} bytes more are held`)
    return { account, problems, held, address }
  }).pipe(
    Effect.provide(Layer.mergeAll(LinuxSockets.layer, DatagramMetrics.layer, Logger.remove(Logger.defaultLogger))),
    Effect.catchAllCause((cause) =>
      Effect.sync(() => ({
        account,
        problems: [...problems, Cause.pretty(cause)],
        held: [none, none] as const,
        address
      }))
    )
  )
}

const none: Held = { bytes: 0, descriptors: 0 }
