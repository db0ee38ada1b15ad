/** The options of a server with sessions, read once and validated before anything is opened. */
import { Codec, type Endpoint, type Family } from "@ancillary/control"
import { invalidBind } from "@ancillary/engine/errors/DatagramError"
import { type Limits, readSessionSettings, type SessionSettings } from "@ancillary/engine/server"
import { errorOf } from "../DatagramError.ts"
import { checkCallbacks, invalid, isDuration, limitsOf, outOfRange, recordOf } from "./serveOptions.ts"

export interface CheckedSessions extends SessionSettings {
  readonly program: (...given: ReadonlyArray<unknown>) => unknown
  /** In milliseconds. */
  readonly idle: number
  readonly shutdown: number
  readonly limits: Limits
  readonly signal: AbortSignal | undefined
  readonly onError: ((error: unknown, peer: Endpoint<Family>) => void) | undefined
}

const names = [
  "amplification",
  "idle",
  "inbox",
  "key",
  "loops",
  "maximum",
  "onError",
  "responseRate",
  "shutdown",
  "signal"
] as const

/** Returns the checked options, or throws for the first invalid one. */
export const checkSessionOptions = (program: unknown, options: unknown): CheckedSessions => {
  if (typeof program !== "function")
    throw invalid("program", `${Codec.format(program)} is not a function. Give one that takes a session.`)
  const given = recordOf(options, names)
  const settings = readSessionSettings({ inbox: given.inbox, key: given.key, maximum: given.maximum })
  if ("message" in settings) throw errorOf(invalidBind(settings.message, settings.option))
  const { idle = 30_000, shutdown = 5000 } = given
  if (!isDuration(idle) || idle === 0) throw outOfRange("idle", idle, "a number of milliseconds above 0", "30000")
  if (!isDuration(shutdown)) throw outOfRange("shutdown", shutdown, "a number of milliseconds, 0 or more", "5000")
  return {
    ...settings,
    program: program as CheckedSessions["program"],
    idle,
    shutdown,
    limits: limitsOf(given),
    ...checkCallbacks(given)
  }
}
