/**
 * A raw UDP socket of Winsock, for Effect 3 programs that make their own calls with `WsaMsg`: non-blocking, not overlapped, closed by its scope.
 *
 * **Gotchas**
 *
 * No option is set by itself, so control data arrives only after `setOption`. Set options before `bind`: datagrams that are queued earlier have
 * no control data. `Datagram.bind` with `WinsockSockets.layer` does all of this.
 *
 * @since 0.1.0
 */
import type { Endpoint, EndpointInput, Internet } from "@ancillary/control"
import type { DatagramUnsupportedError } from "../DatagramError.ts"
import { WsaSocket as Plain } from "@ancillary/winsock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { attempt, construct } from "./internal/wsaEffects.ts"
import { cancellable } from "../internal/cancellable.ts"
import { WsaError } from "./WsaError.ts"

/**
 * An open socket. After its scope has ended, every effect fails with `Closed`.
 *
 * @category models
 * @since 0.1.0
 */
export interface WsaSocket<F extends Internet> extends Plain.Handle {
  readonly family: F
  /** The `SOCKET`, for calls that this module lacks. After the scope has ended, another socket may have the number. */
  readonly descriptor: number
  /** Sets an option. A number is set as a `DWORD`, the type of almost every option. */
  readonly setOption: (level: number, option: number, value: number | Uint8Array) => Effect.Effect<void, WsaError>
  readonly bind: (at: EndpointInput<F> | Endpoint<F>) => Effect.Effect<void, WsaError>
  /** Connects to a peer. Datagrams of others do not arrive then, and a message to the peer requires no name. */
  readonly connect: (peer: EndpointInput<F> | Endpoint<F>) => Effect.Effect<void, WsaError>
  readonly localAddress: Effect.Effect<Endpoint<F>, WsaError>
  /** Waits until a datagram can be received, and takes none. */
  readonly readable: Effect.Effect<void, WsaError>
}

/**
 * Opens a socket. A `dual` one is an IPv6 socket that also reaches IPv4 peers. Fails with `DatagramUnsupportedError` on another system than Windows.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsasocketw
 * @category constructors
 * @since 0.1.0
 */
export const open = <F extends Internet>(
  family: F
): Effect.Effect<WsaSocket<F>, WsaError | DatagramUnsupportedError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      construct(() => Plain.open(family)),
      (socket) => Effect.sync(() => socket.close())
    ),
    (socket): WsaSocket<F> => ({
      [Plain.TypeId]: socket[Plain.TypeId],
      family,
      descriptor: socket.descriptor,
      setOption: (level, option, value) => attempt(() => socket.setOption(level, option, value)),
      bind: (at) => attempt(() => socket.bind(at)),
      connect: (peer) => attempt(() => socket.connect(peer)),
      localAddress: attempt(socket.localAddress),
      readable: cancellable((resume) => {
        const cancel = socket.onReadable((fault) =>
          resume(fault === undefined ? Effect.void : Effect.fail(new WsaError(fault)))
        )
        return (onCancelled) => {
          cancel()
          onCancelled()
        }
      })
    })
  )
