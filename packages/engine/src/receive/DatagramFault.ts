/**
 * Faults of single datagrams: plain records, because a peer decides how many there are.
 *
 * @since 0.1.0
 */
import type { Endpoint, Family } from "@ancillary/control"
import type { AnyKind, Maybe, MaybeKind, MaybeShape } from "../spec/Maybe.ts"

/** The key of the method that `console.log` of Node calls. */
const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/**
 * A datagram that could not be delivered as declared. The socket and its streams continue.
 *
 * **Details**
 *
 * A record and not an `Error`: it has no stack, because making one takes longer than receiving the datagram.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramFault<Kind extends MaybeKind = AnyKind> {
  readonly _tag = "DatagramFault"
  readonly reason: "DataTruncated" | "ControlTruncated" | "ControlMissing" | "ControlMalformed"
  /** The control message concerned. */
  readonly key: Maybe<Kind, string>
  /** The sender, if its address could be read. */
  readonly from: Maybe<Kind, Endpoint<Family>>

  readonly #sender: Endpoint<Family> | undefined
  #why: Why

  constructor(
    reason: DatagramFault["reason"],
    key: Maybe<Kind, string>,
    from: Maybe<Kind, Endpoint<Family>>,
    sender: Endpoint<Family> | undefined,
    why: Why
  ) {
    this.reason = reason
    this.key = key
    this.from = from
    this.#sender = sender
    this.#why = why
  }

  /** One sentence. It is made on the first read, because a peer decides how many faults there are. */
  get message(): string {
    if (typeof this.#why !== "string") this.#why = this.#why()
    return `${this.#sender === undefined ? "A datagram" : `A datagram from ${this.#sender}`}: ${this.#why}`
  }

  toString(): string {
    return `DatagramFault: ${this.message}`
  }

  toJSON(): unknown {
    return { _tag: this._tag, reason: this.reason, key: this.key, from: this.from, message: this.message }
  }

  [inspect](): string {
    return this.toString()
  }
}

/**
 * The cause of a fault: a text, or a function that makes it.
 *
 * @category errors
 * @since 0.1.0
 */
export type Why = string | (() => string)

/**
 * The fault of a datagram, in the shape of a plan.
 *
 * @category errors
 * @since 0.1.0
 */
export const faultOf = (
  { none, some }: MaybeShape,
  reason: DatagramFault["reason"],
  key: string | undefined,
  from: Endpoint<Family> | undefined,
  why: Why
): DatagramFault =>
  new DatagramFault(reason, key === undefined ? none : some(key), from === undefined ? none : some(from), from, why)

/**
 * The fault of a datagram that is larger than its slot. `size` is its size in bytes. If it is `undefined`, only `room` is known, the number
 * of bytes that fit.
 *
 * @category errors
 * @since 0.1.0
 */
export const tooLarge = (
  maybe: MaybeShape,
  from: Endpoint<Family>,
  size: number | undefined,
  room: number,
  remedy = "raise withMaximumDatagramSize"
): DatagramFault =>
  faultOf(maybe, "DataTruncated", undefined, from, () => {
    const bytes = size === undefined ? `more than ${room} bytes` : `${size} bytes`
    return `a datagram of ${bytes} did not fit into ${room}: ${remedy}, or declare withTruncation("deliver")`
  })
