/**
 * Combinators for the messages about IPv6 extension headers, and for sticky headers.
 *
 * **Details**
 *
 * A peer decides the number and the size of the headers. `maximumBytes` (8 to 65535, by default 256) is the room for all headers of one
 * kind in a datagram. If they are larger, only that datagram is a fault.
 *
 * A datagram is sent with at most one header of each kind. Sticky headers are options of a socket and go with every datagram. Linux omits
 * all of them from a datagram that has a header of its own.
 *
 * @since 0.1.0
 */
import {
  type Capability,
  Codec,
  type ControlMessage,
  DestinationOptions,
  ExtensionHeader,
  HopByHopOptions,
  type Message,
  NextHop,
  type NumberedDestinationOptions,
  destinationOptions,
  type NumberedNextHop,
  nextHop,
  type ReceiveOnly,
  RoutingHeader,
  type SendOnly
} from "@ancillary/control"
import { record, written } from "../formatCall.ts"
import { optionValue } from "../option/definition.ts"
import * as SocketOption from "../SocketOption.ts"
import { type Configure, configure, declare, type With } from "../Spec.ts"

interface Room {
  /** Bytes for all headers of this kind in one datagram, 8 to 65535. The default is 256. */
  readonly maximumBytes?: number | undefined
}
interface Numbered {
  /** Number of the message, which the system's headers do not define. */
  readonly type: number
}

/**
 * Options of headers that can be received and sent. `only` restricts them to one direction.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bounded<M extends ControlMessage.Any> {
  (options?: Room): With<M>
  (options: Room & { readonly only: "receive" }): With<ReceiveOnly<M>>
  (options: { readonly only: "send" }): With<SendOnly<M>>
}

/**
 * Options of headers that can be received and sent under a number that the program gives.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoundedByNumber<M extends ControlMessage.Any> {
  (options: Numbered & Room): With<M>
  (options: Numbered & Room & { readonly only: "receive" }): With<ReceiveOnly<M>>
  (options: Numbered & { readonly only: "send" }): With<SendOnly<M>>
}

/**
 * Options of routing headers. They are received by default, also sent with `also`, and only sent with `only`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Routed<M extends ControlMessage.Any> {
  (options?: Room & { readonly only?: "receive" | undefined }): With<ReceiveOnly<M>>
  (options: Room & { readonly also: "send" }): With<M>
  (options: { readonly only: "send" }): With<SendOnly<M>>
}

interface Given extends Room {
  readonly only?: "receive" | "send" | undefined
  readonly also?: "send" | undefined
  readonly type?: number | undefined
}

const declared = <M extends ControlMessage.Any>(
  message: Message<M>,
  name: string,
  given: Given,
  direction: "both" | "receive" | "send"
): With<M> => {
  return declare(message, written(name, given), { direction, maximumBytes: given.maximumBytes ?? 256 })
}

/**
 * IPv6 hop-by-hop options. Linux and macOS; on Winsock the proof is only the headers. A send requires a privilege (Linux: `CAP_NET_RAW`).
 *
 * @example
 * ```ts
 * import { Datagram, withHopByHopOptions } from "@ancillary/effect3"
 *
 * const spec = Datagram.ipv6.pipe(withHopByHopOptions({ maximumBytes: 512 }))
 * ```
 *
 * @category messages
 * @since 0.1.0
 */
export const withHopByHopOptions = ((given: Given = {}) =>
  declared(
    HopByHopOptions,
    "withHopByHopOptions",
    given,
    record("withHopByHopOptions", given).only ?? "both"
  )) as Bounded<HopByHopOptions>

/**
 * IPv6 destination options. Linux and macOS. Winsock requires a number from the program (`type`), because the headers of Windows have none.
 * A send requires a privilege (Linux: `CAP_NET_RAW`).
 *
 * @category messages
 * @since 0.1.0
 */
export const withDestinationOptions = ((given: Given = {}) =>
  given === null || given.type === undefined
    ? declared(
        DestinationOptions,
        "withDestinationOptions",
        given,
        record("withDestinationOptions", given).only ?? "both"
      )
    : declared(
        destinationOptions({ type: given.type }),
        "withDestinationOptions",
        given,
        given.only ?? "both"
      )) as Bounded<DestinationOptions> & BoundedByNumber<NumberedDestinationOptions>

/**
 * IPv6 routing headers of a received datagram; with `{ also: "send" }` also one to send, which Linux lacks. On Linux a header of type 4
 * goes with every datagram of a socket (`withStickyRoutingHeader`).
 *
 * @category messages
 * @since 0.1.0
 */
export const withRoutingHeader = ((given: Given = {}) =>
  declared(
    RoutingHeader,
    "withRoutingHeader",
    given,
    record("withRoutingHeader", given).also === "send" ? "both" : (given.only ?? "receive")
  )) as Routed<RoutingHeader>

/**
 * The IPv6 neighbour that a datagram is sent to first. macOS. Other platforms require the number of the message from the program (`type`).
 *
 * @category messages
 * @since 0.1.0
 */
export const withNextHop = ((given?: Numbered) =>
  given === undefined
    ? declare(NextHop, "withNextHop()", { direction: "send" })
    : declare(nextHop(record("withNextHop", given)), written("withNextHop", given), {
        direction: "send"
      })) as {
  (): With<NextHop>
  (options: Numbered): With<NumberedNextHop>
}

type Sticky = Configure<"ipv6" | "dual", Capability<"stickyHeaders">>

const sticky = (
  option: typeof SocketOption.stickyRoutingHeader,
  bytes: Uint8Array | Codec.Malformed,
  feature: string
): Sticky =>
  configure({
    set: Codec.isMalformed(bytes)
      ? { name: option.name, feature, encode: () => ({ invalid: bytes.malformed }) }
      : optionValue(option, bytes, feature)
  })

const bytesOf = (header: ExtensionHeader.OptionsToSend | Uint8Array): Uint8Array | Codec.Malformed =>
  header instanceof Uint8Array ? header : ExtensionHeader.buildOptions(header)

/**
 * Hop-by-hop options for every datagram without a header of its own, as options or as the bytes of such a header. Linux (requires
 * CAP_NET_RAW) and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withStickyHopByHopOptions = (header: ExtensionHeader.OptionsToSend | Uint8Array): Sticky =>
  sticky(SocketOption.stickyHopByHopOptions, bytesOf(header), "withStickyHopByHopOptions(header)")

/**
 * Destination options for every datagram without a header of its own, as options or as the bytes of such a header. Linux (requires
 * CAP_NET_RAW) and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withStickyDestinationOptions = (header: ExtensionHeader.OptionsToSend | Uint8Array): Sticky =>
  sticky(SocketOption.stickyDestinationOptions, bytesOf(header), "withStickyDestinationOptions(header)")

/**
 * Destination options before the sticky routing header, for every node that it visits. They are sent only together with that header. Linux
 * (requires CAP_NET_RAW) and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withStickyRouteOptions = (header: ExtensionHeader.OptionsToSend | Uint8Array): Sticky =>
  sticky(SocketOption.stickyRouteOptions, bytesOf(header), "withStickyRouteOptions(header)")

/**
 * A routing header for every datagram without a header of its own, as a description or as bytes. Linux accepts type 4 without a privilege,
 * and writes the datagram's destination over its first address. Linux and macOS.
 *
 * @example
 * ```ts
 * import { Datagram, withStickyRoutingHeader } from "@ancillary/effect3"
 *
 * // To the destination by way of 2001:db8::1; "::" is where Linux writes the destination.
 * const spec = Datagram.ipv6.pipe(withStickyRoutingHeader({ kind: "segments", addresses: ["::", "2001:db8::1"] }))
 * ```
 *
 * @category options
 * @since 0.1.0
 */
export const withStickyRoutingHeader = (header: ExtensionHeader.RoutingHeaderToSend | Uint8Array): Sticky =>
  sticky(
    SocketOption.stickyRoutingHeader,
    header instanceof Uint8Array ? header : ExtensionHeader.buildRouting(header),
    "withStickyRoutingHeader(header)"
  )
