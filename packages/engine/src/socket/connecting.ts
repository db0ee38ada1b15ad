/** Connects a bound socket to a peer, and disconnects it. */
import type { Endpoint, Family } from "@ancillary/control"
import {
  bindError,
  type DatagramBindError,
  type DatagramUnsupportedError,
  invalidBind,
  showFault,
  unixError,
  unsupported
} from "../errors/DatagramError.ts"
import { type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import type { Events } from "../events/events.ts"
import type { Plan } from "../plan/Plan.ts"
import type { Receiver } from "../receive/receiver.ts"
import type { Destinations } from "../send/addressCache.ts"
import type { Connection } from "./connection.ts"
import { named, nameOf } from "./sockaddr.ts"

/** The socket that is connected. */
interface Connectable {
  readonly plan: Plan
  readonly closed: boolean
  readonly localAddress: Endpoint<Family>
  readonly connection: Connection
  readonly live: { readonly native: NativeSocket }
  readonly outgoing: { readonly destinations: Destinations }
  readonly close: () => void
}

/** The ends of a connection. */
export interface Connected {
  readonly local: Endpoint<Family>
  readonly peer: Endpoint<Family>
}

/** Connects a socket to a peer, as the program wrote it. */
export const connect = (
  socket: Connectable,
  receiver: Receiver,
  peer: unknown
): Connected | DatagramBindError | DatagramUnsupportedError => {
  const { connection, plan } = socket
  const { native } = socket.live
  const lacking = refusePlan(plan)
  if (lacking !== undefined) return lacking
  const to = socket.outgoing.destinations.of(peer)
  if (typeof to === "string") return invalidBind(`peer: ${to}.`)
  const wrong = refusePeer(to)
  if (wrong !== undefined) return invalidBind(`peer: ${wrong}.`)
  // The getters of `peer` may have closed the socket.
  if (socket.closed)
    return invalidBind("Connecting failed: the scope of the socket has ended. Connect it while its scope is open.")
  const present = connection.peer ?? named(plan, native.peerAddress)
  if (!isFault(present))
    return invalidBind(
      `Connecting to ${to} failed: the socket is connected to ${present}. End the scope of that connection first.`
    )
  const refused = native.connect(nameOf(plan, to))
  const what = `Connecting to ${to}`
  if (refused !== undefined) return plan.family === "unix" ? unixError(refused, what, false) : bindError(refused, what)
  const sender = named(plan, native.peerAddress)
  const local = named(plan, native.localAddress)
  if (isFault(sender)) return undone(native, sender, what)
  if (isFault(local)) return undone(native, local, what)
  connection.peer = to
  connection.sender = sender
  receiver.dropOthers(sender)
  return { local, peer: to }
}

const undone = (native: NativeSocket, failed: Fault, what: string): DatagramBindError => {
  native.connect(undefined)
  return bindError(failed, what)
}

/** Disconnects a socket. Returns the sentence to log if that failed; the socket is closed then. */
export const disconnect = (
  socket: Connectable,
  receiver: Receiver,
  events: Events,
  peer: Endpoint<Family>
): string | undefined => {
  const { connection } = socket
  if (socket.closed) return undefined
  // Linux: disconnecting purges the queue of a Unix socket.
  if (socket.plan.family === "unix") receiver.keepQueued()
  const failed = socket.live.native.connect(undefined)
  connection.peer = undefined
  connection.sender = undefined
  // An error that the peer caused is not an error of the next call.
  events.takePending()
  if (failed === undefined) return undefined
  socket.close()
  return `Disconnecting ${socket.localAddress} from ${peer} failed ${showFault(failed)}, so the socket was closed. Bind another one; a port other than 0 is not lost.`
}

const feature = "connect"
const alternative = "Open a socket for this peer with Datagram.connect"

/** Returns the reason why sockets of a plan cannot be connected and disconnected again. */
const refusePlan = ({ abi, kind }: Plan): DatagramUnsupportedError | undefined => {
  if (kind.protocol === "icmp")
    return unsupported(feature, "the kernel delivers replies to a ping socket from any host", alternative)
  if (abi.platform === "darwin")
    return unsupported(feature, "macOS takes its local address away from a socket that is disconnected", alternative)
  // Linux: __udp_disconnect does not clear sk_v6_daddr, and the socket lookup continues to compare it (6.18).
  if (abi.platform === "linux" && kind.family === "ipv6")
    return unsupported(
      feature,
      "after an IPv6 socket is disconnected, Linux still drops datagrams from other addresses than that of the peer",
      alternative
    )
  return undefined
}

/** Returns the reason why datagrams cannot come from an endpoint. */
const refusePeer = (to: Endpoint<Family>): string | undefined => {
  if (to.family === "unix") return undefined
  if (to.address.isUnspecified)
    return `${to} is not the address of a host: give the address that its datagrams come from`
  return to.address.isMulticast
    ? `${to} is a group, and datagrams come from its members: join it, and send to it without connecting`
    : undefined
}
