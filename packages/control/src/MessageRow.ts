/**
 * Rows of a message's definition: its requests, and its formats on one platform for one family.
 *
 * @since 0.1.0
 */
import type { Codec, Malformed } from "./Codec.ts"

/**
 * Delivery of a message: with every datagram, with some, or any number of times. The program reads the bare value, an
 * `Option`, or an array.
 *
 * @category models
 * @since 0.1.0
 */
export type Presence = "required" | "optional" | "repeated"

/**
 * Request to the kernel to deliver or accept a message: a socket option, or an ioctl with its input.
 *
 * A number as `value` is a C `int`. `flags` marks it as a set of bits, so that messages with one option are requested
 * together. `privilege` is the privilege that the process may need. `dispensable` marks an option that the message
 * works without, so its absence in a system (`ENOPROTOOPT`) is not an error.
 *
 * `instead` is the option's number on older systems. It is set at that level to that value if the first number is
 * refused (`ENOPROTOOPT`, `EINVAL`). `receive` then also has the type that such a system delivers.
 *
 * @category definitions
 * @since 0.1.0
 */
export type Request =
  | {
      readonly level: number
      readonly option: number
      readonly value: Uint8Array | number
      readonly flags?: true | undefined
      readonly privilege?: string | undefined
      readonly dispensable?: true | undefined
      readonly instead?: number | undefined
    }
  | { readonly ioctl: number; readonly input: Uint8Array }

/**
 * Level, type and payload of a received message.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface ReceiveFormat<out Received> {
  readonly level: number
  readonly type: number
  /** `read` returns `undefined` if the kernel reports that it has no value. The message is then ignored. */
  readonly payload: Pick<Codec<Received>, "size"> & {
    readonly read: (...payload: Parameters<Codec<Received>["read"]>) => Received | Malformed | undefined
  }
  /**
   * Set if the message arrives without a datagram, as an event of the socket. `errorQueue` is Linux's error queue. With
   * `pseudoDatagram` a receive call returns no bytes, and is not a datagram.
   */
  readonly event?: "errorQueue" | "pseudoDatagram" | undefined
  /**
   * Set for an event that may also come with a datagram to which it does not belong. The buffer has space for it, but
   * it is not read.
   */
  readonly mayAccompanyDatagram?: true | undefined
  /**
   * Set if one payload holds several values of a repeated message (file descriptors). `read` returns an array of them.
   */
  readonly multiple?: true | undefined
}

/**
 * Level, type and payload of a sent message.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface SendFormat<in Sent> {
  readonly level: number
  readonly type: number
  readonly payload: Pick<Codec<Sent>, "size" | "write" | "validate">
  /**
   * For a message that is only some bits of its payload, as DSCP and ECN share a byte. The kernel replaces the whole
   * payload. Therefore the bits outside `mask` are filled with the socket's current value of this option. `mask`
   * applies to the payload as a little-endian integer. `whole` has the bits of all messages that share the number, by
   * default every bit. If the messages of a datagram cover them, the option is not read.
   */
  readonly shared?:
    | { readonly mask: number; readonly level: number; readonly option: number; readonly whole?: number | undefined }
    | undefined
  /** A socket option that the value must match. `validate` returns the reason if the two do not match. */
  readonly mustMatchOption?:
    | {
        readonly level: number
        readonly option: number
        readonly validate: (value: Sent, own: number) => string | undefined
        /**
         * Returns false for a value that always matches, so that the option is not read. By default every value can
         * conflict.
         */
        readonly concerns?: ((value: Sent) => boolean) | undefined
      }
    | undefined
  /**
   * Keys of messages that set an overlapping value. They are refused together with this one, even if their types
   * differ.
   */
  readonly excludes?: ReadonlyArray<string> | undefined
  /** Options that must be set on the socket before the kernel accepts the message. */
  readonly request?: ReadonlyArray<Request> | undefined
  /**
   * Set if the message is written after the others. Another message has a side effect on its value, and the kernel uses
   * the later of two.
   */
  readonly writeLast?: true | undefined
  /**
   * Privilege that the kernel may require of the sender (`CAP_NET_RAW`). A send that is not permitted then fails with
   * the name of this message and of the privilege.
   */
  readonly privilege?: string | undefined
  /**
   * Error codes of a failed call that concern this message (`EBADF`, without Winsock's prefix). Each has a sentence
   * that ends with the solution, and the error names the message's field.
   */
  readonly errorHints?: { readonly [code in string]?: string } | undefined
}

/**
 * Reason why a platform does not support something. The error, the docs and `declined` all contain this sentence.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Unsupported {
  readonly unsupported: string
}

/**
 * Implementation of a message on one platform, for one family.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Row<Received, Sent> {
  /** Requests to deliver it, in their order. Empty if the kernel needs no request, or if the message is only sent. */
  readonly request: ReadonlyArray<Request>
  /** Several if versions of a system deliver different types. */
  readonly receive?:
    | ReadonlyArray<ReceiveFormat<Received> | (ReceiveFormat<ReadonlyArray<Received>> & { readonly multiple: true })>
    | Unsupported
    | undefined
  readonly send?: SendFormat<Sent> | Unsupported | undefined
}

/**
 * A row, or the reason why the message is unsupported.
 *
 * @category definitions
 * @since 0.1.0
 */
export type Cell = Row<unknown, never> | Unsupported
