/** How many sockets of one port share its traffic, and how they come to have it. */
import { availableParallelism } from "node:os"
import { type Abi, Codec, type ControlMessage, type EndpointInput, type Internet } from "@ancillary/control"
import {
  Datagram,
  type DatagramBindError,
  type DatagramSocket,
  type DatagramSockets,
  type DatagramUnsupportedError,
  type LiveOptions,
  SocketOption,
  type Spec,
  withReusePort
} from "@ancillary/effect3"
import { invalidBind, unsupported } from "@ancillary/engine/errors/DatagramError"
import type { NeedsAll } from "@ancillary/engine/spec/Spec"
import { Effect, Scope } from "effect"

/** One process each: more are a mistake in what was computed. */
const most = 1024

/** Why a platform serves with one worker. */
const alone: { readonly [P in Abi["platform"]]: string | undefined } = {
  linux: undefined,
  // Darwin: sockets share a port, and one of them gets all that is unicast.
  darwin: "macOS does not spread the peers over the sockets of a port",
  // Winsock: there is no SO_REUSEPORT, and who binds last under SO_REUSEADDR gets what it likes.
  winsock:
    "Windows spreads no peers over the sockets of a port, and its SO_REUSEADDR lets any program take over the address"
}

/** As many workers as were asked for, as there are cores, or one where more would be of no use. */
export const workersOn = (
  platform: Abi["platform"],
  asked: number | undefined
): Effect.Effect<number, DatagramBindError | DatagramUnsupportedError> => {
  const why = alone[platform]
  if (asked === undefined) return Effect.succeed(why === undefined ? Math.min(availableParallelism(), most) : 1)
  if (!Codec.isInteger(asked, 1, most))
    return Effect.fail(
      invalidBind(
        `workers: ${Codec.shown(asked)} is not an integer from 1 to ${most}. Leave it out for one a core.`,
        "workers"
      )
    )
  return asked === 1 || why === undefined
    ? Effect.succeed(asked)
    : Effect.fail(
        unsupported(`workers: ${asked}`, why, "Leave `workers` out: one serves there, and is restarted as elsewhere")
      )
}

/**
 * The sockets of a port, which nobody reads here; each is closed by its own scope.
 *
 * The first one is bound alone and shared afterwards. Bound with SO_REUSEPORT it would join whoever has the port already, where that is the same
 * user's (a server that was started twice), and for port 0 Linux may choose such a port.
 */
export const bindAll = <F extends Internet, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  scopes: ReadonlyArray<Scope.Scope>
): Effect.Effect<
  ReadonlyArray<DatagramSocket<F, D>>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | R | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const sockets: Array<DatagramSocket<F, D>> = []
    for (const scope of scopes) {
      const first = sockets[0]
      const binding = first === undefined ? Datagram.bind(spec, at) : Datagram.bind(sharing(spec), endpointOf(first))
      const socket = yield* Scope.extend(binding, scope)
      if (first === undefined && scopes.length > 1) yield* share(socket)
      sockets.push(socket)
    }
    return sockets
  })

// That every internet family has the option, and Linux the capability, the compiler does not see through `F`.
const sharing = <F extends Internet, D extends ControlMessage.Any, R>(spec: Spec<F, D, R>): Spec<F, D, R> =>
  withReusePort()(spec as unknown as Spec<"ipv4", D, R>) as unknown as Spec<F, D, R>

/** Linux: those that are bound later join a socket that has the option by then. It takes it at any time, so there is nothing to fail. */
const share = (socket: unknown): Effect.Effect<void> =>
  Effect.orDie((socket as LiveOptions<"ipv4">).setOption(SocketOption.reusePort, true))

/** Where a socket is, as it can be bound to. */
export const endpointOf = <F extends Internet, D extends ControlMessage.Any>({
  localAddress
}: DatagramSocket<F, D>): EndpointInput<F> & { readonly address: string; readonly port: number } =>
  // An internet family's endpoint has both, which the compiler does not see through Endpoint<F>.
  plain(localAddress) as EndpointInput<F> & { readonly address: string; readonly port: number }

/** As both sides of a channel write it. */
export const plain = (at: EndpointInput<Internet>): { readonly address: string; readonly port: number } => ({
  address: String(at.address),
  port: at.port
})
