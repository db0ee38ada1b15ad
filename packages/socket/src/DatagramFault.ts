/**
 * Faults of single datagrams.
 *
 * @since 0.1.0
 */
import * as Engine from "@ancillary/engine/receive/DatagramFault"
import type { UndefinedKind } from "@ancillary/engine/spec/Maybe"

/**
 * One datagram that could not be delivered as declared. The socket and its iterators continue.
 *
 * **Details**
 *
 * A record and not an `Error`: it has no stack, because making one takes longer than receiving the datagram. `outcomes` returns it. `receive`
 * rejects with a `DatagramFaultError`, which has the same fields.
 *
 * @category errors
 * @since 0.1.0
 */
export interface DatagramFault extends Engine.DatagramFault<UndefinedKind> {}

/**
 * The class of faults, for `instanceof`.
 *
 * @category errors
 * @since 0.1.0
 */
export const DatagramFault: abstract new (...given: never) => DatagramFault = Engine.DatagramFault<UndefinedKind>
