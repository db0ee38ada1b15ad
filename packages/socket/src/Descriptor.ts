/**
 * Takes received descriptors (`withRights`, `withPidFd`) from their socket.
 *
 * @since 0.1.0
 */
import { Codec, Descriptor as Received } from "@ancillary/control"
import { takeDescriptor } from "@ancillary/engine/socket"
import { DescriptorUnavailableError } from "./DatagramError.ts"

export type { Descriptor } from "@ancillary/control"

/**
 * A descriptor that belongs to the program.
 *
 * @category resources
 * @since 0.1.0
 */
export interface Taken extends Disposable {
  readonly number: number
  /** Closes the descriptor. A second call has no effect. */
  readonly close: () => void
}

/**
 * Takes a received descriptor from its socket. Its number is valid until `close`.
 *
 * **Details**
 *
 * Throws a `DescriptorUnavailableError` if it was taken before or is closed. It is closed when the socket is read again or closed, or when
 * the callback of a `forEach` or `forEachBorrowed` returns.
 *
 * **Gotchas**
 *
 * Take it before anything reads the socket again, and in `forEach` and `forEachBorrowed` before the callback returns. If there are several
 * readers, use `serve` or `serveSessions`. A handler has the descriptors of its datagram until it ends, and a session until it takes its
 * next datagram or ends. Do not pass the number to code that also closes it (`net.Socket`), because a later file may have the same number.
 *
 * @example
 * ```ts
 * import { Datagram, Descriptor, withRights } from "@ancillary/socket"
 * import { readFileSync } from "node:fs"
 *
 * const socket = await Datagram.bind(Datagram.unix.pipe(withRights({ maximum: 1 })), { path: "/tmp/texts.sock" })
 * const { control } = await socket.receive()
 * for (const received of control.rights) {
 *   const descriptor = Descriptor.take(received)
 *   console.log(readFileSync(descriptor.number, "utf8"))
 *   descriptor.close()
 * }
 * socket.close()
 * ```
 * @category resources
 * @since 0.1.0
 */
export const take = (descriptor: Received): Taken => {
  if (!isDescriptor(descriptor))
    throw new DescriptorUnavailableError(
      "Foreign",
      `${Codec.format(descriptor)} is not a descriptor: take one of those that came with a datagram.`
    )
  const close = takeDescriptor(descriptor)
  if (close === undefined) throw gone(descriptor)
  let isOpen = true
  const closeOnce = () => {
    if (isOpen) close()
    isOpen = false
  }
  return { number: descriptor.number, close: closeOnce, [Symbol.dispose]: closeOnce }
}

const isDescriptor = (value: unknown): boolean => {
  try {
    return value instanceof Received && typeof value.number === "number"
  } catch {
    return false
  }
}

const gone = ({ number, state }: Received): DescriptorUnavailableError =>
  state === "taken"
    ? new DescriptorUnavailableError(
        "Taken",
        `Descriptor ${number} was taken before, and is its taker's: take it once, and share the number.`
      )
    : state === "closed"
      ? new DescriptorUnavailableError(
          "Closed",
          `Descriptor ${number} is closed: its socket was read again or closed, or the callback of its loop returned. Take it before that.`
        )
      : new DescriptorUnavailableError(
          "Foreign",
          `Descriptor ${number} did not come with a datagram: there is nothing to take.`
        )
