/**
 * Faults of single datagrams.
 *
 * @since 0.1.0
 */
import * as Engine from "@ancillary/engine/receive/DatagramFault"
import type { OptionKind } from "./OptionKind.ts"

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
export interface DatagramFault extends Engine.DatagramFault<OptionKind> {}

/**
 * The class of faults, for `instanceof`.
 *
 * @category errors
 * @since 0.1.0
 */
export const DatagramFault: abstract new (...given: never) => DatagramFault = Engine.DatagramFault<OptionKind>
