/** Options of a server in several processes, in the words of this face. */
import { Codec } from "@ancillary/control"
import { invalidBind } from "@ancillary/engine/errors/DatagramError"
import {
  type CheckedWorkers as Checked,
  checkWorkerOptions as check,
  exponentialRestart,
  type Restart,
  type WorkersStart
} from "@ancillary/node"
import { errorOf } from "../DatagramError.ts"

/** Valid options, with times in milliseconds. */
export interface CheckedWorkers extends Omit<Checked, "restart">, Pick<WorkersStart, "restart" | "log"> {}

const above = "a number of milliseconds above 0"
const words = {
  milliseconds: (given: unknown) => (typeof given === "number" && given >= 0 ? given : undefined),
  format: String,
  ranges: { startup: above, heartbeat: above, patience: above, shutdown: "a number of milliseconds, 0 or more" },
  isRestart: (given: unknown) => typeof given === "function",
  restart: { range: "a function", remedy: "Leave it out for the default" }
}

/** Returns the checked options, or throws for the first invalid one. */
export const checkWorkerOptions = (given: unknown): CheckedWorkers => {
  const checked = check(given, words)
  if ("_tag" in checked) throw errorOf(checked)
  const { restart } = checked
  return {
    ...checked,
    restart: restart === undefined ? exponentialRestart : () => restart as Restart,
    log: quietly(reportOf(given))
  }
}

/** Returns the function that the program gave for reports. */
const reportOf = (given: unknown): ((message: string) => void) | undefined => {
  let onReport: unknown
  try {
    ;({ onReport } = given as { readonly onReport?: unknown })
  } catch {
    throw errorOf(invalidBind("options: reading them threw. Give a plain object.", "options"))
  }
  if (onReport === undefined || typeof onReport === "function") return onReport as (message: string) => void
  const found = Codec.format(onReport)
  throw errorOf(invalidBind(`onReport: ${found} is not a function. Leave it out for console.error.`, "onReport"))
}

/** A function of the program may throw. */
const quietly =
  (onReport: ((message: string) => void) | undefined): WorkersStart["log"] =>
  (_, message) => {
    try {
      if (onReport === undefined) console.error(message)
      else onReport(message)
    } catch {
      // The report is lost, and the workers go on.
    }
  }
