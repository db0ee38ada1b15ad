/**
 * A combinator for each message about IPv6 extension headers.
 *
 * **Details**
 *
 * A peer decides how many headers come and how large they are. `maximumBytes` (8 to 65535, by default 256) is the room for all of one kind
 * that come with a datagram; what exceeds it makes a fault of that datagram alone.
 *
 * What goes with a datagram is one header of a kind. The sticky headers of a socket are options, and Linux leaves all of them out where one
 * goes with a datagram.
 *
 * @since 0.1.0
 */
import {
  type ControlMessage,
  DestinationOptions,
  HopByHopOptions,
  type Message,
  NextHop,
  type NumberedDestinationOptions,
  numberedDestinationOptions,
  type NumberedNextHop,
  numberedNextHop,
  type ReceiveOnly,
  RoutingHeader,
  type SendOnly
} from "@ancillary/control"
import { declare, type With } from "../Spec.ts"

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
  const words = Object.entries(given).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${JSON.stringify(value)}`]
  )
  const feature = `${name}(${words.length === 0 ? "" : `{ ${words.join(", ")} }`})`
  return declare(message, feature, { direction, maximumBytes: given.maximumBytes ?? 256 })
}

/**
 * IPv6 hop-by-hop options. Linux and macOS; Winsock by its headers. Sending wants a privilege (Linux: `CAP_NET_RAW`).
 *
 * @example
 * ```ts
 * import { Datagram, withHopByHopOptions } from "@ancillary/socket"
 *
 * const spec = Datagram.ipv6.pipe(withHopByHopOptions({ maximumBytes: 512 }))
 * ```
 *
 * @category messages
 * @since 0.1.0
 */
export const withHopByHopOptions = ((given: Given = {}) =>
  declared(HopByHopOptions, "withHopByHopOptions", given, given.only ?? "both")) as Bounded<HopByHopOptions>

/**
 * IPv6 destination options. Linux and macOS; on Winsock with a number that the program knows (`type`), because the headers of Windows have
 * none. Sending wants a privilege (Linux: `CAP_NET_RAW`).
 *
 * @category messages
 * @since 0.1.0
 */
export const withDestinationOptions = ((given: Given = {}) =>
  given.type === undefined
    ? declared(DestinationOptions, "withDestinationOptions", given, given.only ?? "both")
    : declared(
        numberedDestinationOptions(given.type),
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
    given.also === "send" ? "both" : (given.only ?? "receive")
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
    : declare(numberedNextHop(given.type), `withNextHop({ type: ${given.type} })`, { direction: "send" })) as {
  (): With<NextHop>
  (options: Numbered): With<NumberedNextHop>
}
