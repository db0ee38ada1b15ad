/** Control data that a host loses although its sockets asked for it. */
import { oneOf, within } from "./faults.ts"
import type { Random } from "./random.ts"

/**
 * Faults of a host. Probabilities are from 0 to 1.
 *
 * **Details**
 *
 * Windows may deliver a datagram without its control data if memory is short, although the option is on (microsoft/msquic drops such datagrams).
 *
 * @category models
 * @since 0.1.0
 */
export interface HostFaults {
  /** Probability that a received datagram has no control data. No flag reports it. */
  readonly controlMissing?: number | undefined
  /**
   * Probability that the control data of a received datagram is cut, with `MSG_CTRUNC`. Linux: a random number of bytes is left, so a message may
   * be cut. Winsock: nothing is left.
   */
  readonly controlTruncated?: number | undefined
  /** Part of a socket's receive buffer that is in use when control data is lost, from 0 to 1. Default 0: it may be lost at any time. */
  readonly pressure?: number | undefined
}

/** The control data of one datagram that is delivered: all, none, or this part of its bytes. */
export type ControlFate = "whole" | "missing" | { readonly part: number }

const names = ["controlMissing", "controlTruncated", "pressure"] as const

export class Pressure {
  readonly #random: Random
  #faults: HostFaults = {}

  constructor(random: Random) {
    this.#random = random
  }

  /** Changes faults. Those that are not named stay. */
  change(faults: HostFaults): void {
    for (const name of Object.keys(faults)) oneOf("fault", name, names)
    for (const name of names) within(name, faults[name], 1)
    this.#faults = { ...this.#faults, ...faults }
  }

  /** Decides about a datagram that arrives. `used` and `room` are bytes of its socket's receive buffer. */
  fate(used: number, room: number): ControlFate {
    const { controlMissing = 0, controlTruncated = 0, pressure = 0 } = this.#faults
    if (used < pressure * room) return "whole"
    if (this.#random.chance(controlMissing)) return "missing"
    return this.#random.chance(controlTruncated) ? { part: this.#random.fraction() } : "whole"
  }
}
