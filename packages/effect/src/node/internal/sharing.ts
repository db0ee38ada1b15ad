/** Sockets that share the traffic of one port. */
import { type Abi, type ControlMessage, type EndpointInput, type Internet } from "@ancillary/control"
import * as Datagram from "../../Datagram.ts"
import * as SocketOption from "@ancillary/engine/spec/SocketOption"
import { withReusePort } from "@ancillary/engine/spec/combinators/options"
import type { DatagramBindError, DatagramUnsupportedError } from "../../DatagramError.ts"
import type { DatagramSocket, SocketOptions } from "../../DatagramSocket.ts"
import type { DatagramSockets } from "../../DatagramSockets.ts"
import type { Spec } from "../../Spec.ts"
import { invalidBind, unsupported } from "../../DatagramError.ts"
import type { NeedsAll } from "@ancillary/engine/spec/Spec"
import { type At, workerCount } from "@ancillary/node"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

/** Returns the number of workers, as `workerCount` does. Fails with its sentence. */
export const workersOn = (
  platform: Abi["platform"],
  requested: number | undefined
): Effect.Effect<number, DatagramBindError | DatagramUnsupportedError> => {
  const count = workerCount(platform, requested)
  if (typeof count === "number") return Effect.succeed(count)
  return Effect.fail(
    "invalid" in count
      ? invalidBind(count.invalid, "workers")
      : unsupported(`workers: ${requested}`, count.unsupported, count.remedy)
  )
}

/**
 * Sockets of one port, which this process never reads. A separate scope closes each.
 *
 * The first socket is bound without SO_REUSEPORT and shared afterwards. With the option it would join a socket of the
 * same user that already has the port, for example if a server is started twice. For port 0 Linux could choose such a
 * port.
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
      const socket = yield* Scope.provide(binding, scope)
      if (first === undefined && scopes.length > 1) yield* share(socket)
      sockets.push(socket)
    }
    return sockets
  })

// Every internet family has the option, and Linux has the capability. The compiler cannot infer this through `F`.
const sharing = <F extends Internet, D extends ControlMessage.Any, R>(spec: Spec<F, D, R>): Spec<F, D, R> =>
  withReusePort()(spec as unknown as Spec<"ipv4", D, R>) as unknown as Spec<F, D, R>

/**
 * Linux: sockets that are bound later join a socket that has the option by then. Linux accepts the option at any time,
 * so this cannot fail.
 */
const share = (socket: unknown): Effect.Effect<void> =>
  Effect.orDie((socket as SocketOptions<"ipv4">).setOption(SocketOption.reusePort, true))

/** The endpoint of a socket, in the form that `bind` takes. */
export const endpointOf = <F extends Internet, D extends ControlMessage.Any>({
  localAddress
}: DatagramSocket<F, D>): EndpointInput<F> & At =>
  // The endpoint of an internet family has both. The compiler cannot infer this through Endpoint<F>.
  plain(localAddress) as EndpointInput<F> & At

/** The endpoint in the form of the channel. */
export const plain = (at: EndpointInput<Internet>): At => ({
  address: String(at.address),
  port: at.port
})
