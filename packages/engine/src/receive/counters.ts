import type { DatagramFault } from "./DatagramFault.ts"

type Faults = { readonly [reason in DatagramFault["reason"]]: number }

/**
 * The accounts of receiving, and their one writer. They balance whenever a program runs: taken = received + faults + dropped + unread.
 *
 * Datagrams are counted in numbers: a bigint for each would cost as much as a control message.
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
  /** Datagrams that were handed over. */
  get received(): number {
    return this.#received
  }
  /** Datagrams that the spec drops, and those that were unread when the socket was closed. */
  get dropped(): number {
    return this.#dropped
  }
  /** Datagrams that were not as declared, by reason. */
  get faults(): Faults {
    return this.#faults
  }
  /** Errors of earlier datagrams that were passed over. */
  get errors(): bigint {
    return this.#errors
  }
  /** Receives that were made again because the system lacked memory or descriptors. */
  get shortages(): bigint {
    return this.#shortages
  }
  /** Datagrams that readers were served in this turn of the event loop, with faults and dropped ones. */
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
  hand(): void {
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
