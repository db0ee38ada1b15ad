/** Counters of sending, which only this class changes. They count datagrams, except `resent`. */
export class SendCounters {
  #sent = 0
  #unsent = 0
  #sourceRefused = 0
  #resent = 0n

  /** Datagrams that the kernel accepted. */
  get sent(): number {
    return this.#sent
  }
  /** Datagrams that were dropped because there was no room. */
  get unsent(): number {
    return this.#unsent
  }
  /** Replies that were sent without their intended source. */
  get sourceRefused(): number {
    return this.#sourceRefused
  }
  /** Calls that failed with the error of another datagram, and succeeded when they were repeated. */
  get resent(): bigint {
    return this.#resent
  }

  send(datagrams: number): void {
    this.#sent += datagrams
  }
  drop(datagrams: number): void {
    this.#unsent += datagrams
  }
  refuseSource(): void {
    this.#sourceRefused++
  }
  resend(): void {
    this.#resent++
  }
}
