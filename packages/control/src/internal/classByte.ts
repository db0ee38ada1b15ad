/**
 * The traffic class byte (the TOS of IPv4), six bits of DSCP above two bits of ECN. Describes its format on each
 * platform for the messages that are views of the byte.
 */
import type { Platform } from "../Abi.ts"
import { type Codec, int32, transform, uint8 } from "../Codec.ts"
import type { SendFormat, Row } from "../ControlMessage.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"
import { on } from "./on.ts"

export interface View<A> {
  /** The bits of the byte that belong to this view. */
  readonly mask: number
  /** Keys of views that share bits with this one, and so set an overlapping value. */
  readonly excludes?: ReadonlyArray<string>
  readonly read: (byte: number) => A
  /** Returns the bits at their position, and zeros for the others. */
  readonly write: (value: A) => number
  readonly validate: (value: A) => string | undefined
}

/** Makes the rows of a view, by platform and family. */
export const classRows = <A>(
  view: View<A>
): { readonly [P in Platform]: { readonly ipv4: Row<A, A>; readonly ipv6: Row<A, A> } } => {
  const read = (byte: number) =>
    byte >= 0 && byte <= 255 ? view.read(byte) : { malformed: `a traffic class of ${byte}` }
  const { excludes, mask, validate, write } = view
  const asInt: Codec<A> = transform(int32, { read, write, validate: validate })
  const asByte: Codec<A> = transform(uint8, { read, write, validate: validate })
  const departure = (level: number, type: number): SendFormat<A> => ({
    level,
    type,
    payload: asInt,
    excludes,
    // The whole byte has no other bits to fill in.
    shared: mask === 0xff ? undefined : { mask, level, option: type, whole: 0xff }
  })
  const ipv6 = (option: number, type: number): Row<A, A> => ({
    request: on(Linux.IPPROTO_IPV6, option),
    receive: [{ level: Linux.IPPROTO_IPV6, type, payload: asInt }],
    send: departure(Linux.IPPROTO_IPV6, type)
  })
  return {
    linux: {
      ipv4: {
        request: on(Linux.IPPROTO_IP, Linux.IP_RECVTOS),
        // Linux: one byte on receiving (cmsg_len 17, then stale padding), although sending accepts four.
        receive: [{ level: Linux.IPPROTO_IP, type: Linux.IP_TOS, payload: asByte }],
        send: departure(Linux.IPPROTO_IP, Linux.IP_TOS)
      },
      ipv6: ipv6(Linux.IPV6_RECVTCLASS, Linux.IPV6_TCLASS)
    },
    darwin: {
      ipv4: {
        request: on(Darwin.IPPROTO_IP, Darwin.IP_RECVTOS),
        // Darwin: delivered with the number of the option that requests it, as one byte.
        receive: [{ level: Darwin.IPPROTO_IP, type: Darwin.IP_RECVTOS, payload: asByte }],
        send: departure(Darwin.IPPROTO_IP, Darwin.IP_TOS)
      },
      ipv6: ipv6(Darwin.IPV6_RECVTCLASS, Darwin.IPV6_TCLASS)
    },
    winsock: {
      ipv4: {
        request: on(Winsock.IPPROTO_IP, Winsock.IP_RECVTOS),
        // Winsock: Windows 10 up to 1607 delivers type IP_TCLASS (39), later ones IP_TOS (3).
        receive: [
          { level: Winsock.IPPROTO_IP, type: Winsock.IP_TOS, payload: asInt },
          { level: Winsock.IPPROTO_IP, type: Winsock.IP_TCLASS, payload: asInt }
        ],
        send: departure(Winsock.IPPROTO_IP, Winsock.IP_TOS)
      },
      ipv6: ipv6(Winsock.IPV6_RECVTCLASS, Winsock.IPV6_TCLASS)
    }
  }
}
