/** The limits that a stack over datagrams sizes by, as the system has granted them. */
import { Coalescing } from "@ancillary/control"
import type { DatagramOptionError } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"
import * as SocketOption from "../spec/SocketOption.ts"
import { getOption, type Live } from "./options.ts"

/** The socket that is asked. */
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
  /** Datagrams that one call makes of a payload with `segmentSize`, 1 if the system cuts none. */
  readonly segments: number
  /** Whether merged datagrams may arrive. */
  readonly coalescing: boolean
  /** Whether a datagram above the path's MTU is fragmented. Of a dual socket it holds for IPv6 peers. */
  readonly mayFragment: boolean
  /** Bytes of the buffers, as the system counts them. */
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
  // Linux: IPv6 has a mode besides the switch, and each forbids it. Where there are no modes, there is the switch alone.
  const mode = getOption(socket, SocketOption.pathMtuDiscovery)
  if ("error" in mode) return mode.error.reason === "Unsupported" ? true : mode.error
  return mode.value === "want" || mode.value === "dont" || mode.value === "omit"
}
