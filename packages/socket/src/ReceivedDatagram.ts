import type { ControlMessage, Endpoint, Family } from "@ancillary/control"
import type { Control } from "./Spec.ts"

/**
 * A received datagram.
 *
 * @category models
 * @since 0.1.0
 */
export interface Datagram<out F extends Family, in D extends ControlMessage.Any> {
  /**
   * The payload, as a copy that the program owns. Other payloads may share `data.buffer`, so a view of that buffer must start at
   * `data.byteOffset`.
   */
  readonly data: Uint8Array
  readonly from: Endpoint<F>
  /** The declared control messages, typed. */
  readonly control: Control<F, D>
  /**
   * Kind of the destination address. Winsock reports it. On Linux and macOS it follows from the packet information and covers only the IP
   * address. It is `"unknown"` if packet information is not declared.
   */
  readonly delivery: "unicast" | "multicast" | "broadcast" | "unknown"
  /** Set only under `withTruncation("deliver")`: the original size in bytes, if the kernel reports it. Otherwise `undefined`. */
  readonly truncated: { readonly size: number | undefined } | undefined
}
