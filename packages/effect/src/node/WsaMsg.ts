/**
 * The `WSAMSG` structure as a resource of a scope, for Effect 4. `WsaMsg.receive` fills it with `WSARecvMsg`, and `WsaMsg.send` sends it with
 * `WSASendMsg`. Each field has a member that names its meaning.
 *
 * | field               | member                                                               |
 * | ------------------- | -------------------------------------------------------------------- |
 * | `name`, `namelen`   | `name`, `setName`; as an endpoint: `endpoint`, `setEndpoint`         |
 * | `lpBuffers`         | `buffers`, `setBuffers`: scatter and gather; `copy` joins them       |
 * | `dwBufferCount`     | `bufferCount`                                                        |
 * | `Control`           | `control`, `setControl`, with the five macros of `ControlBuffer`     |
 * | `dwFlags`, on input | `receive(socket, message, { peek: true })`                           |
 * | `dwFlags`, returned | `flags`                                                              |
 *
 * @example
 * ```ts
 * import { ControlBuffer } from "@ancillary/control"
 * import { WsaMsg, WsaSocket } from "@ancillary/effect/node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const socket = yield* WsaSocket.open("ipv4")
 *   yield* socket.setOption(0, 21, 1) // asks for the TTL
 *   yield* socket.bind({ address: "0.0.0.0", port: 5300 })
 *   const message = yield* WsaMsg.make({ name: 16, buffers: [12, 500], control: 24 })
 *   yield* socket.readable
 *   const outcome = yield* WsaMsg.receive(socket, message)
 *   if (outcome._tag === "Received") {
 *     const control = yield* message.control
 *     const first = ControlBuffer.firstHeader(message.abi, control)
 *   }
 * })
 * ```
 *
 * @see https://learn.microsoft.com/windows/win32/api/ws2def/ns-ws2def-wsamsg
 * @since 0.1.0
 */
import type { Abi, Endpoint, EndpointInput, Internet } from "@ancillary/control"
import type { DatagramUnsupportedError } from "../DatagramError.ts"
import { WsaMsg as Plain } from "@ancillary/winsock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { attempt, construct } from "./internal/wsaEffects.ts"
import type { WsaError } from "./WsaError.ts"
import type { WsaSocket } from "./WsaSocket.ts"

export type { Flags, ReceiveOutcome, SendOutcome } from "@ancillary/winsock/WsaMsg"

/**
 * The memory of a message, as the last call or the last setter left it.
 *
 * **Gotchas**
 *
 * Bytes are views of the memory itself. The next call changes them, and after the end of the scope they are empty. Every effect fails with `Closed`
 * then.
 *
 * @category models
 * @since 0.1.0
 */
export interface WsaMsg extends Plain.Handle {
  /** The layout of this process's structures, which the macros of `ControlBuffer` require. */
  readonly abi: Abi
  /** Returns `namelen` bytes at `name`: the sender, or the receiver. Nothing if the pointer is NULL, as on a connected socket. */
  readonly name: Effect.Effect<Uint8Array | undefined, WsaError>
  readonly setName: (name: Uint8Array | undefined) => Effect.Effect<void, WsaError>
  readonly endpoint: Effect.Effect<Option.Option<Endpoint<"dual">>, WsaError>
  /** Sets the name. `family` is that of the socket: on a `dual` one, an IPv4 address is written mapped. */
  readonly setEndpoint: <F extends Internet>(
    family: F,
    to: EndpointInput<F> | Endpoint<F>
  ) => Effect.Effect<void, WsaError>
  /** Returns each `WSABUF`, `len` bytes long: its whole capacity when it is new and after a receive. */
  readonly buffers: Effect.Effect<ReadonlyArray<Uint8Array>, WsaError>
  /** Copies a piece into each buffer, in order, and sets its `len`. `dwBufferCount` leaves out buffers without a piece. */
  readonly setBuffers: (pieces: ReadonlyArray<Uint8Array>) => Effect.Effect<void, WsaError>
  readonly bufferCount: Effect.Effect<number, WsaError>
  /** Returns a copy of the first `bytes` bytes of the buffers, joined. */
  readonly copy: (bytes: number) => Effect.Effect<Uint8Array, WsaError>
  /** Returns `Control.len` bytes of control data. Nothing if the pointer is NULL, which the macros read as no messages. */
  readonly control: Effect.Effect<DataView | undefined, WsaError>
  /** Sets the control data, as `ControlBuffer.fromMessages` makes it. Empty data sets a NULL pointer. */
  readonly setControl: (control: Uint8Array) => Effect.Effect<void, WsaError>
  readonly flags: Effect.Effect<Plain.Flags, WsaError>
}

/**
 * Allocates a message. A size of 0 makes a NULL pointer. Fails with `DatagramUnsupportedError` on another system than Windows.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  capacity: Plain.Capacity
): Effect.Effect<WsaMsg, WsaError | DatagramUnsupportedError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      construct(() => Plain.make(capacity)),
      (message) => Effect.sync(() => message.close())
    ),
    (message): WsaMsg => ({
      [Plain.TypeId]: message[Plain.TypeId],
      abi: message.abi,
      name: attempt(message.name),
      setName: (name) => attempt(() => message.setName(name)),
      endpoint: Effect.map(attempt(message.endpoint), Option.fromNullishOr),
      setEndpoint: (family, to) => attempt(() => message.setEndpoint(family, to)),
      buffers: attempt(message.buffers),
      setBuffers: (pieces) => attempt(() => message.setBuffers(pieces)),
      bufferCount: attempt(message.bufferCount),
      copy: (bytes) => attempt(() => message.copy(bytes)),
      control: attempt(message.control),
      setControl: (control) => attempt(() => message.setControl(control)),
      flags: attempt(message.flags)
    })
  )

/**
 * Makes exactly one `WSARecvMsg`. It sets every length to its capacity before the call, and leaves the message as the call left it. `peek` leaves the
 * datagram in the queue.
 *
 * @see https://learn.microsoft.com/windows/win32/api/mswsock/nc-mswsock-lpfn_wsarecvmsg
 * @category calls
 * @since 0.1.0
 */
export const receive = <F extends Internet>(
  socket: WsaSocket<F>,
  message: WsaMsg,
  options?: { readonly peek?: boolean | undefined }
): Effect.Effect<Plain.ReceiveOutcome, WsaError> => attempt(() => Plain.receive(socket, message, options))

/**
 * Makes exactly one `WSASendMsg` of the message as it was set.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsasendmsg
 * @category calls
 * @since 0.1.0
 */
export const send = <F extends Internet>(
  socket: WsaSocket<F>,
  message: WsaMsg
): Effect.Effect<Plain.SendOutcome, WsaError> => attempt(() => Plain.send(socket, message))
