/**
 * Faults of single datagrams: plain records, because a peer decides how many there are.
 *
 * @since 0.1.0
 */
import type { Endpoint, Family } from "@ancillary/control"
import type { AnyKind, Maybe, MaybeKind, MaybeShape } from "../spec/Maybe.ts"

/**
 * One datagram that could not be delivered as promised. The socket and its streams go on.
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
  readonly message: string

  constructor(
    reason: DatagramFault["reason"],
    key: Maybe<Kind, string>,
    from: Maybe<Kind, Endpoint<Family>>,
    message: string
  ) {
    this.reason = reason
    this.key = key
    this.from = from
    this.message = message
  }

  toString(): string {
    return `DatagramFault: ${this.message}`
  }
}

/** The fault of a datagram, in the shape of a plan. */
export const faultOf = (
  { none, some }: MaybeShape,
  reason: DatagramFault["reason"],
  key: string | undefined,
  from: Endpoint<Family> | undefined,
  message: string
): DatagramFault =>
  new DatagramFault(
    reason,
    key === undefined ? none : some(key),
    from === undefined ? none : some(from),
    `${from === undefined ? "A datagram" : `A datagram from ${from}`}: ${message}`
  )

/** The fault of a datagram that did not fit. `size` is its size as a text, `room` the number of bytes that fit. */
export const tooLarge = (
  maybe: MaybeShape,
  from: Endpoint<Family>,
  size: string,
  room: number,
  remedy = "raise withMaximumDatagramSize"
): DatagramFault =>
  faultOf(
    maybe,
    "DataTruncated",
    undefined,
    from,
    `a datagram of ${size} did not fit into ${room}: ${remedy}, or declare withTruncation("deliver")`
  )
