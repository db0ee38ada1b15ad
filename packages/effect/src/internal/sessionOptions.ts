/** The options of a server with sessions, read once and validated before anything is opened. */
import { Codec } from "@ancillary/control"
import { type Limits, readLimits, readSessionSettings, type SessionSettings } from "@ancillary/engine/server"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type DatagramBindError, invalidBind } from "../DatagramError.ts"
import { durationOf } from "./durations.ts"
import type { StopReport } from "./handlers.ts"

export interface Checked extends SessionSettings {
  readonly idle: Duration.Duration
  readonly shutdown: Duration.Duration
  readonly traced: boolean
  readonly onStop: ((report: StopReport) => Effect.Effect<void>) | undefined
  readonly limits: Limits
}

interface Given {
  readonly amplification?: unknown
  readonly idle?: unknown
  readonly inbox?: unknown
  readonly key?: unknown
  readonly loops?: unknown
  readonly maximum?: unknown
  readonly onStop?: unknown
  readonly responseRate?: unknown
  readonly shutdown?: unknown
  readonly traced?: unknown
}

/** Fails with the first invalid option. */
export const checkSessionOptions = (given: unknown = {}): Effect.Effect<Checked, DatagramBindError> =>
  Effect.suspend(() => {
    if (typeof given !== "object" || given === null)
      return Effect.fail(invalidBind(`options: ${Codec.format(given)} is not a record of options. Leave it out.`))
    try {
      const {
        amplification,
        idle = thirty,
        inbox,
        key,
        loops,
        maximum,
        onStop,
        responseRate,
        shutdown = five,
        traced = false
      } = given as Given
      const settings = readSessionSettings({ inbox, key, maximum })
      if ("message" in settings) return Effect.fail(invalidBind(settings.message, settings.option))
      const limits = readLimits({ amplification, responseRate, loops })
      if ("message" in limits) return Effect.fail(invalidBind(limits.message, limits.option))
      const idleTime = durationOf(idle)
      if (idleTime === undefined || Duration.toMillis(idleTime) === 0)
        return refused("idle", idle, "a duration above 0", "30s")
      const shutdownTime = durationOf(shutdown)
      if (shutdownTime === undefined) return refused("shutdown", shutdown, "a duration of 0 or more", "5s")
      if (typeof traced !== "boolean") return refused("traced", traced, "true or false", "false")
      if (onStop !== undefined && typeof onStop !== "function")
        return refused("onStop", onStop, "a function that returns an effect", "a log entry")
      return Effect.succeed({
        ...settings,
        idle: idleTime,
        shutdown: shutdownTime,
        traced,
        onStop: onStop as Checked["onStop"],
        limits
      })
    } catch {
      return Effect.fail(invalidBind("options: reading them threw. Give a plain object.", "options"))
    }
  })

const thirty = Duration.seconds(30)
const five = Duration.seconds(5)

const refused = (option: string, value: unknown, range: string, otherwise: string) =>
  Effect.fail(invalidBind(`${option}: ${Codec.format(value)} is not ${range}. Leave it out for ${otherwise}.`, option))
