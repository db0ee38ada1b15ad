/** The requests of a client that wait for answers, and the ones that ended, so that late and duplicate answers are recognized. */
import type { Endpoint, Family, Ipv4Address } from "@ancillary/control"
import { isAnswerer } from "./answerers.ts"
import type { SessionKey } from "./sessions.ts"

/**
 * Counters of a client's requests. `started` is the sum of the ends and of the waiting ones, and `received` of the answers and of the ignored
 * datagrams.
 *
 * @category servers
 * @since 0.1.0
 */
export class RequestCounters {
  started = 0
  answered = 0
  /** Requests whose schedule ended without an answer. */
  unanswered = 0
  cancelled = 0
  /** Requests that could not be sent, or whose socket failed. */
  failed = 0
  /** Datagrams that were sent again. */
  retransmitted = 0
  received = 0
  /** Answers to requests that had ended without one. */
  late = 0
  /** Answers to requests that were answered before. */
  duplicate = 0
  /** Answers to a waiting request from an address that was not asked. */
  foreign = 0
  /** Datagrams without a key, or with one that no request has. */
  unknown = 0

  get waiting(): number {
    return this.started - this.answered - this.unanswered - this.cancelled - this.failed
  }
}

/** Ended requests that are remembered. */
const remembered = 1024

/**
 * One request that waits.
 *
 * @category servers
 * @since 0.1.0
 */
export interface WaitingRequest<A> {
  readonly to: Endpoint<Family>
  readonly onAnswer: (datagram: A) => void
}

/**
 * Requests by their key.
 *
 * @category servers
 * @since 0.1.0
 */
export class RequestTable<A extends { readonly from: Endpoint<Family> }> {
  readonly counters = new RequestCounters()
  readonly #waiting = new Map<SessionKey, WaitingRequest<A>>()
  /** Keys that ended, and whether they were answered, the oldest first. */
  readonly #ended = new Map<SessionKey, boolean>()
  readonly #isBroadcast: (address: Ipv4Address) => boolean

  /** `isBroadcast` returns true for the broadcast address of a network of this host. */
  constructor(isBroadcast: (address: Ipv4Address) => boolean) {
    this.#isBroadcast = isBroadcast
  }

  /** Adds a request. Returns false if one with that key waits already. */
  add(key: SessionKey, request: WaitingRequest<A>): boolean {
    if (this.#waiting.has(key)) return false
    // The key may be used again, so an answer belongs to the new request.
    this.#ended.delete(key)
    this.#waiting.set(key, request)
    this.counters.started++
    return true
  }

  /** Passes a datagram to the request that waits for it, or counts it as ignored. */
  receive(key: SessionKey | undefined, datagram: A): void {
    const { counters } = this
    counters.received++
    const request = key === undefined ? undefined : this.#waiting.get(key)
    if (key === undefined || request === undefined) {
      const wasAnswered = key === undefined ? undefined : this.#ended.get(key)
      if (wasAnswered === undefined) counters.unknown++
      else if (wasAnswered) counters.duplicate++
      else counters.late++
      return
    }
    if (!isAnswerer(request.to, datagram.from, this.#isBroadcast)) {
      counters.foreign++
      return
    }
    this.#end(key, true)
    counters.answered++
    request.onAnswer(datagram)
  }

  /** Ends a request that waits. Returns false if it had ended. */
  end(key: SessionKey, request: WaitingRequest<A>, how: "unanswered" | "cancelled" | "failed"): boolean {
    if (this.#waiting.get(key) !== request) return false
    this.#end(key, false)
    this.counters[how]++
    return true
  }

  #end(key: SessionKey, wasAnswered: boolean): void {
    this.#waiting.delete(key)
    this.#ended.set(key, wasAnswered)
    if (this.#ended.size <= remembered) return
    const [oldest] = this.#ended.keys()
    if (oldest !== undefined) this.#ended.delete(oldest)
  }
}
