import { type Codec, int32, isInteger, format, transform, uint8 } from "../Codec.ts"
import { type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { on } from "../internal/on.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * Number of routers that a datagram may still cross. `hopLimit` is the TTL of IPv4 and the hop limit of IPv6.
 *
 * @see RFC 3542 section 6.3; ip(7), IP_RECVTTL; ws2ipdef.h, IP_RECVTTL and IPV6_HOPLIMIT
 * @category messages
 * @since 0.1.0
 */
export interface HopLimit extends ControlMessage<"hopLimit", Internet> {
  readonly received: {
    /** Routers that the datagram could still have crossed when it arrived, 0 to 255 (IPv4 says TTL). */
    readonly hopLimit: number
  }
  readonly sendable: {
    /** Hop limit of this datagram, 1 to 255. Absent: the current value of the socket. */
    readonly hopLimit?: number | undefined
  }
}

const validate = (value: number): string | undefined =>
  // The range is checked here, because Linux cuts the value to 16 bits on IPv6 before it checks it. It accepts 65541 as
  // 5 and 1048576 as 0.
  isInteger(value, 1, 255) ? undefined : `${format(value)} is not a hop limit: an integer from 1 to 255`

const read = (value: number) => (value >= 0 && value <= 255 ? value : { malformed: `a hop limit of ${value}` })
const write = (value: number) => value

const hops: Codec<number> = transform(int32, { read, write, validate: validate })
/** macOS delivers the IPv4 TTL as one byte. */
const hopByte: Codec<number> = transform(uint8, { read, write, validate: validate })

/**
 * The definition of `HopLimit`.
 *
 * @category messages
 * @since 0.1.0
 */
export const HopLimit = define<HopLimit>({
  key: "hopLimit",
  presence: "required",
  table: {
    linux: {
      // Linux: requested by IP_RECVTTL (12), delivered as IP_TTL (2).
      ipv4: {
        request: on(Linux.IPPROTO_IP, Linux.IP_RECVTTL),
        receive: [{ level: Linux.IPPROTO_IP, type: Linux.IP_TTL, payload: hops }],
        send: { level: Linux.IPPROTO_IP, type: Linux.IP_TTL, payload: hops }
      },
      ipv6: {
        request: on(Linux.IPPROTO_IPV6, Linux.IPV6_RECVHOPLIMIT),
        receive: [{ level: Linux.IPPROTO_IPV6, type: Linux.IPV6_HOPLIMIT, payload: hops }],
        send: { level: Linux.IPPROTO_IPV6, type: Linux.IPV6_HOPLIMIT, payload: hops }
      }
    },
    darwin: {
      ipv4: {
        request: on(Darwin.IPPROTO_IP, Darwin.IP_RECVTTL),
        receive: [{ level: Darwin.IPPROTO_IP, type: Darwin.IP_RECVTTL, payload: hopByte }],
        send: { unsupported: "macOS takes no TTL per IPv4 datagram" }
      },
      ipv6: {
        request: on(Darwin.IPPROTO_IPV6, Darwin.IPV6_RECVHOPLIMIT),
        receive: [{ level: Darwin.IPPROTO_IPV6, type: Darwin.IPV6_HOPLIMIT, payload: hops }],
        send: { level: Darwin.IPPROTO_IPV6, type: Darwin.IPV6_HOPLIMIT, payload: hops }
      }
    },
    winsock: {
      ipv4: {
        request: on(Winsock.IPPROTO_IP, Winsock.IP_RECVTTL),
        // Winsock: Windows 10 up to 1607 delivers type IP_HOPLIMIT (21), later ones IP_TTL (4).
        receive: [
          { level: Winsock.IPPROTO_IP, type: Winsock.IP_TTL, payload: hops },
          { level: Winsock.IPPROTO_IP, type: Winsock.IP_HOPLIMIT, payload: hops }
        ],
        send: { level: Winsock.IPPROTO_IP, type: Winsock.IP_TTL, payload: hops }
      },
      ipv6: {
        request: on(Winsock.IPPROTO_IPV6, Winsock.IPV6_HOPLIMIT),
        receive: [{ level: Winsock.IPPROTO_IPV6, type: Winsock.IPV6_HOPLIMIT, payload: hops }],
        send: { level: Winsock.IPPROTO_IPV6, type: Winsock.IPV6_HOPLIMIT, payload: hops }
      }
    }
  }
})
