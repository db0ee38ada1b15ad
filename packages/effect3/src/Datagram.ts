/**
 * Datagrams, and the sockets that receive and send them. Programs start here.
 *
 * @example
 * ```ts
 * import { Datagram, serve, withHopLimit, withPktInfo } from "@ancillary/effect3"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
 *
 * // A reply that is refused ends its own datagram and not the server.
 * const echo = serve(spec, { address: "0.0.0.0", port: 5300 }, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * ```
 * @since 0.1.0
 */
import type { Abi, ControlMessage, Endpoint, EndpointInput, Family, Internet, PktInfo } from "@ancillary/control"
import { UnixEndpoint } from "@ancillary/control"
import * as Effect from "effect/Effect"
import { Either } from "./requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"
import type * as Scope from "effect/Scope"
import type * as Engine from "@ancillary/engine/errors/DatagramError"
import {
  type DatagramBindError,
  type DatagramSendError,
  type DatagramUnsupportedError,
  errorOf,
  fail
} from "./DatagramError.ts"
import type { ConnectedSocket, DatagramSocket } from "./DatagramSocket.ts"
import { DatagramSockets } from "./DatagramSockets.ts"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { type Explanation, explain as explainPlan } from "@ancillary/engine/plan/explain"
import {
  notASocket,
  openAdopted,
  openBound,
  openClient,
  openConnected,
  type Opener,
  type OpenSocket,
  openPairOf,
  replyOf
} from "@ancillary/engine/socket"
import { allowanceOf, validatePeer } from "@ancillary/engine/server"
import { engineSocketOf } from "./internal/sockets.ts"
import { type Failure, isFailure, type Opened, opening, orFailure } from "./internal/opening.ts"
import { makeAdopted, makeConnected, makeSocket } from "./internal/socket.ts"
import * as Plan from "@ancillary/engine/plan/Plan"
import { make, type NeedsAll, type Spec } from "@ancillary/engine/spec/Spec"
import { option } from "./OptionKind.ts"
import type { Datagram } from "./ReceivedDatagram.ts"

export type { Datagram }
export { combine } from "@ancillary/engine/spec/Spec"

/**
 * An IPv4 socket.
 *
 * @category specs
 * @since 0.1.0
 */
export const ipv4: Spec<"ipv4", never> = make("ipv4")

/**
 * An IPv6 socket that serves only IPv6, whatever the system's default.
 *
 * @category specs
 * @since 0.1.0
 */
export const ipv6: Spec<"ipv6", never> = make("ipv6")

/**
 * One IPv6 socket that also serves IPv4 peers. Their addresses are IPv4 addresses.
 *
 * @category specs
 * @since 0.1.0
 */
export const dual: Spec<"dual", never> = make("dual")

/**
 * A Unix datagram socket. Linux and macOS.
 *
 * @category specs
 * @since 0.1.0
 */
export const unix: Spec<"unix", never> = make("unix")

/**
 * A ping socket of IPv4: sends ICMP echo requests and receives their replies, without a privilege. Linux and macOS.
 *
 * **Details**
 *
 * Payloads are ICMP messages, which `IcmpEcho` of `@ancillary/control` writes and reads. Only echo requests can be
 * sent. The port of the socket is the identifier of its requests; 0 picks a free one. The kernel writes the identifier
 * and the checksum into each request. The port of a destination has no meaning, and replies come from port 0.
 *
 * **Gotchas**
 *
 * Linux opens a ping socket only for the groups in `net.ipv4.ping_group_range`, including root's, by default for none
 * (`PermissionDenied`). A received mark or priority is never delivered. On macOS the program sets the identifier.
 *
 * @example
 * ```ts
 * import { Codec, IcmpEcho } from "@ancillary/control"
 * import { Datagram, withHopLimit } from "@ancillary/effect3"
 * import { Effect } from "effect"
 *
 * const ping = Effect.gen(function* () {
 *   const socket = yield* Datagram.client(Datagram.icmp4.pipe(withHopLimit()))
 *   const request = { kind: "request", sequence: 1, data: Uint8Array.of(1, 2, 3) } as const
 *   const data = IcmpEcho.encode("ipv4", request)
 *   if (Codec.isMalformed(data)) return false
 *   yield* socket.send({ data, to: { address: "127.0.0.1", port: 0 } })
 *   const reply = IcmpEcho.decode("ipv4", (yield* socket.receive).data)
 *   return !Codec.isMalformed(reply) && IcmpEcho.matches(request, reply)
 * })
 * ```
 * @see icmp(7); linux/Documentation/networking/ip-sysctl, ping_group_range
 * @category specs
 * @since 0.1.0
 */
export const icmp4: Spec<"ipv4", never> = make("ipv4", "icmp")

/**
 * A ping socket of IPv6: sends ICMPv6 echo requests and receives their replies, as `icmp4` does for IPv4. Linux, where
 * `net.ipv4.ping_group_range` applies to both, and macOS.
 *
 * @see icmp4; RFC 4443 section 4
 * @category specs
 * @since 0.1.0
 */
export const icmp6: Spec<"ipv6", never> = make("ipv6", "icmp")

/**
 * Opens a socket, sets its options and binds it. Its scope closes it. Every option is set before `bind(2)`, because
 * datagrams that are queued earlier have wrong control data or none.
 *
 * **Details**
 *
 * Port 0 picks a free port, which is in `localAddress`. On Linux, `new UnixEndpoint(undefined)` picks an abstract name
 * for a Unix socket. If a Unix socket is bound to a path, its file is removed when the scope closes. Fails with
 * `DatagramUnsupportedError` if the platform lacks a required feature. Fails with `DatagramBindError` if the address is
 * in use or not local, if a privilege is missing, or if an argument is out of range.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bind = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>
): Effect.Effect<
  DatagramSocket<F, D>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | NeedsAll<D>
> => opening("Datagram.bind", (driver) => bound<F, D>(openBound(by(driver), spec, at)))

/**
 * Opens a client socket, bound to a free port of every address. A Unix socket is bound to an abstract name of the
 * kernel's choice on Linux. On macOS it has no name, so it cannot receive answers. Its scope closes it.
 *
 * @example
 * ```ts
 * import { Datagram } from "@ancillary/effect3"
 * import { Effect } from "effect"
 *
 * const ask = Effect.gen(function* () {
 *   const socket = yield* Datagram.client(Datagram.ipv4)
 *   yield* socket.send({ data: new Uint8Array(1), to: { address: "127.0.0.1", port: 5300 } })
 *   return yield* socket.receiveWithin("1 second")
 * })
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const client = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>
): Effect.Effect<
  DatagramSocket<F, D>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | NeedsAll<D>
> => opening("Datagram.client", (driver) => bound<F, D>(openClient(by(driver), spec)))

const bound = <F extends Family, D extends ControlMessage.Any>(
  opened: OpenSocket | Engine.DatagramBindError | Engine.DatagramUnsupportedError
): Opened<DatagramSocket<F, D>> | Failure => {
  const core = orFailure(opened)
  return isFailure(core) ? core : { sockets: [core], make: () => makeSocket<F, D>(core) }
}

/** The driver of the sockets, and the shape of a value that may be missing. */
const by = (driver: Driver): Opener => ({ driver, maybe: option })

/**
 * A bound socket that was made elsewhere.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdoptedSocket<in out F extends Family, in D extends ControlMessage.Any> extends DatagramSocket<F, D> {
  /**
   * True if datagrams were waiting when the options were set. Those datagrams have the control data that the kernel
   * kept. On Linux their packet information has no interface (index 0, IPv4), their timestamp is the time of reading,
   * and their credentials are unset.
   */
  readonly queuedBefore: boolean
}

/**
 * Takes over a bound socket that was made elsewhere (socket activation, another library), by its descriptor or SOCKET.
 * Sets the options of the spec, and closes the socket with the scope.
 *
 * **Details**
 *
 * If it fails, the descriptor stays open and belongs to the caller. It fails if the descriptor is not a datagram socket
 * of the spec's family (`ENOTSOCK`, `EPROTOTYPE`), or if the socket refuses an option of the spec. Settings that a
 * bound socket cannot change, such as its families on Linux, must already be as declared. If it succeeds, the scope
 * owns the socket and closes it.
 *
 * **Gotchas**
 *
 * A descriptor has one owner. Do not adopt a descriptor that Node opened, because Node closes it too.
 *
 * @category constructors
 * @since 0.1.0
 */
export const adopt = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  descriptor: number
): Effect.Effect<
  AdoptedSocket<F, D>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | NeedsAll<D>
> =>
  opening("Datagram.adopt", (driver) => {
    const core = orFailure(openAdopted(by(driver), spec, descriptor))
    return isFailure(core) ? core : { sockets: [core], make: () => makeAdopted<F, D>(core) }
  })

/**
 * Opens two Unix sockets that are connected only to each other. Their scope closes both. Linux and macOS.
 *
 * @category constructors
 * @since 0.1.0
 */
export const pair = <D extends ControlMessage.Any, R>(
  spec: Spec<"unix", D, R>
): Effect.Effect<
  readonly [ConnectedSocket<"unix", D>, ConnectedSocket<"unix", D>],
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | NeedsAll<D>
> =>
  opening("Datagram.pair", (driver) => {
    const sockets = orFailure(openPairOf(by(driver), spec))
    if (isFailure(sockets)) return sockets
    const [first, second] = sockets
    const unnamed = new UnixEndpoint(undefined)
    const make = () => [makeConnected<"unix", D>(first, unnamed), makeConnected<"unix", D>(second, unnamed)] as const
    return { sockets, make }
  })

/**
 * Opens a connected socket. It receives only from `peer` and reports refusals of the peer as errors. Binds as `client`
 * does unless `local` is given. Its scope closes it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const connect = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  // Only the spec has the family, because a dual socket takes endpoints of both.
  peer: EndpointInput<NoInfer<F>> | Endpoint<NoInfer<F>>,
  options?: { readonly local?: EndpointInput<NoInfer<F>> | undefined }
): Effect.Effect<
  ConnectedSocket<F, D>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | NeedsAll<D>
> =>
  opening("Datagram.connect", (driver) => {
    const core = orFailure(openConnected(by(driver), spec, peer, options))
    // The peer is the given endpoint. The compiler cannot infer its family.
    return isFailure(core) ? core : { sockets: [core], make: () => makeConnected<F, D>(core, core.peer as Endpoint<F>) }
  })

/** `unknown` if packet information is declared as guaranteed. Otherwise the sentence that the compiler displays. */
type Informed<D extends ControlMessage.Any, Direction extends string> = [PktInfo] extends [D]
  ? unknown
  : `reply needs packet information: declare withPktInfo() on this socket, ${Direction} and not as optional`

/**
 * Answers a datagram of a socket that declares packet information.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reply<out Result> {
  <F extends Internet>(
    socket: DatagramSocket<F, PktInfo>,
    asked: Datagram<F, PktInfo>,
    data: Uint8Array | ReadonlyArray<Uint8Array>
  ): Result
  /** Rejects every other socket and datagram with a sentence, because the signature above accepts the valid ones. */
  <F extends Internet, D extends ControlMessage.Any, A extends ControlMessage.Any>(
    socket: DatagramSocket<F, D> & Informed<D, "for both directions">,
    asked: Datagram<F, A> & Informed<A, "for receiving">,
    data: Uint8Array | ReadonlyArray<Uint8Array>
  ): Result
}

/**
 * Answers from the address at which the request arrived. The answer is unicast, and the route decides the interface. If
 * the request was sent to a group or a broadcast address, the answer leaves by the arrival interface, and the kernel
 * chooses the source.
 *
 * **Details**
 *
 * A link-local peer (169.254.0.0/16, fe80::/10) is answered by the arrival interface. If a peer has no address
 * (0.0.0.0, a DHCP client), the answer is a broadcast on that interface, provided that the socket may broadcast
 * (`withBroadcast()`); otherwise it is refused. docs/reply.md has the whole table.
 *
 * Fails with `InvalidArgument` if the source of the datagram is the socket's own address (counted as `fromItself`), or
 * cannot be answered: port 0, a group, a broadcast address, no address. Anyone can forge such a source, so a loop must
 * catch the error, or run its handlers with `serve`.
 *
 * Requires a socket that declares packet information for both directions; any other does not compile. If Windows
 * refuses the source (`WSAEINVAL`), the answer is sent without it and counted as `sourceRefused`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const reply: Reply<Effect.Effect<void, DatagramSendError>> = <F extends Internet>(
  socket: DatagramSocket<F, PktInfo>,
  asked: Datagram<F, PktInfo>,
  data: Uint8Array | ReadonlyArray<Uint8Array>
): Effect.Effect<void, DatagramSendError> => {
  const given = answer(socket, asked, data)
  // `answerTo` returns an endpoint of the same family as the request.
  if (isRefusal(given)) return fail(given)
  const sent: Effect.Effect<void, DatagramSendError> = socket.send(
    given as unknown as Parameters<typeof socket.send>[0]
  )
  return Effect.isEffect(sent) ? sent : fail(notASocket())
}

/**
 * Answers synchronously as `reply` does, without a fiber and without waiting, for the callback of `forEach`. Returns
 * the error that `reply` fails with, and `WouldBlock` if the send buffer is full.
 *
 * @example
 * ```ts
 * import { Datagram, withPktInfo } from "@ancillary/effect3"
 * import { Effect, Either } from "effect"
 *
 * const echo = Effect.gen(function* () {
 *   const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 5300 })
 *   let unanswered = 0
 *   yield* socket.forEach((asked) => {
 *     if (Either.isLeft(Datagram.tryReply(socket, asked, asked.data))) unanswered++
 *   })
 * })
 * ```
 * @category combinators
 * @since 0.1.0
 */
export const tryReply: Reply<Either.Either<void, DatagramSendError>> = <F extends Internet>(
  socket: DatagramSocket<F, PktInfo>,
  asked: Datagram<F, PktInfo>,
  data: Uint8Array | ReadonlyArray<Uint8Array>
): Either.Either<void, DatagramSendError> => {
  const given = answer(socket, asked, data)
  return isRefusal(given)
    ? Either.left(errorOf(given))
    : socket.trySend(given as unknown as Parameters<typeof socket.trySend>[0])
}

/**
 * Marks a peer of a served socket as validated, because it has proven its address. It repeated a value that was sent to
 * it, for example. Its answers have no limit from then on. After 5 minutes without a datagram it has to prove its address again.
 *
 * **Details**
 *
 * It does nothing if the socket has no limits, or if the value is not a peer with an address and a port.
 *
 * @see docs/servers.md
 * @category limits
 * @since 0.1.0
 */
export const validate = <F extends Internet>(
  socket: DatagramSocket<F, never>,
  peer: Endpoint<F>
): Effect.Effect<void> => Effect.sync(() => validatePeer(engineSocketOf(socket)?.guard, peer))

/**
 * Returns the bytes that the limits of a served socket permit to be sent to a peer now, `Infinity` if there is no limit.
 * A handler may answer shortly if its answer is longer, as name servers do with a truncated response.
 *
 * @see docs/servers.md
 * @category limits
 * @since 0.1.0
 */
export const allowance = <F extends Internet>(
  socket: DatagramSocket<F, never>,
  peer: Endpoint<F>
): Effect.Effect<number> => Effect.sync(() => allowanceOf(engineSocketOf(socket)?.guard, peer))

const answer = <F extends Internet>(
  socket: DatagramSocket<F, PktInfo>,
  asked: Datagram<F, PktInfo>,
  data: Uint8Array | ReadonlyArray<Uint8Array>
) => {
  if (!isSender(socket)) return notASocket()
  return replyOf({ socket: engineSocketOf(socket), localAddress: socket.localAddress }, asked, data)
}

/** The value of a program may not be a socket. */
const isSender = (socket: unknown): boolean => {
  try {
    const { send, trySend } = socket as { readonly send?: unknown; readonly trySend?: unknown }
    return typeof send === "function" && typeof trySend === "function"
  } catch {
    return false
  }
}

const isRefusal = (given: object): given is Engine.DatagramSendError => "syscall" in given

/**
 * Returns each option that would be set and a byte map of both control buffers, for any ABI on any machine. The result
 * is data, and a table when it is printed. Throws a `TypeError` if `spec` is not a spec, or if `abi` is not one of
 * `Abi`.
 *
 * @example
 * ```ts
 * import { Abi } from "@ancillary/control"
 * import { Datagram, withHopLimit, withPktInfo } from "@ancillary/effect3"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
 * Datagram.explain(spec, Abi.linuxGlibc64).receive.bytes // => 56
 * console.log(String(Datagram.explain(spec, Abi.winsockX64)))
 * ```
 * @category inspection
 * @since 0.1.0
 */
export const explain = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  abi: Abi
): Explanation => explainPlan(Plan.compile(spec, abi))
