/**
 * Datagrams, and the sockets that receive and send them. Programs start here.
 *
 * @example
 * ```ts
 * import { Datagram, serve, withHopLimit, withPktInfo } from "@ancillary/socket"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
 *
 * // A reply that is refused ends its own datagram and not the server.
 * const server = await serve(spec, { address: "0.0.0.0", port: 5300 }, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * console.log(String(server.localAddress))
 * ```
 * @since 0.1.0
 */
import {
  type Abi,
  Codec,
  type ControlMessage,
  type Endpoint,
  type EndpointInput,
  type Family,
  type Internet,
  type PktInfo
} from "@ancillary/control"
import { type Explanation, explain as explainPlan } from "@ancillary/engine/plan/explain"
import * as Plan from "@ancillary/engine/plan/Plan"
import { notASocket, replyOf } from "@ancillary/engine/socket"
import { make, type Spec as EngineSpec } from "@ancillary/engine/spec/Spec"
import { type DatagramSendError, errorOf } from "./DatagramError.ts"
import type { AdoptedSocket, ConnectedSocket, DatagramSocket, Waiting } from "./DatagramSocket.ts"
import { allowanceOf, validatePeer } from "@ancillary/engine/server"
import { openSocketOf } from "./internal/socket.ts"
import { system } from "./internal/system.ts"
import type { Datagram } from "./ReceivedDatagram.ts"
import type { Spec } from "./Spec.ts"

export type { AdoptedSocket } from "./DatagramSocket.ts"
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
 * import { Datagram, withHopLimit } from "@ancillary/socket"
 *
 * const socket = await Datagram.client(Datagram.icmp4.pipe(withHopLimit()))
 * const request = { kind: "request", sequence: 1, data: Uint8Array.of(1, 2, 3) } as const
 * const data = IcmpEcho.encode("ipv4", request)
 * if (!Codec.isMalformed(data)) await socket.send({ data, to: { address: "127.0.0.1", port: 0 } })
 * const reply = IcmpEcho.decode("ipv4", (await socket.receive()).data)
 * console.log(!Codec.isMalformed(reply) && IcmpEcho.matches(request, reply))
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
 * Opens a socket, sets its options and binds it. Every option is set before `bind(2)`, because datagrams that are queued earlier have wrong
 * control data or none. The program closes the socket: `await using`, or `close`.
 *
 * **Details**
 *
 * Port 0 picks a free port, which is in `localAddress`. On Linux, `new UnixEndpoint(undefined)` picks an abstract name for a Unix socket. If
 * a Unix socket is bound to a path, `close` removes its file. Rejects with `DatagramUnsupportedError` if the system lacks a required
 * feature, or has no driver. Rejects with `DatagramBindError` if the address is in use or not local, if a privilege is missing, or if an
 * argument is out of range.
 *
 * @example
 * ```ts
 * import { Datagram, withPktInfo } from "@ancillary/socket"
 *
 * await using socket = await Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 5300 })
 * for await (const { control, data, from } of socket)
 *   console.log(`${data.length} bytes from ${from} to ${control.pktInfo.destination}`)
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const bind = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>
): Promise<DatagramSocket<F, D>> => system.bind(spec, at)

/**
 * Opens a client socket, bound to a free port of every address. A Unix socket is bound to an abstract name of the kernel's choice on Linux.
 * On macOS it has no name, so it cannot receive answers. Rejects as `bind` does.
 *
 * @example
 * ```ts
 * import { Datagram } from "@ancillary/socket"
 *
 * const socket = await Datagram.client(Datagram.ipv4)
 * await socket.send({ data: new Uint8Array(1), to: { address: "127.0.0.1", port: 5300 } })
 * const answer = await socket.receiveWithin(1000)
 * console.log(answer?.data ?? "no answer")
 * socket.close()
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const client = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>
): Promise<DatagramSocket<F, D>> => system.client(spec)

/**
 * Takes over a bound socket that was made elsewhere (socket activation, another library), by its descriptor or SOCKET. Sets the options of
 * the spec. `close` closes the descriptor.
 *
 * **Details**
 *
 * If it rejects, the descriptor stays open and belongs to the caller. It rejects if the descriptor is not a datagram socket of the spec's
 * family (`ENOTSOCK`, `EPROTOTYPE`), or if the socket refuses an option of the spec. Settings that a bound socket cannot change, such as its
 * families on Linux, must already be as declared.
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
): Promise<AdoptedSocket<F, D>> => system.adopt(spec, descriptor)

/**
 * Opens two Unix sockets that are connected only to each other. Linux and macOS.
 *
 * @category constructors
 * @since 0.1.0
 */
export const pair = <D extends ControlMessage.Any, R>(
  spec: Spec<"unix", D, R>
): Promise<readonly [ConnectedSocket<"unix", D>, ConnectedSocket<"unix", D>]> => system.pair(spec)

/**
 * Opens a connected socket. It receives only from `peer` and reports refusals of the peer as errors. Binds as `client` does unless `local`
 * is given. Rejects as `bind` does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const connect = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  // Only the spec has the family, because a dual socket takes endpoints of both.
  peer: EndpointInput<NoInfer<F>> | Endpoint<NoInfer<F>>,
  options?: { readonly local?: EndpointInput<NoInfer<F>> | undefined }
): Promise<ConnectedSocket<F, D>> => system.connect<F, D, R>(spec, peer, options)

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
export interface Reply<in Options extends ReadonlyArray<unknown>, out Result> {
  <F extends Internet>(
    socket: DatagramSocket<F, PktInfo>,
    asked: Datagram<F, PktInfo>,
    data: Uint8Array | ReadonlyArray<Uint8Array>,
    ...options: Options
  ): Result
  /** Rejects every other socket and datagram with a sentence, because the signature above accepts the valid ones. */
  <F extends Internet, D extends ControlMessage.Any, A extends ControlMessage.Any>(
    socket: DatagramSocket<F, D> & Informed<D, "for both directions">,
    asked: Datagram<F, A> & Informed<A, "for receiving">,
    data: Uint8Array | ReadonlyArray<Uint8Array>,
    ...options: Options
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
 * Rejects with `InvalidArgument` if the source of the datagram is the socket's own address (counted as `fromItself`), or
 * cannot be answered: port 0, a group, a broadcast address, no address. Anyone can forge such a source, so a loop must
 * catch the error, or run its handlers with `serve`.
 *
 * Requires a socket that declares packet information for both directions; any other does not compile. If Windows
 * refuses the source (`WSAEINVAL`), the answer is sent without it and counted as `sourceRefused`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const reply: Reply<[options?: Waiting], Promise<void>> = <F extends Internet>(
  socket: DatagramSocket<F, PktInfo>,
  asked: Datagram<F, PktInfo>,
  data: Uint8Array | ReadonlyArray<Uint8Array>,
  options?: Waiting
): Promise<void> => {
  const message = answer(socket, asked, data)
  return isRefusal(message)
    ? Promise.reject(errorOf(message))
    : socket.send(message as unknown as Parameters<typeof socket.send>[0], options)
}

/**
 * Answers at once as `reply` does, without a promise and without waiting, for the callback of `forEach`. Returns the error, or `undefined`
 * if the answer was sent. It is `WouldBlock` if the send buffer is full.
 *
 * @example
 * ```ts
 * import { Datagram, withPktInfo } from "@ancillary/socket"
 *
 * const socket = await Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 5300 })
 * let unanswered = 0
 * await socket.forEach((asked) => {
 *   if (Datagram.tryReply(socket, asked, asked.data) !== undefined) unanswered++
 * })
 * ```
 * @category combinators
 * @since 0.1.0
 */
export const tryReply: Reply<[], DatagramSendError | undefined> = <F extends Internet>(
  socket: DatagramSocket<F, PktInfo>,
  asked: Datagram<F, PktInfo>,
  data: Uint8Array | ReadonlyArray<Uint8Array>
): DatagramSendError | undefined => {
  const message = answer(socket, asked, data)
  return isRefusal(message)
    ? errorOf(message)
    : socket.trySend(message as unknown as Parameters<typeof socket.trySend>[0])
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
export const validate = <F extends Internet>(socket: DatagramSocket<F, never>, peer: Endpoint<F>): void =>
  validatePeer(openSocketOf(socket)?.guard, peer)

/**
 * Returns the bytes that the limits of a served socket permit to be sent to a peer now, `Infinity` if there is no limit.
 * A handler may answer shortly if its answer is longer, as name servers do with a truncated response.
 *
 * @see docs/servers.md
 * @category limits
 * @since 0.1.0
 */
export const allowance = <F extends Internet>(socket: DatagramSocket<F, never>, peer: Endpoint<F>): number =>
  allowanceOf(openSocketOf(socket)?.guard, peer)

const answer = <F extends Internet>(
  socket: DatagramSocket<F, PktInfo>,
  asked: Datagram<F, PktInfo>,
  data: Uint8Array | ReadonlyArray<Uint8Array>
) => {
  const core = openSocketOf(socket)
  return core === undefined ? notASocket() : replyOf({ socket: core, localAddress: core.localAddress }, asked, data)
}

const isRefusal = (given: ReturnType<typeof answer>): given is ReturnType<typeof notASocket> => "syscall" in given

/**
 * Returns each option that would be set and a byte map of both control buffers, for any ABI on any machine. The result
 * is data, and a table when it is printed. Throws a `TypeError` if `spec` is not a spec, or if `abi` is not one of
 * `Abi`.
 *
 * @example
 * ```ts
 * import { Abi } from "@ancillary/control"
 * import { Datagram, withHopLimit, withPktInfo } from "@ancillary/socket"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
 * Datagram.explain(spec, Abi.linuxGlibc64).receive.bytes // => 56
 * console.log(String(Datagram.explain(spec, Abi.winsockX64)))
 * ```
 * @category inspection
 * @since 0.1.0
 */
export const explain = <F extends Family, D extends ControlMessage.Any, R>(
  spec: EngineSpec<F, D, R>,
  abi: Abi
): Explanation => {
  try {
    return explainPlan(Plan.compile(spec, abi))
  } catch (cause) {
    if (cause instanceof TypeError) throw cause
    throw new TypeError(`spec or abi: reading it threw (${Codec.format(cause)}). Give a spec and one of Abi.`, {
      cause
    })
  }
}
