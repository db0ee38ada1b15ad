/** The options of a server with sessions, read once and validated before anything is opened. */
import {
  isInvalidOption,
  readSessionSettings,
  readSessionTimes,
  type SessionSettings,
  type SessionTimes
} from "@ancillary/engine/server"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { DatagramBindError } from "../DatagramError.ts"
import { durations } from "./durations.ts"
import { type Checked as CheckedServe, reading, readReported } from "./serveOptions.ts"

export interface Checked
  extends SessionSettings, SessionTimes<Duration.Duration>, Pick<CheckedServe, "traced" | "onStop"> {}

/** Fails with the first invalid option. */
export const checkSessionOptions = (given: unknown): Effect.Effect<Checked, DatagramBindError> =>
  reading(given, (options) => {
    const settings = readSessionSettings(options)
    if (isInvalidOption(settings)) return settings
    const times = readSessionTimes(options, durations)
    if (isInvalidOption(times)) return times
    const reported = readReported(options)
    return isInvalidOption(reported) ? reported : { ...settings, ...times, ...reported }
  })
