import { Abi } from "../Abi.ts"
import { isMalformed, format } from "../Codec.ts"
import { type Capability, type ControlMessage, define, type SendFormat, type Message } from "../ControlMessage.ts"
import { InternetEndpoint } from "../Endpoint.ts"
import { Ipv6Address } from "../Ipv6Address.ts"
import { optionsOf } from "../internal/optionsOf.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"
import * as SocketAddress from "../SocketAddress.ts"

interface Fields {
  readonly sendable: {
    /**
     * The neighbour that receives the datagram first, whatever the routes are. A link-local one has a zone:
     * `fe80::1%2`.
     */
    readonly nextHop?: string | Ipv6Address | undefined
  }
}

/**
 * IPv6 neighbour that receives a datagram first. macOS, which requires root.
 *
 * @see RFC 3542 section 6.4; the WSAMSG page, IPV6_NEXTHOP
 * @category messages
 * @since 0.1.0
 */
export interface NextHop extends ControlMessage<"nextHop", "ipv6", "required", Capability<"nextHop">> {
  readonly sendable: Fields["sendable"]
}

/**
 * IPv6 neighbour that receives a datagram first, for a program that knows the number of its system.
 *
 * @category messages
 * @since 0.1.0
 */
export interface NumberedNextHop extends ControlMessage<"nextHop", "ipv6"> {
  readonly sendable: Fields["sendable"]
}

const parsed = (given: string | Ipv6Address) => (typeof given === "string" ? Ipv6Address.parse(given) : given)

const validate = (given: unknown): string | undefined => {
  const address = typeof given === "string" ? Ipv6Address.parse(given) : given
  if (isMalformed(address)) return address.malformed
  if (!(address instanceof Ipv6Address)) return `${format(given)} is not an IPv6 address`
  if (address.isUnspecified || address.isMulticast || address.isIpv4Mapped)
    return `${address} is no address of an IPv6 neighbour`
  return address.isLinkLocal && address.zone === 0
    ? `${address} is link-local and names no interface: write ${address}%2 for the one with index 2`
    : undefined
}

/** A `sockaddr_in6` with port 0, laid out for every ABI of a platform. */
const neighbour = (abi: Abi): SendFormat<string | Ipv6Address>["payload"] => ({
  size: abi.sockaddr.ipv6,
  write: (view, at, given) => {
    const address = parsed(given)
    return SocketAddress.write(
      abi,
      new InternetEndpoint("ipv6", isMalformed(address) ? Ipv6Address.unspecified : address, 0),
      view,
      at
    )
  },
  validate: validate
})

const row = (abi: Abi, level: number, type: number, privilege?: string) => ({
  ipv6: { request: [], send: { level, type, payload: neighbour(abi), privilege } }
})

/**
 * The definition of `NextHop`. Only the number in the headers supports the row of macOS.
 *
 * @category messages
 * @since 0.1.0
 */
export const NextHop = define<NextHop>({
  key: "nextHop",
  presence: "required",
  table: {
    linux: { ipv6: { unsupported: "Linux has a number for IPV6_NEXTHOP and does not implement it" } },
    darwin: row(Abi.darwin64, Darwin.IPPROTO_IPV6, Darwin.IPV6_NEXTHOP, "the privileges of root"),
    winsock: {
      ipv6: {
        unsupported: "the documentation of WSAMSG names IPV6_NEXTHOP, and the headers of Windows give it no number"
      }
    }
  }
})

/**
 * Makes the definition of `NumberedNextHop`: `type` is the type of the message on every platform. Linux refuses its own
 * number, 9, with `EINVAL`.
 *
 * @category messages
 * @since 0.1.0
 */
export const nextHop = (options: { readonly type: number }): Message<NumberedNextHop> => {
  const { type } = optionsOf("nextHop", options)
  return define<NumberedNextHop>({
    key: "nextHop",
    presence: "required",
    table: {
      linux: row(Abi.linuxGlibc64, Linux.IPPROTO_IPV6, type),
      darwin: row(Abi.darwin64, Darwin.IPPROTO_IPV6, type),
      winsock: row(Abi.winsockX64, Winsock.IPPROTO_IPV6, type)
    }
  })
}
