/** Limits that a protocol over datagrams needs for its sizes, as the system has granted them. */
import { Coalescing } from "@ancillary/control"
import type { DatagramOptionError } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"
import * as SocketOption from "../spec/SocketOption.ts"
import { getOption, type Live } from "./options.ts"

/** The socket whose limits are read. */
interface Limited {
  readonly closed: boolean
  readonly plan: Plan
  readonly live: Live
  readonly outgoing: { readonly segments: { readonly most: number } }
}

/**
 * The limits of a socket, as the system has granted them.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface Limits {
  /**
   * GSO, USO: maximum datagrams of one call for a payload with `segmentSize`. It is 1 if the system does not split payloads.
   */
  readonly segments: number
  /** GRO, URO: true if merged datagrams may arrive. */
  readonly coalescing: boolean
  /** True if a datagram above the path MTU is fragmented. On a dual socket it applies to IPv6 peers. */
  readonly mayFragment: boolean
  /** Sizes of the buffers in bytes, as the system counts them. */
  readonly sendBufferBytes: number
  readonly receiveBufferBytes: number
}

export const limitsOf = (socket: Limited): Limits | DatagramOptionError => {
  const send = getOption(socket, SocketOption.sendBufferSize)
  if ("error" in send) return send.error
  const receive = getOption(socket, SocketOption.receiveBufferSize)
  if ("error" in receive) return receive.error
  const { receiveEntries, declined, family } = socket.plan
  const fragments = family === "unix" ? false : mayFragment(socket)
  if (typeof fragments !== "boolean") return fragments
  return {
    segments: socket.outgoing.segments.most,
    coalescing: receiveEntries.some(
      ({ declaration: { message } }) =>
        message.key === Coalescing.key && declined.every(({ key }) => key !== message.key)
    ),
    mayFragment: fragments,
    sendBufferBytes: send.value,
    receiveBufferBytes: receive.value
  }
}

const mayFragment = (socket: Limited): boolean | DatagramOptionError => {
  const dontFragment = getOption(socket, SocketOption.dontFragment)
  if ("error" in dontFragment) return dontFragment.error
  if (dontFragment.value) return false
  // Linux: IPv6 has a mode in addition to the switch, and each can forbid fragmentation. Systems without modes have only the switch.
  const mode = getOption(socket, SocketOption.pathMtuDiscovery)
  if ("error" in mode) return mode.error.reason === "Unsupported" ? true : mode.error
  return mode.value === "want" || mode.value === "dont" || mode.value === "omit"
}
