/** The parts of a plan: calls that set up a socket, and messages with their offsets. */
import type { ReceiveFormat, SendFormat } from "@ancillary/control"
import type { Declaration } from "../spec/Spec.ts"

/**
 * The combinator or message that requires a call.
 *
 * @category models
 * @since 0.1.0
 */
export interface Requester {
  /** Source text of the combinator: `withHopLimit()`. */
  readonly feature: string
  /** Key of the message that requires the call. Absent if an option requires it. */
  readonly key: string | undefined
  readonly optional: boolean
}

/**
 * One call that sets up the socket before it is bound. Messages with the same request share a call, and so do messages whose switches are
 * bits of one option.
 *
 * @category models
 * @since 0.1.0
 */
export type PlannedOption = { readonly requestedBy: ReadonlyArray<Requester> } & (
  | {
      readonly level: number
      readonly option: number
      readonly value: Uint8Array
      /** Privilege that a process requires for it, by the system's name. */
      readonly privilege?: string | undefined
      /** Set if the socket works without it. It is then not an error if a system lacks the option. */
      readonly dispensable?: true | undefined
      /** Set if only a bound socket accepts it. It is then set after `bind`. */
      readonly afterBind?: true | undefined
      /** Option to set instead on a system that lacks this one. */
      readonly instead?: number | undefined
    }
  | { readonly ioctl: number; readonly input: Uint8Array }
)

/**
 * Returns true if only a bound socket accepts the option.
 *
 * @category guards
 * @since 0.1.0
 */
export const isAfterBind = (planned: PlannedOption): boolean => "afterBind" in planned && planned.afterBind === true

/**
 * Position of a message in a control buffer. For a receive it is the position that the kernel's order usually gives; the decoder reads the
 * real one.
 *
 * @category models
 * @since 0.1.0
 */
export interface MessageLayout {
  /** One key, or several keys that are views of the same message. */
  readonly keys: ReadonlyArray<string>
  readonly family: "ipv4" | "ipv6" | "unix"
  readonly level: number
  readonly type: number
  /** Offset of the header, maximum payload size, `cmsg_len`, and size with padding, in bytes. */
  readonly at: number
  readonly payload: number
  readonly length: number
  readonly space: number
}

/**
 * Layout of a control buffer: its size, and the messages that fit.
 *
 * @category models
 * @since 0.1.0
 */
export interface ControlLayout {
  readonly bytes: number
  readonly messages: ReadonlyArray<MessageLayout>
}

/**
 * Receive format of one declared message for peers of one family.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceiveEntry {
  readonly declaration: Declaration
  readonly family: "ipv4" | "ipv6" | "unix"
  readonly format: ReceiveFormat<unknown>
}

/**
 * Send format of one declared message for peers of one family.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendEntry {
  readonly declaration: Declaration
  readonly family: "ipv4" | "ipv6" | "unix"
  readonly format: SendFormat<never>
}
