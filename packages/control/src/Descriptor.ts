import { within } from "./internal/bounds.ts"

const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/**
 * A file descriptor that came with a datagram: its number in this process, and whose it is.
 *
 * **Details**
 *
 * It belongs to the socket that received it until it is taken into a scope (`Descriptor.take` of `@ancillary/effect3`), which closes it then. One
 * that is not taken is closed at the socket's next read, with the socket, or, in `forEach` and `forEachBorrowed`, when the callback returns. A codec that reads descriptors (a message of one's own
 * among them) reads them as this class: numbers that came with a datagram and are not held by one are closed at once.
 *
 * **Gotchas**
 *
 * Once closed, the number is free and may be another file's. It is good for a look (`fstat`) until then, and for nothing else before it was taken.
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

  /** `untaken`: the socket's. `taken`: a scope's. `closed`: nobody's any more. */
  get state(): "untaken" | "taken" | "closed" {
    return this.#state
  }
  /** For whoever owns it, the socket or the scope: it changed hands, or was closed. */
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
