/**
 * The laws of reading, as effects around one `Core`.
 */
import { Codec } from "@ancillary/control"
import { Chunk, Clock, Duration, Effect, Either, FiberRef, identity, Option } from "effect"
import { DatagramReceiveError, receiveClosed, receiveError } from "@ancillary/engine/errors/DatagramError"
import { DatagramFault } from "@ancillary/engine/receive/DatagramFault"
import { isFault } from "@ancillary/engine/driver/Driver"
import type { SocketEvent } from "@ancillary/engine/events/SocketEvent"
import type { Face } from "@ancillary/engine/socket/face"
import { batchSlots, type Outcome, ReceivedDatagram } from "@ancillary/engine/receive/incoming"
import { receiveInvalid } from "@ancillary/engine/receive/receiveInvalid"
import { refusedSizes, ScatteredDatagram, scattered } from "@ancillary/engine/receive/scattered"
import { attended, due, isSpent, paused, readable, rest } from "./waiting.ts"

/** Calls of a loop in a turn: those that bring errors of other datagrams take none. */
const callsPerTurn = 64

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

/** One attempt to read: an outcome, nothing, why not, or `again` where a signal or a shortage came in between. */
const attemptOne = (core: Face): Outcome | undefined | DatagramReceiveError | "again" => {
  if (core.closed) return receiveClosed()
  const taken = core.take(1)
  if (!isFault(taken)) return taken[0]
  const what = core.calls.after(taken)
  return what === "again" ? what : receiveError(taken, what === "end")
}

const deliver = <A>(
  core: Face,
  outcome: Outcome,
  present: (datagram: ReceivedDatagram) => A
): Effect.Effect<A, DatagramFault> => {
  core.count(outcome)
  return outcome instanceof DatagramFault ? Effect.fail(outcome) : Effect.succeed(present(outcome))
}

export const receive = (core: Face): Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> => {
  const attempt: Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> = handOver(() => {
    const wait = due(core)
    if (wait !== undefined) return Effect.zipRight(wait, attempt)
    const outcome = attemptOne(core)
    if (outcome === undefined) return Effect.zipRight(readable(core), attempt)
    if (outcome === "again") return attempt
    return outcome instanceof DatagramReceiveError ? Effect.fail(outcome) : deliver(core, outcome, identity)
  })
  return attempt
}

export const receiveScattered = (
  core: Face,
  sizes: ReadonlyArray<number>
): Effect.Effect<ScatteredDatagram, DatagramFault | DatagramReceiveError> => {
  const refused = refusedSizes(core, sizes)
  if (refused !== undefined) return Effect.fail(refused)
  const attempt: Effect.Effect<ScatteredDatagram, DatagramFault | DatagramReceiveError> = handOver(() => {
    const wait = due(core)
    if (wait !== undefined) return Effect.zipRight(wait, attempt)
    const whole = attemptOne(core)
    if (whole === undefined) return Effect.zipRight(readable(core), attempt)
    if (whole === "again") return attempt
    if (whole instanceof DatagramReceiveError) return Effect.fail(whole)
    const outcome = whole instanceof DatagramFault ? whole : scattered(core.plan, whole, sizes)
    if (outcome instanceof ScatteredDatagram) {
      core.count(outcome)
      return Effect.succeed(outcome)
    }
    // It is not handed over, and neither are the descriptors that came with it.
    if (whole instanceof ReceivedDatagram) core.handled(whole)
    if (outcome === undefined) {
      core.dropped++
      return attempt
    }
    core.count(outcome)
    return Effect.fail(outcome)
  })
  return attempt
}

export const peek = (core: Face): Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> => {
  const attempt: Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> = Effect.suspend(() => {
    if (core.closed) return Effect.fail(receiveClosed())
    const wait = due(core)
    if (wait !== undefined) return Effect.zipRight(wait, attempt)
    const outcome = core.peek()
    if (outcome === undefined) return Effect.zipRight(readable(core), attempt)
    // Its turn was spent on what the spec drops.
    if (outcome === "later") return Effect.zipRight(paused(core, 0), attempt)
    if (isFault(outcome)) {
      const what = core.calls.after(outcome)
      return what === "again" ? attempt : Effect.fail(receiveError(outcome, what === "end"))
    }
    return outcome instanceof DatagramFault ? Effect.fail(outcome) : Effect.succeed(outcome)
  })
  return attempt
}

/** Monotonic, in milliseconds: what steps the wall clock moves no deadline. `TestClock` has it, too. */
const monotonic = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)

export const receiveWithin = (
  core: Face,
  duration: Duration.DurationInput
): Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> =>
  Effect.flatMap(monotonic, (start) => {
    const given = Duration.decodeUnknown(duration)
    if (Option.isNone(given))
      return Effect.fail(
        receiveInvalid(core, "duration", `${Codec.shown(duration)} is not a duration: give '2 seconds'`)
      )
    const deadline = start + Duration.toMillis(given.value)
    /** Only the waiting races the clock, and waiting takes nothing. */
    const waiting = (wait: Effect.Effect<void, DatagramReceiveError>, milliseconds: number) =>
      Effect.timeoutOption(wait, Duration.millis(Math.max(0, milliseconds)))
    const attempt: Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> = handOver(
      () => {
        const outcome = attemptOne(core)
        if (outcome instanceof DatagramReceiveError) return Effect.fail(outcome)
        if (outcome !== undefined && outcome !== "again") return deliver(core, outcome, Option.some)
        const wait = due(core) ?? (outcome === undefined ? readable(core) : Effect.void)
        return Effect.flatMap(monotonic, (now) =>
          now >= deadline ? Effect.succeedNone : Effect.zipRight(waiting(wait, deadline - now), attempt)
        )
      }
    )
    // Within no time at all, too, the others have their turn: the attempt comes after it.
    const wait = due(core)
    return wait === undefined ? attempt : Effect.zipRight(waiting(wait, deadline - start), attempt)
  })

/**
 * What one system call brings, faults among it; peers' errors are counted and passed over. `most`: so many are handed over, and the rest is
 * given back.
 */
export const takeBatch = <A>(
  core: Face,
  present: (outcomes: ReadonlyArray<Outcome>) => ReadonlyArray<A>,
  most?: number
): Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> => {
  const attempt: Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> = handOver(() => {
    for (;;) {
      if (core.closed) return Effect.fail(receiveClosed())
      const wait = due(core)
      if (wait !== undefined) return Effect.zipRight(wait, attempt)
      const taken = most === undefined ? core.take(batchSlots) : core.take(Math.min(most, batchSlots), most, true)
      if (isFault(taken)) {
        const what = core.calls.after(taken)
        if (what === "end") return Effect.fail(receiveError(taken, true))
        if (what === "passed") core.calls.errors++
        continue
      }
      if (taken.length === 0) return Effect.zipRight(readable(core), attempt)
      for (const outcome of taken) core.count(outcome)
      const chunk = Chunk.unsafeFromArray(present(taken))
      if (Chunk.isNonEmpty(chunk)) return Effect.succeed(chunk)
    }
  })
  return attempt
}

export const takeUpTo = (
  core: Face,
  maximum: unknown
): Effect.Effect<Chunk.NonEmptyChunk<ReceivedDatagram>, DatagramReceiveError> =>
  Codec.isInteger(maximum, 1, Number.MAX_SAFE_INTEGER)
    ? takeBatch(core, datagramsOf, maximum)
    : Effect.fail(
        receiveInvalid(core, "maximum", `${Codec.shown(maximum)} is not a number of datagrams: give 1 or more`)
      )

export const takeEvents = (core: Face): Effect.Effect<Chunk.Chunk<SocketEvent>, DatagramReceiveError> => {
  const attempt: Effect.Effect<Chunk.Chunk<SocketEvent>, DatagramReceiveError> = handOver(() => {
    if (core.closed) return Effect.fail(receiveClosed())
    const events = core.events.take()
    return events.length === 0
      ? Effect.zipRight(attended(core), attempt)
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

/**
 * The loop without a fiber: runs in the event loop's callback, a turn at a time. `take` says how a batch is handed over.
 */
export const forEach = (
  core: Face,
  take: "each" | "lend",
  f: (datagram: ReceivedDatagram) => void
): Effect.Effect<never, DatagramReceiveError> => {
  if (typeof f !== "function")
    return Effect.fail(receiveInvalid(core, "f", `${Codec.shown(f)} is not a function: give one that takes a datagram`))
  return Effect.async((resume) => {
    let stopped = false
    let leave = (): void => undefined
    const stop = (effect: Effect.Effect<never, DatagramReceiveError>) => {
      stopped = true
      resume(effect)
    }
    /** Whether it goes on. */
    const hand = (outcome: Outcome): boolean => {
      core.count(outcome)
      if (outcome instanceof DatagramFault) return true
      try {
        f(outcome)
      } catch (defect) {
        stop(Effect.die(defect))
      }
      core.handled(outcome)
      return !stopped && !core.closed
    }
    const turn = (closed: boolean) => {
      if (closed) return stop(Effect.fail(receiveClosed()))
      let pause = 0
      for (let call = 0; call < callsPerTurn && pause === 0 && !stopped && !isSpent(core); call++) {
        if (core.closed) return stop(Effect.fail(receiveClosed()))
        const more = core[take](hand)
        // What is drained is not asked again: the event loop says when something has come.
        if (more === false) break
        if (more === true) continue
        const what = core.calls.after(more)
        if (what === "end") return stop(Effect.fail(receiveError(more, true)))
        if (what === "passed") core.calls.errors++
        pause = core.calls.takePause()
      }
      if (stopped) return
      if (core.closed) return stop(Effect.fail(receiveClosed()))
      // The event loop does not report what was given back: nothing waits for it while some of that is there.
      if (pause > 0 || core.unread.length > 0) leave = rest(core, pause, turn)
      else {
        core.waiters.read(next)
        core.watch()
      }
    }
    const next = (closed: boolean) => {
      core.turnFrom = core.brought
      turn(closed)
    }
    turn(core.closed)
    return Effect.sync(() => {
      stopped = true
      leave()
      core.waiters.leave(next)
    })
  })
}
