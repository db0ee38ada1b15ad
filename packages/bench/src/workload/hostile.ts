/**
 * A hundred thousand hostile datagrams against as many good ones: each is a byte longer than the spec allows, which makes it a fault. The last of a
 * burst is good, and the gauge runs until it was delivered.
 */
import { Datagram, withMaximumDatagramSize } from "@ancillary/effect3"
import { Effect, Stream } from "effect"
import { Arrivals, turn } from "../arrivals.ts"
import { cost } from "../gauge.ts"
import { type Candidate } from "../rounds.ts"
import { filler, loopback, plain, reading, sender } from "../sockets.ts"
import { dgram } from "../names.ts"
import { faults, time, type Workload } from "../workload.ts"

const limit = 100
const burst = 256
const all = 400

const bounded = Datagram.bind(reading.pipe(withMaximumDatagramSize(limit)), loopback)
type Bounded = Effect.Effect.Success<typeof bounded>
type Read = (socket: Bounded, count: () => void) => Effect.Effect<unknown, unknown>

const reads = {
  forEach: (socket, count) => socket.forEach(count),
  receiveBatch: (socket, count) =>
    Effect.forever(
      Effect.map(socket.receiveBatch, (batch) => {
        for (const _ of batch) count()
      })
    ),
  runForEach: (socket, count) => Stream.runForEach(socket.datagrams, () => Effect.sync(count)),
  outcomes: (socket, count) =>
    Stream.runForEach(socket.outcomes, (outcome) => Effect.sync(() => outcome._tag === "Right" && count()))
} satisfies { readonly [name in string]: Read }

type Fill = (count: number) => void

/** Fills the socket so often, each time with a good datagram last, and waits for the delivered ones. */
const round = (bursts: number, arrivals: Arrivals, fill: Fill, last: Fill, delivered: number) => async () => {
  const sums = [0, 0]
  for (let i = 0; i < bursts; i++) {
    fill(burst - 1)
    last(1)
    for (const [at, value] of (await arrivals.until(delivered)).entries()) sums[at] = (sums[at] ?? 0) + value
    await turn()
  }
  return sums.map((sum) => sum / (bursts * burst))
}

/** A reader of good datagrams and one of hostile ones. */
const ours = (name: keyof typeof reads, bursts: number) =>
  Effect.forEach(["good", "hostile"] as const, (kind) =>
    Effect.gen(function* () {
      const socket = yield* bounded
      const from = yield* sender
      const arrivals = new Arrivals(cost())
      yield* Effect.forkScoped(reads[name](socket, () => arrivals.count(1)))
      const good = filler(from, socket.localAddress, limit)
      const hostile = filler(from, socket.localAddress, limit + 1)
      const some =
        kind === "good" ? round(bursts, arrivals, good, good, burst) : round(bursts, arrivals, hostile, good, 1)
      let expected = 0n
      const checked: Candidate["round"] = async () => {
        const values = await some()
        if (kind === "hostile") expected += BigInt(bursts * (burst - 1))
        const faults = Object.values(Effect.runSync(socket.stats).faults).reduce((sum, count) => sum + count, 0n)
        if (faults !== expected) throw new Error(`${name} counted ${faults} of ${expected} faults`)
        return values
      }
      return { name: `${name}, ${kind}`, round: checked }
    })
  )

const nodes = (bursts: number) =>
  Effect.gen(function* () {
    const { at, socket } = yield* plain
    const arrivals = new Arrivals(cost())
    socket.on("message", () => arrivals.count(1))
    const good = filler(yield* sender, at, limit)
    return [{ name: dgram, round: round(bursts, arrivals, good, good, burst) }]
  })

export const hostile: Workload = {
  name: "hostile",
  title: "Hostile datagrams against good ones, 100 bytes",
  readings: [time("a datagram"), faults],
  rounds: 4,
  candidates: ({ times }) => {
    const bursts = times(all)
    return Effect.map(
      Effect.all([
        nodes(bursts),
        ours("forEach", bursts),
        ours("receiveBatch", bursts),
        ours("runForEach", bursts),
        ours("outcomes", bursts)
      ]),
      (each) => each.flat()
    )
  }
}
