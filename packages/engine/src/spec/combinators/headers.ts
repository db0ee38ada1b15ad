/**
 * A combinator for each message about IPv6 extension headers, and for the sticky ones.
 *
 * **Details**
 *
 * A peer decides how many headers come and how large they are. `maximumBytes` (8 to 65535, by default 256) is the room for all of one kind
 * that come with a datagram; what exceeds it makes a fault of that datagram alone.
 *
 * What goes with a datagram is one header of a kind. Sticky headers are options of a socket and go with every datagram; Linux leaves all of
 * them out of one that brings a header of its own.
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
  /** Bytes of all headers of this kind that may come with a datagram, 8 to 65535; absent: 256. */
  readonly maximumBytes?: number | undefined
}
interface Numbered {
  /** The number of the message where the system's headers give it none. */
  readonly type: number
}

/**
 * What headers that go both ways are declared with: nothing for both directions, `only` for one.
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
 * The same with a number of the program's own.
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
 * What routing headers are declared with: nothing to receive them, `also` to send them besides, `only` to send alone.
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
 * IPv6 hop-by-hop options. Linux and macOS; Winsock by its headers. Sending wants a privilege (Linux: `CAP_NET_RAW`).
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
 * IPv6 destination options. Linux and macOS; on Winsock with a number that the program knows (`type`), because the headers of Windows have
 * none. Sending wants a privilege (Linux: `CAP_NET_RAW`).
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
 * The IPv6 routing headers that a datagram arrived with; with `{ also: "send" }` one to send besides, which Linux lacks: there one of type 4
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
 * The IPv6 neighbour that a datagram is handed to first. macOS; elsewhere as a message of the number that the program gives as `type`.
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
 * Hop-by-hop options for every datagram that brings no header of its own, or the bytes of such a header. Linux, with the
 * privilege CAP_NET_RAW, and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withStickyHopByHopOptions = (header: ExtensionHeader.OptionsToSend | Uint8Array): Sticky =>
  sticky(SocketOption.stickyHopByHopOptions, bytesOf(header), "withStickyHopByHopOptions(header)")

/**
 * Destination options for every datagram that brings no header of its own, or the bytes of such a header. Linux, with the
 * privilege CAP_NET_RAW, and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withStickyDestinationOptions = (header: ExtensionHeader.OptionsToSend | Uint8Array): Sticky =>
  sticky(SocketOption.stickyDestinationOptions, bytesOf(header), "withStickyDestinationOptions(header)")

/**
 * Destination options that stand before the sticky routing header, for every node that it visits. They leave together
 * with that alone. Linux, with the privilege CAP_NET_RAW, and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withStickyRouteOptions = (header: ExtensionHeader.OptionsToSend | Uint8Array): Sticky =>
  sticky(SocketOption.stickyRouteOptions, bytesOf(header), "withStickyRouteOptions(header)")

/**
 * A routing header for every datagram that brings no header of its own, or its bytes. Linux takes type 4, without a privilege,
 * and writes the datagram's destination over its first address. macOS.
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
