/** Datagrams and error queue entries, as the hooks of a wrapped driver see and make them. */

/**
 * A datagram before it is sent: copies of the address, the control buffer and the payload, exactly as the system call
 * receives them.
 *
 * @category models
 * @since 0.1.0
 */
export interface SentDatagram {
  readonly address: Uint8Array
  readonly control: Uint8Array
  readonly data: Uint8Array
}

/**
 * A received datagram before it is read. A hook may write to its buffers and replace its lengths and flags.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedSlot {
  readonly address: Uint8Array
  readonly control: Uint8Array
  readonly data: Uint8Array
  addressLength: number
  controlLength: number
  dataLength: number
  /** A combination of `ReceiveFlags`. */
  flags: number
}

/**
 * A forged entry of the error queue, as exact bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ErrorEntry {
  /** Destination of the datagram, as a socket address. Empty for none. */
  readonly address: Uint8Array
  readonly control: Uint8Array
  /** Start of the datagram. */
  readonly data: Uint8Array
}
