/** The trace of a network: each packet on a link, and each that ended before it arrived. */
import type { Packet } from "../ip/packet.ts"

/**
 * Something that happened to a packet. Times are nanoseconds since 1970.
 *
 * @category models
 * @since 0.1.0
 */
export interface TraceEvent {
  /** Position in the trace, from 0. */
  readonly number: number
  readonly time: bigint
  /** A host put the packet on a link, a host took it from one, or it ended. */
  readonly kind: "send" | "arrive" | "drop"
  /** Name of the host. */
  readonly at: string
  /** Name of the link. Absent: it happened in the host. */
  readonly link?: string | undefined
  /** Name of the receiving host of a sent packet. */
  readonly to?: string | undefined
  /** Link-layer addresses of the sender and the receiver, if there is one. */
  readonly frame?: { readonly source: string; readonly destination: string | undefined } | undefined
  /** Number of the event that sent the packet, if it arrived. */
  readonly of?: number | undefined
  /** The reason why it ended, or how it differs from the packet that was sent. */
  readonly why?: string | undefined
  readonly packet: Packet
}

export class Recorder {
  readonly #now: () => bigint
  readonly #isOn: boolean
  readonly events: Array<TraceEvent> = []
  #count = 0

  constructor(now: () => bigint, isOn: boolean) {
    this.#now = now
    this.#isOn = isOn
  }

  /** Records an event and returns its number. */
  record(event: Omit<TraceEvent, "number" | "time">): number {
    const number = this.#count++
    if (this.#isOn) this.events.push({ ...event, number, time: this.#now() })
    return number
  }
}
