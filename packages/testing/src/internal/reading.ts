/**
 * Ways in which a test takes the next datagram from a socket. There is one implementation for each way, so that each
 * case runs on all of them.
 */
import { DatagramFault, type DatagramReceiveError, type DatagramStats } from "@ancillary/effect3"
import { expect } from "@effect/vitest"
import { Chunk, type Duration, Effect, Either, Option, Schedule, Stream } from "effect"

/** Fields of every datagram, for any spec. */
interface Read {
  readonly data: Uint8Array
  readonly control: object
}

/** Read methods of a socket, by the type of its datagrams. */
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

/** A fault that is counted but not returned: only its reason is known. */
interface Counted {
  readonly reason: DatagramFault["reason"]
}
type Outcome<A> = Either.Either<A, DatagramFault | Counted>

export interface Reading {
  readonly path: "one by one" | "batched" | "borrowed"
  /** True if reads ignore errors of earlier datagrams (refused, unreachable). Otherwise such an error fails a read. */
  readonly passesOver: boolean
  /**
   * Returns the next datagram. If a fault may be next to it, use `outcome`, because a batch of datagrams omits faults.
   */
  readonly receive: <A extends Read>(socket: Source<A>) => Effect.Effect<A, DatagramFault | DatagramReceiveError>
  /** Returns the next datagram or its fault. */
  readonly outcome: <A extends Read>(socket: Source<A>) => Effect.Effect<Outcome<A>, DatagramReceiveError>
  /** Expects that the next outcome is this fault, in as much detail as the way to read returns. */
  readonly fault: (
    socket: Source<Read>,
    expected: Counted & { readonly [K in keyof DatagramFault]?: unknown }
  ) => Effect.Effect<void, DatagramReceiveError>
  /** Returns true if neither the kernel nor the buffer of earlier reads has a datagram. */
  readonly isEmpty: (socket: Source<Read>) => Effect.Effect<boolean, DatagramFault | DatagramReceiveError>
}

const expectFault =
  (outcome: Reading["outcome"]): Reading["fault"] =>
  (socket, expected) =>
    Effect.map(outcome(socket), (seen) => {
      const fault = Option.getOrUndefined(Either.getLeft(seen))
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

/** Waits for the result of one read: one or more outcomes. */
type Bring = <A extends Read>(socket: Source<A>) => Effect.Effect<ReadonlyArray<Outcome<A>>, DatagramReceiveError>

/** A way to read that returns several outcomes. It keeps the rest for later reads, by socket. */
const ahead = (path: Reading["path"], datagrams: Bring, outcomes: Bring): Reading => {
  const kept = new WeakMap<Source<Read>, Array<unknown>>()
  const keptOf = <A extends Read>(socket: Source<A>): Array<Outcome<A>> => {
    const outcomes = kept.get(socket) ?? []
    kept.set(socket, outcomes)
    // The value of a socket has the type of that socket, which a map cannot express.
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

/** Copies the borrowed memory of a datagram: the payload, and the parts that are views of it. */
const copied = <A extends Read>(datagram: A): A => {
  const { control } = datagram
  const lent: unknown = "parts" in control ? control.parts : undefined
  const parts = Array.isArray(lent) ? { parts: lent.map((part: Uint8Array) => part.slice()) } : {}
  return { ...datagram, data: datagram.data.slice(), control: { ...control, ...parts } }
}

const reasons = ["DataTruncated", "ControlTruncated", "ControlMissing", "ControlMalformed"] as const

/**
 * Reads with a loop that starts and ends again. The loop does not return faults but counts each of them in the order of
 * the datagrams. The counters are therefore read before each datagram and at the end, which gives the position of each
 * reason.
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

/**
 * The ways to read. The first is the one that all others are compared with. `paths.ts` compares each with every other,
 * including streams and `forEach`.
 */
export const readings = [oneByOne, batched, ahead("borrowed", borrowing, borrowing)] as const
