/**
 * A combinator for each message that Unix sockets alone have.
 *
 * @since 0.1.0
 */
import { Codec, Credentials, maximumRights, PidFd, type ReceiveOnly, Rights, type SendOnly } from "@ancillary/control"
import { record, written } from "../formatCall.ts"
import { declare, type Directed, directed, type With } from "../Spec.ts"

/**
 * What descriptors are received with, `maximum` of them with a datagram, and whether both directions are meant.
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
 * Open files that go from process to process with a datagram. Unix sockets of Linux and macOS.
 *
 * **Details**
 *
 * `maximum`, 1 to 253, bounds what a datagram may bring: one that brings more is a fault, its descriptors are closed. As many can be sent as the
 * kernel takes, 253. A received `Descriptor` is the socket's until `Descriptor.take` moves it into a scope, and is closed at the
 * socket's next read otherwise, or, in `forEach` and `forEachBorrowed`, when the callback returns.
 *
 * **Gotchas**
 *
 * A batch holds up to 64 datagrams, and the descriptors of all of them are open at once: where the process runs out of numbers
 * (`RLIMIT_NOFILE`), the kernel closes the rest and the datagrams concerned are faults.
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
 * Which process sent a datagram, and as which user and group: the kernel vouches for it. Unix sockets of Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withCredentials: Directed<Credentials> = directed(Credentials, "withCredentials")

/**
 * A descriptor of the process that sent a datagram, owned as those of `withRights`. Unix sockets of Linux 6.5.
 *
 * @category messages
 * @since 0.1.0
 */
export const withPidFd = (): With<PidFd> => declare(PidFd, "withPidFd()", { direction: "receive" })
