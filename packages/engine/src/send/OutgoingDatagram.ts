/** Types of what a program sends, and the sentences that refuse it. */
import type { Address, AddressOf, ControlMessage, EndpointInput, Family, UnixEndpoint } from "@ancillary/control"
import type { SendControl } from "../spec/Spec.ts"

/**
 * A sentence that the compiler shows. It is a property, because a bare literal type would collapse to `never` and lose the sentence.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface Refused<Why extends string> {
  readonly refused: Why
}

/** Rejects keys that the spec does not declare, even in an object that is kept in a variable, which TypeScript would accept. */
type Exact<Given, Allowed> = Given & {
  readonly [
    K in Exclude<keyof Given, keyof Allowed>
  ]: Refused<`'${K & string}' cannot be sent on this socket: its spec does not declare it for sending`>
}

/**
 * Control data of a message. `object` adds no constraint. It disables the compiler's check for weak types, which would report before the
 * sentence of an undeclared key.
 *
 * @category sockets
 * @since 0.1.0
 */
export type Sendable<F extends Family, D extends ControlMessage.Any> = SendControl<F, D> & object

/**
 * Also accepts a received endpoint. The type is a shape, because with the class the compiler would list what `{ address
 * }` lacks of an `InternetEndpoint`, and not report the missing port.
 */
type Destination<F extends Family> = F extends "unix"
  ? { readonly path: string } | UnixEndpoint
  : F extends "dual"
    ? { readonly address: string | AddressOf["dual"]; readonly port: number }
    : F extends "ipv4" | "ipv6"
      ? { readonly address: string | AddressOf[F]; readonly port: number }
      : never

/**
 * A datagram to send.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface Outgoing<F extends Family, D extends ControlMessage.Any, Given = SendControl<F, D>> {
  /** The payload. Several pieces are sent as one datagram. It is copied once, into the memory that the kernel reads. */
  readonly data: Uint8Array | ReadonlyArray<Uint8Array>
  readonly to: EndpointInput<F> | Destination<F>
  /** Control messages of this datagram. Only messages that the spec declares for sending are permitted. */
  readonly control?: Exact<Given, SendControl<F, D>> | undefined
  /**
   * GSO, USO: sends the payload as several datagrams of this size in bytes, and a last one with the rest. The size is 1 to
   * the maximum of one datagram. `data` may then be longer than a datagram. No declaration is required.
   *
   * The kernel or the network card splits the payload if it can (Linux, Windows 10 2004), up to 64 datagrams per call.
   * Otherwise, or if they refuse on the way to a host, the same datagrams are sent one by one, and the host is
   * remembered. Not for ping sockets.
   */
  readonly segmentSize?: number | undefined
}

/**
 * Address of a group or of a source, as a text or parsed.
 *
 * @category sockets
 * @since 0.1.0
 */
export type Group<F extends Family> = F extends "unix" ? Refused<"a Unix socket joins no groups"> : string | Address<F>
