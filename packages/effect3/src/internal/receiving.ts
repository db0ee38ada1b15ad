/**
 * The laws of reading, as effects around one socket of the engine.
 */
import { Codec } from "@ancillary/control"
import { Chunk, Clock, Duration, Effect, Either, FiberRef, Option } from "effect"
import { DatagramReceiveError, receiveClosed } from "@ancillary/engine/errors/DatagramError"
import {
  DatagramFault,
  type Conversation,
  type Outcome,
  ReceivedDatagram,
  receiveInvalid,
  ScatteredDatagram,
  type SocketEvent
} from "@ancillary/engine/socket"
import { eventful, readable, waitFor } from "./waiting.ts"

/**
 * Runs `take` where its result is handed over within the same turn of the fiber.
 *
 * A fiber yields every so many operations, and may be interrupted there: between taking a datagram and succeeding with it, that would lose
 * one. So it yields before, where the end of its turn is near.
 */
const handOver = <A, E>(take: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber) =>
    fiber.currentOpCount + 2 > fiber.getFiberRef(FiberRef.currentMaxOpsBeforeYield)
      ? Effect.flatMap(Effect.yieldNow(), take)
      : take()
  )

const deliver = <A>(outcome: Outcome, present: (datagram: ReceivedDatagram) => A): Effect.Effect<A, DatagramFault> =>
  outcome instanceof DatagramFault ? Effect.fail(outcome) : Effect.succeed(present(outcome))

/** Reads one datagram, and waits while none is there. */
const receiving = <A, E>(
  core: Conversation,
  attemptOne: () => A | E | undefined | "again",
  present: (taken: A | E) => Effect.Effect<A, E>
): Effect.Effect<A, E | DatagramReceiveError> => {
  const attempt: Effect.Effect<A, E | DatagramReceiveError> = handOver(() => {
    const due = core.due()
    if (due !== undefined) return Effect.zipRight(waitFor(core, due), attempt)
    const taken = attemptOne()
    if (taken === undefined) return Effect.zipRight(readable(core), attempt)
    return taken === "again" ? attempt : present(taken as A | E)
  })
  return attempt
}

type Received = Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError>

const presentOne = (taken: ReceivedDatagram | DatagramFault | DatagramReceiveError): Received =>
  taken instanceof ReceivedDatagram ? Effect.succeed(taken) : Effect.fail(taken)

export const receive = (core: Conversation): Received => receiving(core, () => core.receive(), presentOne)

export const receiveScattered = (
  core: Conversation,
  sizes: ReadonlyArray<number>
): Effect.Effect<ScatteredDatagram, DatagramFault | DatagramReceiveError> =>
  receiving(
    core,
    () => core.receiveScattered(sizes),
    (taken: ScatteredDatagram | DatagramFault | DatagramReceiveError) =>
      taken instanceof ScatteredDatagram ? Effect.succeed(taken) : Effect.fail(taken)
  )

export const peek = (core: Conversation): Received => {
  const attempt: Received = Effect.suspend(() => {
    if (core.closed) return Effect.fail(receiveClosed())
    const due = core.due()
    if (due !== undefined) return Effect.zipRight(waitFor(core, due), attempt)
    const seen = core.peek()
    if (seen === undefined) return Effect.zipRight(readable(core), attempt)
    // Its turn was spent on what the spec drops.
    if (seen === "later") return Effect.zipRight(waitFor(core, 0), attempt)
    return seen === "again" ? attempt : presentOne(seen)
  })
  return attempt
}

/** Monotonic, in milliseconds: what steps the wall clock moves no deadline. `TestClock` has it, too. */
const monotonic = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)

export const receiveWithin = (
  core: Conversation,
  duration: Duration.DurationInput
): Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> =>
  Effect.flatMap(monotonic, (start) => {
    const given = Duration.decodeUnknown(duration)
    if (Option.isNone(given))
      return Effect.fail(
        receiveInvalid(core, "duration", `${Codec.format(duration)} is not a duration: give '2 seconds'`)
      )
    const deadline = start + Duration.toMillis(given.value)
    /** Only the waiting races the clock, and waiting takes nothing. */
    const waiting = (wait: Effect.Effect<void, DatagramReceiveError>, milliseconds: number) =>
      Effect.timeoutOption(wait, Duration.millis(Math.max(0, milliseconds)))
    const attempt: Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> = handOver(
      () => {
        const taken = core.receive()
        if (taken instanceof DatagramReceiveError) return Effect.fail(taken)
        if (taken !== undefined && taken !== "again") return deliver(taken, Option.some)
        const due = core.due() ?? (taken === undefined ? "readable" : undefined)
        const wait = due === undefined ? Effect.void : waitFor(core, due)
        return Effect.flatMap(monotonic, (now) =>
          now >= deadline ? Effect.succeedNone : Effect.zipRight(waiting(wait, deadline - now), attempt)
        )
      }
    )
    // Within no time at all, too, the others have their turn: the attempt comes after it.
    const due = core.due()
    return due === undefined ? attempt : Effect.zipRight(waiting(waitFor(core, due), deadline - start), attempt)
  })

/**
 * What one system call brings, faults among it; peers' errors are counted and passed over. `most`: so many are handed over, and the rest is
 * given back.
 */
export const takeBatch = <A>(
  core: Conversation,
  present: (outcomes: ReadonlyArray<Outcome>) => ReadonlyArray<A>,
  most?: number
): Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> => {
  const attempt: Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> = handOver(() => {
    for (;;) {
      const due = core.due()
      if (due !== undefined) return Effect.zipRight(waitFor(core, due), attempt)
      const taken = core.tryReceive(most)
      if (taken instanceof DatagramReceiveError) return Effect.fail(taken)
      if (taken.length === 0) return Effect.zipRight(waitFor(core, core.due() ?? "readable"), attempt)
      const chunk = Chunk.unsafeFromArray(present(taken))
      if (Chunk.isNonEmpty(chunk)) return Effect.succeed(chunk)
    }
  })
  return attempt
}

export const takeUpTo = (
  core: Conversation,
  maximum: unknown
): Effect.Effect<Chunk.NonEmptyChunk<ReceivedDatagram>, DatagramReceiveError> =>
  Codec.isInteger(maximum, 1, Number.MAX_SAFE_INTEGER)
    ? takeBatch(core, datagramsOf, maximum)
    : Effect.fail(
        receiveInvalid(core, "maximum", `${Codec.format(maximum)} is not a number of datagrams: give 1 or more`)
      )

export const takeEvents = (core: Conversation): Effect.Effect<Chunk.Chunk<SocketEvent>, DatagramReceiveError> => {
  const attempt: Effect.Effect<Chunk.Chunk<SocketEvent>, DatagramReceiveError> = handOver(() => {
    const events = core.takeEvents()
    if (events instanceof DatagramReceiveError) return Effect.fail(events)
    return events.length === 0
      ? Effect.zipRight(eventful(core), attempt)
      : Effect.succeed(Chunk.unsafeFromArray(events))
  })
  return attempt
}

const isDatagram = (outcome: Outcome): outcome is ReceivedDatagram => outcome instanceof ReceivedDatagram
export const datagramsOf = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<ReceivedDatagram> =>
  outcomes.every(isDatagram) ? outcomes : outcomes.filter(isDatagram)
export const eithersOf = (
  outcomes: ReadonlyArray<Outcome>
): ReadonlyArray<Either.Either<ReceivedDatagram, DatagramFault>> =>
  outcomes.map((outcome) => (outcome instanceof DatagramFault ? Either.left(outcome) : Either.right(outcome)))

/** The loop without a fiber: runs in the event loop's callback. */
export const forEach = (
  core: Conversation,
  f: (datagram: ReceivedDatagram) => void,
  borrowed: boolean
): Effect.Effect<never, DatagramReceiveError> => {
  if (typeof f !== "function")
    return Effect.fail(
      receiveInvalid(core, "f", `${Codec.format(f)} is not a function: give one that takes a datagram`)
    )
  return Effect.async((resume) => {
    const cancel = core.forEach(
      f,
      (end) => resume("error" in end ? Effect.fail(end.error) : Effect.die(end.defect)),
      borrowed
    )
    return Effect.sync(cancel)
  })
}
