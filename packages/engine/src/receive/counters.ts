import type { DatagramFault } from "./DatagramFault.ts"

type Faults = { readonly [reason in DatagramFault["reason"]]: number }

/**
 * Counters of receiving, which only this class changes. They balance at all times: taken = received + faults + dropped + unread.
 *
 * Datagrams are counted in numbers, because a bigint for each would cost as much as a control message.
 */
export class ReceiveCounters {
  #taken = 0
  #received = 0
  #dropped = 0
  #errors = 0n
  #shortages = 0n
  #served = 0
  #servedBefore = 0
  readonly #faults = { DataTruncated: 0, ControlTruncated: 0, ControlMissing: 0, ControlMalformed: 0 }

  /** Datagrams that were taken from the kernel. */
  get taken(): number {
    return this.#taken
  }
  /** Datagrams that were delivered. */
  get received(): number {
    return this.#received
  }
  /** Datagrams that the spec drops, and those that were unread when the socket was closed. */
  get dropped(): number {
    return this.#dropped
  }
  /** Datagrams that could not be delivered as declared, by reason. */
  get faults(): Faults {
    return this.#faults
  }
  /** Errors of earlier datagrams that were skipped. */
  get errors(): bigint {
    return this.#errors
  }
  /** Receives that were repeated because the system lacked memory or descriptors. */
  get shortages(): bigint {
    return this.#shortages
  }
  /** Datagrams that readers got in this turn of the event loop, including faults and dropped ones. */
  get servedInTurn(): number {
    return this.#served - this.#servedBefore
  }
  /** Identifies the turn of the event loop. */
  get turn(): number {
    return this.#servedBefore
  }

  take(): void {
    this.#taken++
  }
  deliver(): void {
    this.#received++
  }
  fault(reason: DatagramFault["reason"]): void {
    this.#faults[reason]++
  }
  drop(datagrams = 1): void {
    this.#dropped += datagrams
  }
  passOver(): void {
    this.#errors++
  }
  lack(): void {
    this.#shortages++
  }
  serve(datagrams: number): void {
    this.#served += datagrams
  }
  beginTurn(): void {
    this.#servedBefore = this.#served
  }
}
