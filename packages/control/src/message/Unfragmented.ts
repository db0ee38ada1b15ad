import { type Codec, int32, format, transform } from "../Codec.ts"
import { type ControlMessage, define, type Row } from "../ControlMessage.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * Prohibits the fragmentation of one IPv6 datagram; the socket's option prohibits it for all. Routers never fragment
 * IPv6 packets. A datagram that is too large for the interface or the path fails with `MessageTooLarge`.
 *
 * @see RFC 3542 section 11.2; ipv6(7), IPV6_DONTFRAG
 * @category messages
 * @since 0.1.0
 */
export interface Unfragmented extends ControlMessage<"unfragmented", "ipv6"> {
  readonly sendable: {
    /**
     * True if this datagram must not be fragmented. Absent: the setting of the socket (`withDontFragment()`, or its
     * absence).
     */
    readonly unfragmented?: boolean | undefined
  }
}

const flag: Codec<boolean> = transform(int32, {
  read: (value) => value !== 0,
  write: Number,
  validate: (value: unknown) => (typeof value === "boolean" ? undefined : `${format(value)} is neither true nor false`)
})
const row = (level: number, type: number): Row<never, boolean> => ({
  request: [],
  send: { level, type, payload: flag }
})

/**
 * The definition of `Unfragmented`. Only headers and RFC 3542 support the rows of Winsock and macOS.
 *
 * @category messages
 * @since 0.1.0
 */
export const Unfragmented = define<Unfragmented>({
  key: "unfragmented",
  presence: "required",
  table: {
    linux: { ipv6: row(Linux.IPPROTO_IPV6, Linux.IPV6_DONTFRAG) },
    winsock: { ipv6: row(Winsock.IPPROTO_IPV6, Winsock.IPV6_DONTFRAG) },
    darwin: { ipv6: row(Darwin.IPPROTO_IPV6, Darwin.IPV6_DONTFRAG) }
  }
})
