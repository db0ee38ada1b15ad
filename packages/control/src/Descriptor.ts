import { within } from "./internal/bounds.ts"

const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/**
 * A file descriptor that came with a datagram: its number in this process, and its owner.
 *
 * **Details**
 *
 * The socket that received it owns it until it is taken into a scope (`Descriptor.take` of `@ancillary/effect3`). The
 * scope closes it at its end. The socket closes an untaken one at its next read, or when it is closed itself. In
 * `forEach` and `forEachBorrowed` it does so when the callback returns. A codec that reads descriptors, also that of a
 * user-defined message, must return them as this class. Numbers that came with a datagram but are not in such an object
 * are closed at once.
 *
 * **Gotchas**
 *
 * After the close, the number is free and may be that of another file. Before it is taken, only inspect it (`fstat`).
 *
 * @see unix(7), ancillary messages
 * @category models
 * @since 0.1.0
 */
export class Descriptor {
  /** 0 to 2147483647. */
  readonly number: number
  #state: "untaken" | "taken" | "closed" = "untaken"

  /** Throws a `RangeError` if the number is not an integer from 0 to 2147483647. */
  constructor(number: number) {
    this.number = within("A descriptor", number, 0, 0x7fffffff)
  }

  /** The owner: the socket (`untaken`), a scope (`taken`), or no owner (`closed`). */
  get state(): "untaken" | "taken" | "closed" {
    return this.#state
  }
  /** Records a change of owner, or the close. Only the owner, which is the socket or the scope, calls it. */
  become(state: "taken" | "closed"): void {
    this.#state = state
  }
  /** `descriptor 7 (taken)`. */
  toString(): string {
    return `descriptor ${this.number} (${this.#state})`
  }
  toJSON(): string {
    return this.toString()
  }
  [inspect](): string {
    return this.toString()
  }
}
