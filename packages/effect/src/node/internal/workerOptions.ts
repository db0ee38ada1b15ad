/** Options of a server in several processes, in the words of this face. */
import { type CheckedWorkers, checkWorkerOptions } from "@ancillary/node"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { type DatagramBindError, fail } from "../../DatagramError.ts"
import { durationOf } from "../../internal/durations.ts"
import type { DatagramWorkerError } from "../DatagramWorkerError.ts"

/** Valid options, with times in milliseconds. */
export interface Checked extends CheckedWorkers {
  readonly restart: Schedule.Schedule<unknown, DatagramWorkerError> | undefined
}

const isSchedule = (value: unknown): value is Schedule.Schedule<unknown> => {
  try {
    return Schedule.isSchedule(value)
  } catch {
    return false
  }
}

const above = "a duration above 0"
const words = {
  milliseconds: (given: unknown) => {
    const duration = durationOf(given)
    return duration === undefined ? undefined : Duration.toMillis(duration)
  },
  format: (milliseconds: number) => Duration.format(Duration.millis(milliseconds)),
  ranges: { startup: above, heartbeat: `${above} that ends`, patience: above, shutdown: "a duration of 0 or more" },
  isRestart: isSchedule,
  restart: { range: "a Schedule", remedy: "Leave it out for the default" }
}

/** Fails with the first invalid option. */
export const checkOptions = (given: unknown): Effect.Effect<Checked, DatagramBindError> =>
  Effect.suspend(() => {
    const checked = checkWorkerOptions(given, words)
    if ("_tag" in checked) return fail(checked)
    const { restart } = checked
    return Effect.succeed({ ...checked, restart: isSchedule(restart) ? restart : undefined })
  })
