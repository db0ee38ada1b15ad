/**
 * Combinators for the messages that only Unix sockets have.
 *
 * @since 0.1.0
 */
import { Codec, Credentials, maximumRights, PidFd, type ReceiveOnly, Rights, type SendOnly } from "@ancillary/control"
import { record, written } from "../formatCall.ts"
import { declare, type Directed, directed, type With } from "../Spec.ts"

/**
 * Options of `withRights`. `maximum` is the number of descriptors that one datagram may bring. `only` restricts the message to one
 * direction.
 *
 * @category models
 * @since 0.1.0
 */
export interface DirectedRights {
  (options: { readonly maximum: number }): With<Rights>
  (options: { readonly maximum: number; readonly only: "receive" }): With<ReceiveOnly<Rights>>
  (options: { readonly only: "send" }): With<SendOnly<Rights>>
}

/**
 * Passes open files between processes with a datagram (`SCM_RIGHTS`). Unix sockets of Linux and macOS.
 *
 * **Details**
 *
 * `maximum`, 1 to 253, limits the descriptors that a datagram may bring. If a datagram brings more, it is a fault and its descriptors are
 * closed. A send may carry up to 253, the kernel's limit.
 *
 * The socket owns a received `Descriptor` until `Descriptor.take` moves it into a scope. If no scope takes it, it is closed at the socket's
 * next read. In `forEach` and `forEachBorrowed` it is closed when the callback returns.
 *
 * **Gotchas**
 *
 * A batch holds up to 64 datagrams, and the descriptors of all of them are open at the same time. If the process has no descriptor number
 * left (`RLIMIT_NOFILE`), the kernel closes the rest. The affected datagrams are faults.
 *
 * @example
 * ```ts
 * import { Datagram, withRights } from "@ancillary/effect3"
 *
 * // datagram.control.rights: up to one Descriptor; Descriptor.take keeps it open until a scope closes.
 * const spec = Datagram.unix.pipe(withRights({ maximum: 1 }))
 * ```
 *
 * @category messages
 * @since 0.1.0
 */
export const withRights: DirectedRights = ((options: {
  readonly maximum?: number
  readonly only?: "receive" | "send"
}) => {
  const { maximum, only } = record("withRights", options)
  const invalid =
    only === "send" || Codec.isInteger(maximum, 1, maximumRights)
      ? undefined
      : `${Codec.format(maximum)} is not a number of descriptors that may come with a datagram: 1 to ${maximumRights}`
  const maximumBytes = only === "send" || invalid !== undefined ? undefined : 4 * (maximum ?? 0)
  return declare(Rights, written("withRights", options), { direction: only, maximumBytes, invalid })
}) as DirectedRights

/**
 * Process, user and group of the sender, verified by the kernel (`SCM_CREDENTIALS`). Unix sockets of Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withCredentials: Directed<Credentials> = directed(Credentials, "withCredentials")

/**
 * A descriptor of the process that sent a datagram (`SCM_PIDFD`). It has the same owner as descriptors of `withRights`. Unix sockets of
 * Linux 6.5.
 *
 * @category messages
 * @since 0.1.0
 */
export const withPidFd = (): With<PidFd> => declare(PidFd, "withPidFd()", { direction: "receive" })
