/** Streams the changes of interfaces, after each notice of the system or once in each interval. */
import type { Driver, NetworkInterface } from "@ancillary/engine/driver/Driver"
import {
  type InterfaceChange,
  InterfaceWatch,
  type IntervalReader,
  readInterval
} from "@ancillary/engine/driver/interfaceChanges"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { type DatagramInterfaceError, errorOf } from "../DatagramError.ts"
import { durationOf } from "./durations.ts"

export const intervals: IntervalReader<Duration.Duration> = {
  standard: Duration.seconds(1),
  read: (given) => {
    const interval = durationOf(given)
    return interval !== undefined && Duration.isFinite(interval) && Duration.toMillis(interval) > 0
      ? interval
      : undefined
  },
  range: "a duration above 0"
}

export const changesOf = (
  driver: Driver,
  list: Effect.Effect<ReadonlyArray<NetworkInterface>, DatagramInterfaceError>,
  options: unknown
): Stream.Stream<InterfaceChange, DatagramInterfaceError> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const read = readInterval(options, intervals)
      if ("_tag" in read) return Stream.fail(errorOf(read))
      const bursts = yield* Queue.sliding<void>(1)
      const watch = yield* Effect.acquireRelease(
        Effect.sync(() => new InterfaceWatch(driver, () => void Queue.unsafeOffer(bursts, undefined))),
        (watch) => Effect.sync(() => watch.end())
      )
      const later: Stream.Stream<unknown> = watch.isNotified
        ? Stream.fromQueue(bursts)
        : Stream.fromSchedule(Schedule.spaced(read.interval))
      return Stream.concat(Stream.void, later).pipe(
        Stream.mapEffect(() => Effect.suspend(() => Effect.map(list, watch.look()))),
        Stream.mapConcat((changes) => changes)
      )
    })
  )
