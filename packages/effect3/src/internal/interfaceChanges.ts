/** Compares lists of interfaces and returns the changes between them, after each notice of the system or once in each interval. */
import { Codec } from "@ancillary/control"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { type DatagramInterfaceError, errorOf } from "../DatagramError.ts"
import { type Driver, type NetworkInterface } from "@ancillary/engine/driver/Driver"
import { type InterfaceChange, interfaceChanges, type InterfaceLook } from "@ancillary/engine/driver/interfaceChanges"
import { invalidInterval } from "@ancillary/engine/errors/DatagramError"
import { type Follower, Notices } from "@ancillary/engine/driver/interfaceNotices"

type Listed = ReadonlyArray<NetworkInterface>

export const changesOf = (
  driver: Driver,
  list: Effect.Effect<Listed, DatagramInterfaceError>,
  options: unknown
): Stream.Stream<InterfaceChange, DatagramInterfaceError> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const interval = intervalOf(options)
      if (!Duration.isDuration(interval)) return Stream.fail(errorOf(invalidInterval(interval.shown)))
      const looks = (yield* notified(driver, list)) ?? polled(list, interval)
      return looks.pipe(
        Stream.mapAccum([], (before: Listed, look) => [look.list, interfaceChanges(before, look)]),
        Stream.mapConcat((changes) => changes)
      )
    })
  )

/** Returns the interval that a program gave, or the text of an invalid one. */
const intervalOf = (options: unknown): Duration.Duration | { readonly shown: string } => {
  try {
    const given: unknown =
      typeof options === "object" && options !== null && "interval" in options ? options.interval : undefined
    if (given === undefined) return Duration.seconds(1)
    const decoded = Option.getOrUndefined(Duration.decodeUnknown(given))
    return decoded !== undefined && Duration.isFinite(decoded) && Duration.toMillis(decoded) > 0
      ? decoded
      : { shown: Codec.format(given) }
  } catch {
    return { shown: "a value that cannot be read" }
  }
}

const polled = (list: Effect.Effect<Listed, DatagramInterfaceError>, interval: Duration.Duration) =>
  Stream.repeatEffectWithSchedule(list, Schedule.spaced(interval)).pipe(
    Stream.map((all): InterfaceLook => ({ list: all, removed: new Set() }))
  )

/**
 * Lists the interfaces for each burst of notices, first immediately. Empty if this system has no notices. The notices are followed until
 * the scope ends.
 */
const notified = (driver: Driver, list: Effect.Effect<Listed, DatagramInterfaceError>) =>
  Effect.gen(function* () {
    const notices = Notices.of(driver)
    const bursts = yield* Queue.sliding<void>(1)
    let removed = new Set<number>()
    const follower: Follower = ({ ended }) => {
      for (const { family, index } of ended) if (family === undefined) removed.add(index)
      Queue.unsafeOffer(bursts, undefined)
      return undefined
    }
    const begun = yield* Effect.acquireRelease(
      Effect.sync(() => notices.begin(follower)),
      (isFollowing) => Effect.sync(() => (isFollowing ? notices.end(follower) : undefined))
    )
    if (!begun) return undefined
    const look = Effect.suspend(() => {
      // Taken before the interfaces are listed, so an interface that ends in between is in the next burst.
      notices.take()
      const before = removed
      removed = new Set()
      return Effect.map(list, (all): InterfaceLook => ({ list: all, removed: before }))
    })
    return Stream.concat(Stream.void, Stream.fromQueue(bursts)).pipe(Stream.mapEffect(() => look))
  })
