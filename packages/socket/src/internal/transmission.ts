/** The times of a request, read once and validated. */
import { Codec } from "@ancillary/control"
import { isDuration } from "./serveOptions.ts"

/** Valid times, in milliseconds. */
export interface CheckedTransmission {
  /** Returns the time until the next transmission, from the number of transmissions so far. A function of the program may throw. */
  readonly next: (transmissions: number) => unknown
  readonly timeout: number
}

/** An invalid option, and the reason, which ends with an instruction. */
export interface Refused {
  readonly option: string
  readonly why: string
}

const byTimes =
  (times: ReadonlyArray<number>): CheckedTransmission["next"] =>
  (transmissions) =>
    times[transmissions - 1]

export const defaults: CheckedTransmission = { next: byTimes([1000, 2000, 4000]), timeout: 5000 }

/** Returns the times that a program gave, `otherwise` for those that it left out, or the first invalid one. */
export const readTransmission = (given: unknown, otherwise: CheckedTransmission): CheckedTransmission | Refused => {
  if (given === undefined) return otherwise
  try {
    const { retransmit, timeout = otherwise.timeout } = given as {
      readonly retransmit?: unknown
      readonly timeout?: unknown
    }
    const next = retransmit === undefined ? otherwise.next : nextOf(retransmit)
    if (next === undefined)
      return refused("retransmit", retransmit, "an array of milliseconds or a function", "3 retransmissions")
    if (!isDuration(timeout)) return refused("timeout", timeout, "a number of milliseconds, 0 or more", "5000")
    return { next, timeout }
  } catch {
    return { option: "options", why: "reading them threw. Give a plain object" }
  }
}

const nextOf = (given: unknown): CheckedTransmission["next"] | undefined => {
  if (typeof given === "function") return (transmissions) => Reflect.apply(given, undefined, [transmissions]) as unknown
  if (!Array.isArray(given)) return undefined
  const times = Array.from<unknown>(given)
  return times.every(isDuration) ? byTimes(times) : undefined
}

const refused = (option: string, value: unknown, range: string, otherwise: string): Refused => ({
  option,
  why: `${Codec.format(value)} is not ${range}. Leave it out for ${otherwise}`
})
