/** How a test takes the next datagram from a socket: an implementation a path, so that a case shows on each of them what it shows on one. */
import { DatagramFault, type DatagramReceiveError, type DatagramStats } from "@ancillary/effect3"
import { expect } from "@effect/vitest"
import { Chunk, type Duration, Effect, Either, Option, Schedule, Stream } from "effect"

/** What every datagram has, whatever its spec. */
interface Read {
  readonly data: Uint8Array
  readonly control: object
}

/** How a socket is read, given what it calls a datagram. */
interface Source<A extends Read> {
  readonly receive: Effect.Effect<A, DatagramFault | DatagramReceiveError>
  readonly receiveWithin: (
    duration: Duration.DurationInput
  ) => Effect.Effect<Option.Option<A>, DatagramFault | DatagramReceiveError>
  readonly receiveBatch: Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError>
  readonly outcomes: Stream.Stream<Either.Either<A, DatagramFault>, DatagramReceiveError>
  readonly forEachBorrowed: (f: (datagram: A) => void) => Effect.Effect<never, DatagramReceiveError>
  readonly stats: Effect.Effect<DatagramStats>
}

/** A fault that is counted and not handed over: its reason is all that is seen of it. */
interface Counted {
  readonly reason: DatagramFault["reason"]
}
type Outcome<A> = Either.Either<A, DatagramFault | Counted>

export interface Reading {
  readonly path: "one by one" | "batched" | "borrowed"
  /** Whether what was said of an earlier datagram (refused, unreachable) is passed over, and no error of a read. */
  readonly passesOver: boolean
  /** The next datagram. Where a fault may be before or behind it, `outcome`: a batch of datagrams leaves faults out. */
  readonly receive: <A extends Read>(socket: Source<A>) => Effect.Effect<A, DatagramFault | DatagramReceiveError>
  /** The next datagram, or what is wrong with it. */
  readonly outcome: <A extends Read>(socket: Source<A>) => Effect.Effect<Outcome<A>, DatagramReceiveError>
  /** Expects a fault to be next, and to look so: as far as the path shows it. */
  readonly fault: (
    socket: Source<Read>,
    expected: Counted & { readonly [K in keyof DatagramFault]?: unknown }
  ) => Effect.Effect<void, DatagramReceiveError>
  /** Whether nothing is there, neither in the kernel nor of what was read ahead. */
  readonly isEmpty: (socket: Source<Read>) => Effect.Effect<boolean, DatagramFault | DatagramReceiveError>
}

const expectFault =
  (outcome: Reading["outcome"]): Reading["fault"] =>
  (socket, expected) =>
    Effect.map(outcome(socket), (seen) => {
      const fault = Either.isLeft(seen) ? seen.left : undefined
      expect(fault).toMatchObject(fault instanceof DatagramFault ? expected : { reason: expected.reason })
    })

const oneByOne: Reading = (() => {
  const outcome: Reading["outcome"] = ({ receive }) =>
    receive.pipe(
      Effect.map((datagram) => Either.right(datagram)),
      Effect.catchTag("DatagramFault", (fault) => Effect.succeed(Either.left(fault)))
    )
  return {
    path: "one by one",
    passesOver: false,
    receive: ({ receive }) => receive,
    outcome,
    fault: expectFault(outcome),
    isEmpty: ({ receiveWithin }) => Effect.map(receiveWithin(0), Option.isNone)
  }
})()

/** Waits for what a path brings at once: one or more. */
type Bring = <A extends Read>(socket: Source<A>) => Effect.Effect<ReadonlyArray<Outcome<A>>, DatagramReceiveError>

/** A path that brings several: what nobody has asked for yet is kept, socket by socket. */
const ahead = (path: Reading["path"], datagrams: Bring, outcomes: Bring): Reading => {
  const kept = new WeakMap<Source<Read>, Array<unknown>>()
  const keptOf = <A extends Read>(socket: Source<A>): Array<Outcome<A>> => {
    const outcomes = kept.get(socket) ?? []
    kept.set(socket, outcomes)
    // Under a socket stands what that socket brought, which a map cannot say.
    return outcomes as Array<Outcome<A>>
  }
  const next = <A extends Read>(socket: Source<A>, bring: Bring): Effect.Effect<Outcome<A>, DatagramReceiveError> =>
    Effect.suspend(() => {
      const outcomes = keptOf(socket)
      const first = outcomes.shift()
      if (first !== undefined) return Effect.succeed(first)
      return Effect.flatMap(bring(socket), (brought) => {
        outcomes.push(...brought)
        return next(socket, bring)
      })
    })
  const outcome: Reading["outcome"] = (socket) => next(socket, outcomes)
  const receive: Reading["receive"] = (socket) =>
    Effect.flatMap(
      next(socket, datagrams),
      Either.match({ onLeft: () => receive(socket), onRight: (datagram) => Effect.succeed(datagram) })
    )
  return {
    path,
    passesOver: true,
    receive,
    outcome,
    fault: expectFault(outcome),
    isEmpty: (socket) =>
      keptOf(socket).length > 0 ? Effect.succeed(false) : Effect.map(socket.receiveWithin(0), Option.isNone)
  }
}

const batched = ahead(
  "batched",
  ({ receiveBatch }) =>
    Effect.map(receiveBatch, (batch) => Chunk.toReadonlyArray(batch).map((each) => Either.right(each))),
  ({ outcomes }) =>
    Effect.map(Stream.runHead(Stream.chunks(outcomes)), (chunk) =>
      Chunk.toReadonlyArray(Option.getOrElse(chunk, () => Chunk.empty()))
    )
)

/** Of its own, what is lent: the payload, and the parts that are views of it. */
const copied = <A extends Read>(datagram: A): A => {
  const { control } = datagram
  const lent: unknown = "parts" in control ? control.parts : undefined
  const parts = Array.isArray(lent) ? { parts: lent.map((part: Uint8Array) => part.slice()) } : {}
  return { ...datagram, data: datagram.data.slice(), control: { ...control, ...parts } }
}

const reasons = ["DataTruncated", "ControlTruncated", "ControlMissing", "ControlMalformed"] as const

/**
 * What a loop brings that begins and ends again. It hands over no faults: each is counted where it stands among the datagrams, and so the account,
 * looked at before each of them and at the end, says which reasons were where.
 */
const borrowing: Bring = <A extends Read>({ forEachBorrowed, stats }: Source<A>) =>
  Effect.gen(function* () {
    const outcomes: Array<Outcome<A>> = []
    let account = (yield* stats).faults
    const see = Effect.map(stats, ({ faults }) => {
      for (const reason of reasons)
        for (let counted = account[reason]; counted < faults[reason]; counted++) outcomes.push(Either.left({ reason }))
      account = faults
      return outcomes.length > 0
    })
    const loop = forEachBorrowed((datagram) => {
      Effect.runSync(see)
      outcomes.push(Either.right(copied(datagram)))
    })
    const some = Effect.repeat(see, { schedule: Schedule.spaced("1 millis"), until: (some) => some })
    yield* Effect.raceFirst(loop, Effect.zipRight(Effect.yieldNow(), some))
    yield* see
    return outcomes
  })

/** The paths, the one that everything else is compared with first. `paths.ts` compares each with every other, streams and `forEach` among them. */
export const readings = [oneByOne, batched, ahead("borrowed", borrowing, borrowing)] as const
