/** Options of a server in several processes. They are read once and checked before anything is bound or started. */
import { Codec } from "@ancillary/control"
import type { DatagramBindError } from "../../DatagramError.ts"
import { invalidBind } from "../../DatagramError.ts"
import { durationOf } from "../../internal/durations.ts"
import { checkOptions as checkServeOptions } from "../../internal/serveOptions.ts"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { DatagramWorkerError } from "../DatagramWorkerError.ts"
import type { WorkersStart } from "@ancillary/node"

/** Values of a program before validation. */
type Given = { readonly [option: string]: unknown }

/** Valid options. */
export interface Checked extends Pick<WorkersStart, "program" | "fork" | "concurrency"> {
  readonly shutdown: Duration.Duration
  readonly startup: Duration.Duration
  readonly heartbeat: Duration.Duration
  readonly patience: Duration.Duration
  readonly workers: number | undefined
  readonly restart: Schedule.Schedule<unknown, DatagramWorkerError> | undefined
}

const defaults = {
  shutdown: Duration.seconds(5),
  startup: Duration.seconds(60),
  heartbeat: Duration.seconds(1),
  patience: Duration.seconds(10)
}

/** Fails with the first invalid option. */
export const checkOptions = (given: unknown): Effect.Effect<Checked, DatagramBindError> =>
  Effect.flatMap(
    Effect.try({
      try: () => ({ ...(given as Given) }),
      catch: () => invalidBind("options: reading them threw. Give a plain object.", "options")
    }),
    (options) =>
      Effect.gen(function* () {
        const { concurrency, fork, program, restart, workers } = options
        if (!isProgram(program))
          return yield* refused("program", program, "a path or a URL", "Give the program that runs work")
        if (fork !== undefined && (typeof fork !== "object" || fork === null))
          return yield* refused("fork", fork, "a record of options", "Leave it out for none")
        if (restart !== undefined && !isSchedule(restart))
          return yield* refused("restart", restart, "a Schedule", "Leave it out for the default")
        yield* checkServeOptions({ concurrency, shutdown: options["shutdown"] })
        const timing = { ...defaults }
        for (const option of ["startup", "heartbeat", "patience", "shutdown"] as const) {
          const value = options[option]
          if (value === undefined) continue
          const duration = durationOf(value)
          const isZero = option !== "shutdown" && duration !== undefined && Duration.toMillis(duration) === 0
          if (duration === undefined || isZero || (option === "heartbeat" && !Duration.isFinite(duration)))
            return yield* refused(
              option,
              value,
              option === "heartbeat" ? "a duration above 0 that ends" : "a duration above 0",
              `Leave it out for ${Duration.format(defaults[option])}`
            )
          timing[option] = duration
        }
        return {
          ...timing,
          program,
          // Checked above and in sharing.ts. The compiler does not know this of an untyped record.
          fork: fork ?? {},
          concurrency: concurrency as number | undefined,
          workers: workers as number | undefined,
          restart
        }
      })
  )

/** A proxy throws when its prototype is read. */
const isProgram = (value: unknown): value is string | URL => {
  try {
    return typeof value === "string" || value instanceof URL
  } catch {
    return false
  }
}

const isSchedule = (value: unknown): value is Schedule.Schedule<unknown> => {
  try {
    return Schedule.isSchedule(value)
  } catch {
    return false
  }
}

const refused = (option: string, value: unknown, range: string, remedy: string) =>
  Effect.fail(invalidBind(`${option}: ${Codec.format(value)} is not ${range}. ${remedy}.`, option))
