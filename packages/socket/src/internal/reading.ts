/**
 * The laws of reading, as effects around one `Core`.
 */
import { Chunk, Clock, Duration, Effect, Either, FiberRef, identity, Option } from "effect"
import { DatagramFault, DatagramReceiveError, receiveClosed, receiveError } from "../DatagramError.ts"
import { isFault } from "../Driver.ts"
import type { SocketEvent } from "../SocketEvent.ts"
import type { Core } from "./core.ts"
import { batchSlots, type Outcome, ReceivedDatagram } from "./incoming.ts"

/** Datagrams that are taken of a socket, by whoever reads it, before the event loop sees to timers and to other sockets. */
const perTurn = 256
/** Calls of a loop in a turn: those that bring errors of other datagrams take none. */
const callsPerTurn = 64

/**
 * Whether the socket has had its turn. A fiber that yields lets other fibers run, and not the event loop; so who reads on waits until that says
 * that more is there, which costs a few microseconds a turn. What was given back is known to nobody else, and never waits.
 */
const isSpent = (core: Core): boolean => core.unread.length === 0 && core.taken - core.turnFrom >= perTurn

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

/** Waits until the kernel says that there is something to read, taking nothing. */
const readable = (core: Core): Effect.Effect<void, DatagramReceiveError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(receiveClosed()))
    // Given back since the attempt, and the event loop knows nothing of it.
    if (core.unread.length > 0) return resume(Effect.void)
    const waiter = (closed: boolean) => {
      core.turnFrom = core.taken
      resume(closed ? Effect.fail(receiveClosed()) : Effect.void)
    }
    core.waiters.read(waiter)
    core.watch()
    return Effect.sync(() => core.waiters.leave(waiter))
  })

/** Waits until there are events, taking none. */
const attended = (core: Core): Effect.Effect<void, DatagramReceiveError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(receiveClosed()))
    if (core.events.unread > 0) return resume(Effect.void)
    const waiter = (closed: boolean) => resume(closed ? Effect.fail(receiveClosed()) : Effect.void)
    core.waiters.attend(waiter)
    core.watch()
    return Effect.sync(() => core.waiters.leave(waiter))
  })

/** One attempt to read: an outcome, nothing, or why not. */
const attemptOne = (core: Core): Outcome | undefined | DatagramReceiveError => {
  if (core.closed) return receiveClosed()
  const taken = core.take(1)
  return isFault(taken) ? receiveError(taken) : taken[0]
}

const deliver = <A>(
  core: Core,
  outcome: Outcome,
  present: (datagram: ReceivedDatagram) => A
): Effect.Effect<A, DatagramFault> => {
  core.count(outcome)
  return outcome instanceof DatagramFault ? Effect.fail(outcome) : Effect.succeed(present(outcome))
}

export const receive = (core: Core): Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> => {
  const attempt: Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> = handOver(() => {
    if (isSpent(core)) return Effect.zipRight(readable(core), attempt)
    const outcome = attemptOne(core)
    if (outcome === undefined) return Effect.zipRight(readable(core), attempt)
    return outcome instanceof DatagramReceiveError ? Effect.fail(outcome) : deliver(core, outcome, identity)
  })
  return attempt
}

export const peek = (core: Core): Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> => {
  const attempt: Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> = Effect.suspend(() => {
    if (core.closed) return Effect.fail(receiveClosed())
    const outcome = core.peek()
    if (outcome === undefined) return Effect.zipRight(readable(core), attempt)
    if (isFault(outcome)) return Effect.fail(receiveError(outcome))
    return outcome instanceof DatagramFault ? Effect.fail(outcome) : Effect.succeed(outcome)
  })
  return attempt
}

export const receiveWithin = (
  core: Core,
  duration: Duration.DurationInput
): Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> =>
  Effect.flatMap(Clock.currentTimeMillis, (start) => {
    const deadline = start + Duration.toMillis(duration)
    // Only the waiting races the clock, and waiting takes nothing.
    const attempt: Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> = handOver(
      () => {
        const outcome = attemptOne(core)
        if (outcome instanceof DatagramReceiveError) return Effect.fail(outcome)
        if (outcome !== undefined) return deliver(core, outcome, Option.some)
        return Effect.flatMap(Clock.currentTimeMillis, (now) =>
          now >= deadline
            ? Effect.succeed(Option.none())
            : Effect.zipRight(Effect.timeoutOption(readable(core), Duration.millis(deadline - now)), attempt)
        )
      }
    )
    if (!isSpent(core)) return attempt
    // Within no time at all, too, the others have their turn: the attempt comes after it.
    const turn = Effect.timeoutOption(readable(core), Duration.millis(Math.max(0, deadline - start)))
    return Effect.zipRight(turn, attempt)
  })

/** What one system call brings, faults among it; peers' errors are counted and passed over. */
export const takeBatch = <A>(
  core: Core,
  present: (outcomes: ReadonlyArray<Outcome>) => ReadonlyArray<A>
): Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> => {
  const attempt: Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> = handOver(() => {
    for (;;) {
      if (core.closed) return Effect.fail(receiveClosed())
      if (isSpent(core)) return Effect.zipRight(readable(core), attempt)
      const taken = core.take(batchSlots)
      if (isFault(taken)) {
        if (!core.calls.passesOver(taken)) return Effect.fail(receiveError(taken))
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

export const takeEvents = (core: Core): Effect.Effect<Chunk.Chunk<SocketEvent>, DatagramReceiveError> => {
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
  core: Core,
  take: "each" | "lend",
  f: (datagram: ReceivedDatagram) => void
): Effect.Effect<never, DatagramReceiveError> =>
  Effect.async((resume) => {
    let stopped = false
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
      return !stopped && !core.closed
    }
    const turn = (closed: boolean) => {
      if (closed) return stop(Effect.fail(receiveClosed()))
      for (let call = 0; call < callsPerTurn && !stopped && !isSpent(core); call++) {
        if (core.closed) return stop(Effect.fail(receiveClosed()))
        const more = core[take](hand)
        // What is drained is not asked again: the event loop says when something has come.
        if (more === false) break
        if (isFault(more) && !core.calls.passesOver(more)) return stop(Effect.fail(receiveError(more)))
      }
      if (stopped) return
      if (core.closed) return stop(Effect.fail(receiveClosed()))
      core.waiters.read(next)
      core.watch()
    }
    const next = (closed: boolean) => {
      core.turnFrom = core.taken
      turn(closed)
    }
    turn(core.closed)
    return Effect.sync(() => {
      stopped = true
      core.waiters.leave(next)
    })
  })
