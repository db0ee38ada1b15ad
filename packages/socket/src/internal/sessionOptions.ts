/** The options of a server with sessions, read once and validated before anything is opened. */
import { Codec, type Endpoint, type Family } from "@ancillary/control"
import {
  readSessionSettings,
  readSessionTimes,
  type SessionSettings,
  type SessionTimes
} from "@ancillary/engine/server"
import { checkCallbacks, invalid, milliseconds, recordOf, settingsOf } from "./serveOptions.ts"

/** Durations are milliseconds. */
export interface CheckedSessions extends SessionSettings, SessionTimes<number> {
  readonly program: (...given: ReadonlyArray<unknown>) => unknown
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
  return {
    ...settingsOf(() => readSessionSettings(given)),
    ...settingsOf(() => readSessionTimes(given, milliseconds)),
    program: program as CheckedSessions["program"],
    ...checkCallbacks(given)
  }
}
