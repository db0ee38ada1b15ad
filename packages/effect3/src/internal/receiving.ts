/** Rules of receiving, as effects around one socket of the engine. */
import { Codec } from "@ancillary/control"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type * as Engine from "@ancillary/engine/errors/DatagramError"
import { receiveClosed } from "@ancillary/engine/errors/DatagramError"
import { isFault } from "@ancillary/engine/driver/Driver"
import {
  DatagramFault,
  type Conversation,
  type Outcome,
  ReceivedDatagram,
  receiveInvalid,
  ScatteredDatagram,
  type SocketEvent
} from "@ancillary/engine/socket"
import { type DatagramReceiveError, fail } from "../DatagramError.ts"
import { cancellable } from "./cancellable.ts"
import { parking } from "./parked.ts"
import { eventful, readable, waitFor } from "./waiting.ts"
import {
  Either,
  FiberRef
} from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

/**
 * Runs `take` so that its result is delivered within the same turn of the fiber.
 *
 * A fiber yields after a number of operations, and may be interrupted there. An interruption between taking a datagram and succeeding with
 * it would lose the datagram. Therefore the fiber yields before `take` if the end of its turn is near.
 */
const yieldBeforeTaking = <A, E>(take: (reader: Reader) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.withFiberRuntime<A, E>((fiber) =>
    fiber.currentOpCount + 2 > fiber.getFiberRef(FiberRef.currentMaxOpsBeforeYield)
      ? Effect.flatMap(Effect.yieldNow(), () => take(fiber))
      : take(fiber)
  )

type Reader = Fiber.RuntimeFiber<unknown, unknown>

/** The result of a receive of the engine that took something or failed. */
type Taken<A> = A | DatagramFault | Engine.DatagramReceiveError

const present = <A>(taken: Taken<A>): Effect.Effect<A, DatagramFault | DatagramReceiveError> => {
  if (taken instanceof DatagramFault) return Effect.fail(taken)
  return isFault(taken) ? fail(taken) : Effect.succeed(taken)
}

/** Receives one datagram, and waits while the queue is empty. */
const receiving = <A>(
  core: Conversation,
  attemptOne: () => Taken<A> | undefined | "again"
): Effect.Effect<A, DatagramFault | DatagramReceiveError> => {
  /** The fiber that took the last datagram. If it reads again, it waits before a call that would probably return nothing. */
  let last: FiberId.FiberId | undefined
  const wait = parking(core, () => attempt)
  const attempt: Effect.Effect<A, DatagramFault | DatagramReceiveError> = yieldBeforeTaking((reader) => {
    const due = core.due() ?? (last === reader.id() && core.isDrained ? "readable" : undefined)
    last = undefined
    if (due !== undefined) return wait(reader, due)
    const taken = attemptOne()
    if (taken === undefined) return wait(reader)
    if (taken === "again") return attempt
    last = reader.id()
    return present(taken)
  })
  return attempt
}

type Received = Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError>

export const receive = (core: Conversation): Received => receiving<ReceivedDatagram>(core, () => core.receive())

export const receiveScattered = (
  core: Conversation,
  sizes: ReadonlyArray<number>
): Effect.Effect<ScatteredDatagram, DatagramFault | DatagramReceiveError> =>
  receiving<ScatteredDatagram>(core, () => core.receiveScattered(sizes))

export const peek = (core: Conversation): Received => {
  const attempt: Received = Effect.suspend(() => {
    if (core.closed) return fail(receiveClosed())
    const due = core.due()
    if (due !== undefined) return Effect.zipRight(waitFor(core, due), attempt)
    const seen = core.peek()
    if (seen === undefined) return Effect.zipRight(readable(core), attempt)
    // Datagrams that the spec drops used up its turn.
    if (seen === "later") return Effect.zipRight(waitFor(core, 0), attempt)
    return seen === "again" ? attempt : present<ReceivedDatagram>(seen)
  })
  return attempt
}

/** Monotonic time in milliseconds, so a change of the wall clock does not move a deadline. `TestClock` has it too. */
const monotonic = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)

export const receiveWithin = (
  core: Conversation,
  duration: Duration.DurationInput
): Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> =>
  Effect.flatMap(monotonic, (start) => {
    const given = Duration.decodeUnknown(duration)
    if (Option.isNone(given))
      return fail(receiveInvalid(core, "duration", `${Codec.format(duration)} is not a duration: give '2 seconds'`))
    const deadline = start + Duration.toMillis(given.value)
    /** Only the wait races the clock, and a wait takes nothing. */
    const waiting = (wait: Effect.Effect<void, DatagramReceiveError>, milliseconds: number) =>
      Effect.timeoutOption(wait, Duration.millis(Math.max(0, milliseconds)))
    const attempt: Effect.Effect<
      Option.Option<ReceivedDatagram>,
      DatagramFault | DatagramReceiveError
    > = yieldBeforeTaking(() => {
      const taken = core.receive()
      // One operation, so an interruption cannot come before the program has the datagram.
      if (taken instanceof ReceivedDatagram) return Effect.succeed(Option.some(taken))
      if (taken !== undefined && taken !== "again") return present<never>(taken)
      const due = core.due() ?? (taken === undefined ? "readable" : undefined)
      const wait = due === undefined ? Effect.void : waitFor(core, due)
      return Effect.flatMap(monotonic, (now) =>
        now >= deadline ? Effect.succeedNone : Effect.zipRight(waiting(wait, deadline - now), attempt)
      )
    })
    // Other fibers have their turn even if the duration is zero. The attempt comes after it.
    const due = core.due()
    return due === undefined ? attempt : Effect.zipRight(waiting(waitFor(core, due), deadline - start), attempt)
  })

/**
 * Takes the datagrams of one system call and their faults. Errors that peers reported are counted and skipped. At most `most` are returned,
 * and the rest is kept for the next read.
 */
export const takeBatch = <A>(
  core: Conversation,
  present: (outcomes: ReadonlyArray<Outcome>) => ReadonlyArray<A>,
  most?: number
): Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> => {
  /** The fiber that took the last batch, as in `receiving`. */
  let last: FiberId.FiberId | undefined
  const wait = parking(core, () => attempt)
  const attempt: Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> = yieldBeforeTaking((reader) => {
    for (;;) {
      const due = core.due() ?? (last === reader.id() && core.isDrained ? "readable" : undefined)
      last = undefined
      if (due !== undefined) return wait(reader, due)
      const taken = core.tryReceive(most)
      if (isFault(taken)) return fail(taken)
      if (taken.length === 0) return wait(reader, core.due())
      last = reader.id()
      const chunk = Chunk.unsafeFromArray(present(taken))
      if (Chunk.isNonEmpty(chunk)) return Effect.succeed(chunk)
    }
  })
  return attempt
}

/**
 * Takes batches for one stream. A stream reads again and again, so it waits before a call that would probably return nothing, and requests
 * as many datagrams as the last wake-ups brought.
 */
export const pulling = <A>(
  core: Conversation,
  present: (outcomes: ReadonlyArray<Outcome>) => ReadonlyArray<A>
): Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> => {
  let waits = false
  const wait = parking(core, () => attempt)
  const attempt: Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> = yieldBeforeTaking((reader) => {
    for (;;) {
      const due = core.due() ?? (waits && core.isDrained ? "readable" : undefined)
      waits = false
      if (due !== undefined) return wait(reader, due)
      const taken = core.tryReceive(undefined, true)
      if (isFault(taken)) return fail(taken)
      if (taken.length === 0) return wait(reader, core.due())
      waits = true
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
    : fail(receiveInvalid(core, "maximum", `${Codec.format(maximum)} is not a number of datagrams: give 1 or more`))

export const takeEvents = (core: Conversation): Effect.Effect<Chunk.Chunk<SocketEvent>, DatagramReceiveError> => {
  const attempt: Effect.Effect<Chunk.Chunk<SocketEvent>, DatagramReceiveError> = yieldBeforeTaking(() => {
    const events = core.takeEvents()
    if (isFault(events)) return fail(events)
    return events.length === 0
      ? Effect.zipRight(eventful(core), attempt)
      : Effect.succeed(Chunk.unsafeFromArray(events))
  })
  return attempt
}

const isDatagram = (outcome: Outcome): outcome is ReceivedDatagram => outcome instanceof ReceivedDatagram
export const datagramsOf = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<ReceivedDatagram> =>
  outcomes.every(isDatagram) ? outcomes : outcomes.filter(isDatagram)
export const toEithers = (
  outcomes: ReadonlyArray<Outcome>
): ReadonlyArray<Either.Either<ReceivedDatagram, DatagramFault>> =>
  outcomes.map((outcome) => (outcome instanceof DatagramFault ? Either.left(outcome) : Either.right(outcome)))

/** A loop without a fiber, which runs in the event loop's callback. */
export const forEach = (
  core: Conversation,
  f: (datagram: ReceivedDatagram) => void,
  borrowed: boolean
): Effect.Effect<never, DatagramReceiveError> => {
  if (typeof f !== "function")
    return fail(receiveInvalid(core, "f", `${Codec.format(f)} is not a function: give one that takes a datagram`))
  // The interruption ends after the rest of the batch is with the next reader.
  return cancellable((resume) =>
    core.forEach(f, (end) => resume("error" in end ? fail(end.error) : Effect.die(end.defect)), borrowed)
  )
}
