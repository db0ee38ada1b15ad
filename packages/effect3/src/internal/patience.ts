/**
 * Maximum time for which a fiber's sends wait for room at a Unix receiver. Such a wait ends when the receiver reads, so another program
 * decides how long it takes. A server limits it for its handlers.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Conversation } from "@ancillary/engine/socket"
import { FiberRef } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

/** Sends on one socket that have a limit. All other sends wait as their spec declares. */
export interface Patience {
  readonly core: Conversation
  readonly limit: Duration.Duration
}

export const patience: FiberRef.FiberRef<Patience | undefined> = FiberRef.unsafeMake<Patience | undefined>(undefined)

/** Time at which a send gives up, in nanoseconds, computed from the current time. Absent if there is no limit. */
export type Deadline = bigint | undefined

export const deadlineOf = (core: Conversation): Effect.Effect<Deadline> =>
  core.plan.family !== "unix"
    ? Effect.succeed(undefined)
    : Effect.flatMap(FiberRef.get(patience), (given) => {
        if (given?.core !== core || !Duration.isFinite(given.limit)) return Effect.succeed(undefined)
        if (Duration.toMillis(given.limit) === 0) return Effect.succeed(0n)
        const nanos = Duration.unsafeToNanos(given.limit)
        return Effect.map(Clock.currentTimeNanos, (now) => now + nanos)
      })

/** Waits until a deadline. Returns true if the wait succeeded in time. */
export const before = <E>(deadline: Deadline, wait: Effect.Effect<void, E>): Effect.Effect<boolean, E> => {
  if (deadline === undefined) return Effect.as(wait, true)
  if (deadline === 0n) return Effect.succeed(false)
  return Effect.flatMap(Clock.currentTimeNanos, (now) =>
    now >= deadline
      ? Effect.succeed(false)
      : Effect.map(Effect.timeoutOption(wait, Duration.nanos(deadline - now)), ({ _tag }) => _tag === "Some")
  )
}
