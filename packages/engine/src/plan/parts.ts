/** The parts of a plan: calls that set a socket up, and messages with their places. */
import type { ReceiveFormat, SendFormat } from "@ancillary/control"
import type { Declaration } from "../spec/Spec.ts"

/**
 * Who wants a call to be made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Requester {
  /** As the program wrote it: `withHopLimit()`. */
  readonly feature: string
  /** The message that is asked for; absent for an option of its own. */
  readonly key: string | undefined
  readonly optional: boolean
}

/**
 * One call that sets the socket up before it is bound. Messages that ask alike, and those whose switches share an option, ask together.
 *
 * @category models
 * @since 0.1.0
 */
export type PlannedOption = { readonly requestedBy: ReadonlyArray<Requester> } & (
  | {
      readonly level: number
      readonly option: number
      readonly value: Uint8Array
      /** What a process needs for it, as the system names it. */
      readonly privilege?: string | undefined
      /** Set if everything works without it: a system that lacks the option is no fault. */
      readonly dispensable?: true | undefined
      /** The option to set in its place on a system that lacks it. */
      readonly instead?: number | undefined
    }
  | { readonly ioctl: number; readonly input: Uint8Array }
)

/**
 * A message's place in a control buffer. On receiving, the place is where the kernel's order usually puts it: the decoder looks at what is
 * really there.
 *
 * @category models
 * @since 0.1.0
 */
export interface MessageLayout {
  /** One key, or several that are views of the same message. */
  readonly keys: ReadonlyArray<string>
  readonly family: "ipv4" | "ipv6" | "unix"
  readonly level: number
  readonly type: number
  /** Offset of the header, largest payload, `cmsg_len` and bytes taken with padding. */
  readonly at: number
  readonly payload: number
  readonly length: number
  readonly space: number
}

/**
 * A control buffer that was measured: its size, and what it has room for.
 *
 * @category models
 * @since 0.1.0
 */
export interface ControlLayout {
  readonly bytes: number
  readonly messages: ReadonlyArray<MessageLayout>
}

/**
 * How one declared message arrives from peers of one family.
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
 * How one declared message goes to peers of one family.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendEntry {
  readonly declaration: Declaration
  readonly family: "ipv4" | "ipv6" | "unix"
  readonly format: SendFormat<never>
}
