/** Faults of one direction of a link, and the decision about each packet. */
import { Codec } from "@ancillary/control"
import type { Random } from "./random.ts"

/**
 * Faults of a link. Probabilities are from 0 to 1, times are milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface LinkFaults {
  /** Probability that a packet is lost. */
  readonly loss?: number | undefined
  /** Losses in a row. The link becomes bad with the probability `enter` and good with `leave`, decided at each packet. While bad it loses with `loss` (default 1). */
  readonly burst?: { readonly enter: number; readonly leave: number; readonly loss?: number | undefined } | undefined
  /** Probability that a packet arrives twice. */
  readonly duplicate?: number | undefined
  /** Time that each packet takes. */
  readonly delay?: number | undefined
  /** Largest additional time, random for each packet. It does not change the order. */
  readonly jitter?: number | undefined
  /** Packets that others overtake: the probability, and the additional time. */
  readonly reorder?: { readonly probability: number; readonly delay: number } | undefined
  /** Bits per second. Absent: sending takes no time. Packets that wait for it take room in the send buffer of their socket. */
  readonly bandwidth?: number | undefined
  /** Packets that can wait for the bandwidth. More are dropped. Default 1,000. */
  readonly queue?: number | undefined
  /** Packets in the queue from which on packets of ECN-capable senders are marked as having met congestion. */
  readonly markFrom?: number | undefined
  /** Probability that a bit of a packet's body is inverted. The receiver drops it by its checksum. */
  readonly corrupt?: number | undefined
  /** Corrupted packets get a right checksum, so that programs receive them. */
  readonly undetected?: boolean | undefined
}

/** The copies of one packet that arrive: their additional delays in milliseconds. None if it is lost. */
export interface Fate {
  readonly lost: "loss" | "burst loss" | undefined
  readonly copies: ReadonlyArray<{ readonly delay: number; readonly overtaken: boolean; readonly corrupt: boolean }>
}

const probabilities = ["loss", "duplicate", "corrupt"] as const
const amounts = ["delay", "jitter", "bandwidth", "queue", "markFrom"] as const
const names = [...probabilities, ...amounts, "burst", "reorder", "undetected"]

/** Throws if a number of a fault is not possible. `most` is 1 for a probability. */
export const within = (name: string, value: number | undefined, most: number): void => {
  if (value !== undefined && !(value >= 0 && value <= most))
    throw new TypeError(`${name}: ${value} is not ${most === 1 ? "a probability from 0 to 1" : "a number from 0"}.`)
}

/** Throws if a value is not one of a few. */
export const oneOf = (name: string, value: string, all: ReadonlyArray<string>): void => {
  if (!all.includes(value)) throw new TypeError(`${name}: ${Codec.format(value)} is not one of ${all.join(", ")}.`)
}

/** Throws if a fault is not possible, because a test with a fault that never happens shows nothing. */
export const validateFaults = (faults: LinkFaults): void => {
  for (const name of Object.keys(faults)) oneOf("fault", name, names)
  for (const name of probabilities) within(name, faults[name], 1)
  for (const name of amounts) within(name, faults[name], Number.MAX_VALUE)
  within("reorder.probability", faults.reorder?.probability, 1)
  within("reorder.delay", faults.reorder?.delay, Number.MAX_VALUE)
  for (const name of ["enter", "leave", "loss"] as const) within(`burst.${name}`, faults.burst?.[name], 1)
  if (faults.bandwidth === 0) throw new TypeError("bandwidth: 0 sends nothing. Use loss: 1.")
}

/** Decides by a random source of its own, so that the faults of one direction do not depend on the traffic of others. */
export class Dice {
  readonly #random: Random
  #isBad = false

  constructor(random: Random) {
    this.#random = random
  }

  /** Position of the bit to invert, in a body of so many bytes. */
  bit(bytes: number): number {
    return this.#random.below(bytes * 8)
  }

  roll(faults: LinkFaults): Fate {
    const { burst, corrupt = 0, delay = 0, duplicate = 0, jitter = 0, loss = 0, reorder } = faults
    const random = this.#random
    if (burst !== undefined) {
      this.#isBad = this.#isBad ? !random.chance(burst.leave) : random.chance(burst.enter)
      if (this.#isBad && random.chance(burst.loss ?? 1)) return { lost: "burst loss", copies: [] }
    }
    if (random.chance(loss)) return { lost: "loss", copies: [] }
    const copy = () => {
      const extra = jitter > 0 ? random.fraction() * jitter : 0
      const overtaken = reorder !== undefined && random.chance(reorder.probability)
      return {
        delay: delay + extra + (overtaken ? reorder.delay : 0),
        overtaken,
        corrupt: random.chance(corrupt)
      }
    }
    return { lost: undefined, copies: random.chance(duplicate) ? [copy(), copy()] : [copy()] }
  }
}
