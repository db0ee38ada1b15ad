/** Rules of receiving, as effects around one socket of the engine. */
import { Codec } from "@ancillary/control"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
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
import { eventful, readable, waitFor } from "./waiting.ts"
import { Result } from "../requires effect 4 - run npm install effect@4 - or install @ancillary/effect3 beside effect 3.ts"

/** Maximum number of operations from taking a datagram to the program's own code. */
const handOverOps = 8

/**
 * Runs `take` so that its result is delivered within the same turn of the fiber.
 *
 * A fiber yields after a number of operations, and may be interrupted there. An interruption between taking a datagram and succeeding with
 * it would lose the datagram. Therefore the fiber yields before `take` if the end of its turn is near.
 */
const yieldBeforeTaking = <A, E>(take: (reader: number) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.withFiber((fiber) =>
    fiber.currentOpCount + handOverOps >= fiber.cache.maxOpsBeforeYield
      ? Effect.flatMap(Effect.yieldNow, () => take(fiber.id))
      : take(fiber.id)
  )

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
  let last: number | undefined
  const attempt: Effect.Effect<A, DatagramFault | DatagramReceiveError> = yieldBeforeTaking((reader) => {
    const due = core.due() ?? (last === reader && core.isDrained ? "readable" : undefined)
    last = undefined
    if (due !== undefined) return Effect.andThen(waitFor(core, due), attempt)
    const taken = attemptOne()
    if (taken === undefined) return Effect.andThen(readable(core), attempt)
    if (taken === "again") return attempt
    last = reader
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
    if (due !== undefined) return Effect.andThen(waitFor(core, due), attempt)
    const seen = core.peek()
    if (seen === undefined) return Effect.andThen(readable(core), attempt)
    // Datagrams that the spec drops used up its turn.
    if (seen === "later") return Effect.andThen(waitFor(core, 0), attempt)
    return seen === "again" ? attempt : present<ReceivedDatagram>(seen)
  })
  return attempt
}

/** Monotonic time in milliseconds, so a change of the wall clock does not move a deadline. `TestClock` has it too. */
const monotonic = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

export const receiveWithin = (
  core: Conversation,
  duration: Duration.Input
): Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> =>
  Effect.flatMap(monotonic, (start) => {
    const given = Duration.fromInput(duration)
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
        now >= deadline ? Effect.succeedNone : Effect.andThen(waiting(wait, deadline - now), attempt)
      )
    })
    // Other fibers have their turn even if the duration is zero. The attempt comes after it.
    const due = core.due()
    return due === undefined ? attempt : Effect.andThen(waiting(waitFor(core, due), deadline - start), attempt)
  })

/**
 * Takes the datagrams of one system call and their faults. Errors that peers reported are counted and skipped. At most `most` are returned,
 * and the rest is kept for the next read.
 */
export const takeBatch = <A>(
  core: Conversation,
  present: (outcomes: ReadonlyArray<Outcome>) => ReadonlyArray<A>,
  most?: number
): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, DatagramReceiveError> => {
  /** The fiber that took the last batch, as in `receiving`. */
  let last: number | undefined
  const attempt: Effect.Effect<Arr.NonEmptyReadonlyArray<A>, DatagramReceiveError> = yieldBeforeTaking((reader) => {
    for (;;) {
      const due = core.due() ?? (last === reader && core.isDrained ? "readable" : undefined)
      last = undefined
      if (due !== undefined) return Effect.andThen(waitFor(core, due), attempt)
      const taken = core.tryReceive(most)
      if (isFault(taken)) return fail(taken)
      if (taken.length === 0) return Effect.andThen(waitFor(core, core.due() ?? "readable"), attempt)
      last = reader
      const given = present(taken)
      if (Arr.isReadonlyArrayNonEmpty(given)) return Effect.succeed(given)
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
): Effect.Effect<Arr.NonEmptyReadonlyArray<A>, DatagramReceiveError> => {
  let waits = false
  const attempt: Effect.Effect<Arr.NonEmptyReadonlyArray<A>, DatagramReceiveError> = yieldBeforeTaking(() => {
    for (;;) {
      const due = core.due() ?? (waits && core.isDrained ? "readable" : undefined)
      waits = false
      if (due !== undefined) return Effect.andThen(waitFor(core, due), attempt)
      const taken = core.tryReceive(undefined, true)
      if (isFault(taken)) return fail(taken)
      if (taken.length === 0) return Effect.andThen(waitFor(core, core.due() ?? "readable"), attempt)
      waits = true
      const given = present(taken)
      if (Arr.isReadonlyArrayNonEmpty(given)) return Effect.succeed(given)
    }
  })
  return attempt
}

export const takeUpTo = (
  core: Conversation,
  maximum: unknown
): Effect.Effect<Arr.NonEmptyReadonlyArray<ReceivedDatagram>, DatagramReceiveError> =>
  Codec.isInteger(maximum, 1, Number.MAX_SAFE_INTEGER)
    ? takeBatch(core, datagramsOf, maximum)
    : fail(receiveInvalid(core, "maximum", `${Codec.format(maximum)} is not a number of datagrams: give 1 or more`))

export const takeEvents = (
  core: Conversation
): Effect.Effect<Arr.NonEmptyReadonlyArray<SocketEvent>, DatagramReceiveError> => {
  const attempt: Effect.Effect<Arr.NonEmptyReadonlyArray<SocketEvent>, DatagramReceiveError> = yieldBeforeTaking(() => {
    const events = core.takeEvents()
    if (isFault(events)) return fail(events)
    return Arr.isReadonlyArrayNonEmpty(events) ? Effect.succeed(events) : Effect.andThen(eventful(core), attempt)
  })
  return attempt
}

const isDatagram = (outcome: Outcome): outcome is ReceivedDatagram => outcome instanceof ReceivedDatagram
export const datagramsOf = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<ReceivedDatagram> =>
  outcomes.every(isDatagram) ? outcomes : outcomes.filter(isDatagram)
export const resultsOf = (
  outcomes: ReadonlyArray<Outcome>
): ReadonlyArray<Result.Result<ReceivedDatagram, DatagramFault>> =>
  outcomes.map((outcome) => (outcome instanceof DatagramFault ? Result.fail(outcome) : Result.succeed(outcome)))

/** A loop without a fiber, which runs in the event loop's callback. */
export const forEach = (
  core: Conversation,
  f: (datagram: ReceivedDatagram) => void,
  borrowed: boolean
): Effect.Effect<never, DatagramReceiveError> => {
  if (typeof f !== "function")
    return fail(receiveInvalid(core, "f", `${Codec.format(f)} is not a function: give one that takes a datagram`))
  return Effect.callback((resume) => {
    const cancel = core.forEach(f, (end) => resume("error" in end ? fail(end.error) : Effect.die(end.defect)), borrowed)
    // The interruption ends after the rest of the batch is with the next reader.
    return Effect.callback<void>((ended) => cancel(() => ended(Effect.void)))
  })
}
