/** The accounts of sending, and their one writer. Datagrams, but for `resent`. */
export class SendCounters {
  #sent = 0
  #unsent = 0
  #sourceRefused = 0
  #resent = 0n

  /** Datagrams that the kernel took. */
  get sent(): number {
    return this.#sent
  }
  /** Datagrams that were dropped because there was no room. */
  get unsent(): number {
    return this.#unsent
  }
  /** Answers that went out without the source that they were to have. */
  get sourceRefused(): number {
    return this.#sourceRefused
  }
  /** Calls that failed with the error of another datagram, and succeeded when they were made again. */
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
