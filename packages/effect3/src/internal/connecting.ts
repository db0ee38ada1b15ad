/** Connects a bound socket until a scope ends, and disconnects it then. */
import type { Endpoint, Family } from "@ancillary/control"
import { Effect, type Scope } from "effect"
import {
  bindError,
  type DatagramBindError,
  type DatagramUnsupportedError,
  invalidBind,
  unixError,
  unsupported
} from "@ancillary/engine/errors/DatagramError"
import { type Fault, isFault } from "@ancillary/engine/driver/Driver"
import type { Plan } from "@ancillary/engine/plan/Plan"
import { ConnectedCore } from "@ancillary/engine/socket/connectedSocket"
import type { Core } from "@ancillary/engine/socket/socket"
import { told } from "@ancillary/engine/errors/format"
import { hold } from "@ancillary/engine/receive/descriptors"
import { type Outcome, ReceivedDatagram } from "@ancillary/engine/receive/incoming"
import { named, nameOf } from "@ancillary/engine/socket/sockaddr"

type Refused = DatagramBindError | DatagramUnsupportedError

/** Connects a socket to a peer, as the program wrote it. */
export const connecting = (core: Core, peer: unknown): Effect.Effect<ConnectedCore, Refused, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const connected = begin(core, peer)
      return connected instanceof ConnectedCore ? Effect.succeed(connected) : Effect.fail(connected)
    }),
    (connected) => Effect.suspend(() => end(core, connected))
  )

const begin = (core: Core, peer: unknown): ConnectedCore | Refused => {
  const { connection, plan } = core
  const { native } = core.live
  const lacking = refusePlan(plan)
  if (lacking !== undefined) return lacking
  const to = core.outgoing.destinations.of(peer)
  if (typeof to === "string") return invalidBind(`peer: ${to}.`)
  const wrong = refusePeer(to)
  if (wrong !== undefined) return invalidBind(`peer: ${wrong}.`)
  // The getters of `peer` may have ended the socket's scope.
  if (core.closed)
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
  if (isFault(sender)) return undone(core, sender, what)
  if (isFault(local)) return undone(core, local, what)
  connection.peer = to
  connection.sender = sender
  dropOthers(core)
  return new ConnectedCore(core, local, to)
}

/** Drops datagrams of others that were given back before the socket was connected, and closes their descriptors. */
const dropOthers = (core: Core): void => {
  const { sender } = core.connection
  const unread: Array<Outcome> = []
  for (const outcome of core.unread) {
    if (outcome instanceof ReceivedDatagram && sender?.equals(outcome.from) === false) {
      core.dropped++
      hold(outcome.control)()
    } else unread.push(outcome)
  }
  core.unread = unread
}

const undone = (core: Core, failed: Fault, what: string): DatagramBindError => {
  core.live.native.connect(undefined)
  return bindError(failed, what)
}

const end = (core: Core, connected: ConnectedCore): Effect.Effect<void> => {
  const { connection } = core
  connected.end()
  if (core.closed) return Effect.void
  // Linux: disconnecting purges the queue of a Unix socket.
  if (core.plan.family === "unix") core.keepQueued()
  const failed = core.live.native.connect(undefined)
  connection.peer = undefined
  connection.sender = undefined
  // An error that the peer caused is not an error of the next call.
  core.events.takePending()
  if (failed === undefined) return Effect.void
  core.close()
  return Effect.logError(
    `Disconnecting ${core.local} from ${connected.peer} failed ${told(failed)}, so the socket was closed. Bind another one; a port other than 0 is not lost.`
  )
}

const feature = "connect"
const alternative = "Open a socket for this peer with Datagram.connect"

/** Why sockets of a plan cannot be connected and disconnected again. */
const refusePlan = ({ abi, kind }: Plan): DatagramUnsupportedError | undefined => {
  if (kind.protocol === "icmp")
    return unsupported(feature, "the kernel delivers replies to a ping socket from any host", alternative)
  if (abi.platform === "darwin")
    return unsupported(feature, "macOS takes its local address away from a socket that is disconnected", alternative)
  // Linux: __udp_disconnect leaves sk_v6_daddr set, and the lookup goes on to compare it (6.18).
  if (abi.platform === "linux" && kind.family === "ipv6")
    return unsupported(
      feature,
      "after an IPv6 socket is disconnected, Linux still drops datagrams from other addresses than that of the peer",
      alternative
    )
  return undefined
}

/** Why datagrams cannot come from an endpoint. */
const refusePeer = (to: Endpoint<Family>): string | undefined => {
  if (to.family === "unix") return undefined
  if (to.address.isAny) return `${to} is not the address of a host: give the address that its datagrams come from`
  return to.address.isMulticast
    ? `${to} is a group, and datagrams come from its members: join it, and send to it without connecting`
    : undefined
}
