/**
 * Types of a bound socket: reading (`DatagramSource`), reading and sending (`DatagramSocket`), and exchange with one
 * peer (`ConnectedSocket`).
 *
 * **Details**
 *
 * The laws of reading hold for every driver:
 *
 * - Reads are pull-based. The kernel's buffer is the only queue.
 * - A reader owns a datagram after its effect has succeeded, and a chunk after the stream has emitted it.
 *   Interrupting a waiting read loses nothing. If a result succeeded and then lost a race, it is lost, as with any
 *   effect. `receiveWithin` is a timeout that never loses a datagram.
 * - Two readers receive distinct datagrams. If the scope closes, a waiting read fails with `Closed`.
 * - A stream or callback owns the batch that it was given. If a consumer stops early, fails or is interrupted, it
 *   loses the rest of its last chunk, which is at most one batch. To take exactly one, use `receive`.
 * - If a datagram is not as declared, that is a fault of this datagram. `receive` fails with it, and the next read
 *   continues. `outcomes` emits it. `datagrams`, `receiveBatch` and `forEach` count it and continue.
 * - The counters balance: taken from the kernel = delivered + each fault + dropped by policy.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Endpoint, EndpointInput, Family } from "@ancillary/control"
import type * as Chunk from "effect/Chunk"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Sink from "effect/Sink"
import type * as Stream from "effect/Stream"
import type { Datagram } from "./ReceivedDatagram.ts"
import type {
  DatagramBindError,
  DatagramMembershipError,
  DatagramOptionError,
  DatagramReceiveError,
  DatagramSendError,
  DatagramUnsupportedError
} from "./DatagramError.ts"
import type { DatagramStats, Group, Outgoing, Sendable } from "@ancillary/engine/socket"
import type { SocketOption } from "@ancillary/engine/spec/option/definition"
import type { SocketEvent } from "./SocketEvent.ts"
import type { DatagramFault } from "./DatagramFault.ts"
import type { SendControl, SupportsFamily } from "@ancillary/engine/spec/Spec"

export type { DatagramStats, Outgoing } from "@ancillary/engine/socket"

/**
 * Results of the messages of `sendAll`. Each message is counted once.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendReport {
  /** Messages that were sent with all of their segments. */
  readonly sent: number
  /** Messages that were dropped because the buffer was full, under `withBackpressure("drop")` or `sendTimeout` of `serve`. */
  readonly dropped: number
  /** Messages that failed, in order, each with its index in the input. */
  readonly failed: ReadonlyArray<{ readonly index: number; readonly error: DatagramSendError }>
}

/**
 * A datagram in the parts that one read requested.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScatteredDatagram<
  out F extends Family,
  in D extends ControlMessage.Any,
  out Sizes extends ReadonlyArray<number>
> extends Datagram<F, D> {
  /** Parts of the payload, as views of `data`, one per size. If the datagram is short, the last ones are short or empty. */
  readonly parts: { readonly [I in keyof Sizes]: Uint8Array }
}

/**
 * The reading part of a socket. A source that declares more messages is assignable to one that declares fewer. Sources
 * of several families can be merged.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSource<out F extends Family, in D extends ControlMessage.Any> {
  readonly family: F
  readonly localAddress: Endpoint<F>
  /** Receives one datagram. */
  readonly receive: Effect.Effect<Datagram<F, D>, DatagramFault | DatagramReceiveError>
  /**
   * Receives one datagram, or returns `None` after the duration. Unlike `Effect.timeout(socket.receive, …)` it never
   * takes a datagram and then loses it.
   */
  readonly receiveWithin: (
    duration: Duration.DurationInput
  ) => Effect.Effect<Option.Option<Datagram<F, D>>, DatagramFault | DatagramReceiveError>
  /**
   * Receives one datagram in parts of these sizes, each an integer from 1 to 2,147,483,647. `parts` are views of
   * `data`. If the datagram is short, the last ones are short or empty. If it is longer than all parts,
   * `withTruncation` applies: it is a fault (`DataTruncated`), truncated, or dropped and counted. Fails with
   * `InvalidArgument`, and reads nothing, if there are no sizes or one of them is invalid. `withScatter` declares sizes
   * for every read.
   *
   * @example
   * ```ts
   * import { Datagram } from "@ancillary/effect3"
   * import { Effect } from "effect"
   *
   * const program = Effect.gen(function* () {
   *   const socket = yield* Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5004 })
   *   const { parts } = yield* socket.receiveScattered(12, 1500)
   *   const [header, payload] = parts // readonly [Uint8Array, Uint8Array]
   *   return { header, payload }
   * })
   * ```
   * @see readv(2), recvmsg(2)
   */
  readonly receiveScattered: <const Sizes extends ReadonlyArray<number>>(
    ...sizes: Sizes
  ) => Effect.Effect<ScatteredDatagram<F, D, Sizes>, DatagramFault | DatagramReceiveError>
  /**
   * Returns the next datagram and leaves it in the queue, so the next read returns it again. A fault is reported at
   * each call until it is read. Waits if the queue is empty.
   */
  readonly peek: Effect.Effect<Datagram<F, D>, DatagramFault | DatagramReceiveError>
  /** Receives the datagrams of one system call, at least one. Faults are counted and omitted. */
  readonly receiveBatch: Effect.Effect<Chunk.NonEmptyChunk<Datagram<F, D>>, DatagramReceiveError>
  /**
   * Receives at least one datagram and at most `maximum` (1 or more), with one system call of at most 64. Faults are
   * counted and omitted, and use up `maximum`. If the kernel merged datagrams (`withCoalescing`), those above `maximum`
   * stay for the next read. Fails with `InvalidArgument` if `maximum` is not a positive integer.
   *
   * @example
   * ```ts
   * import { Datagram } from "@ancillary/effect3"
   * import { Effect } from "effect"
   *
   * const program = Effect.gen(function* () {
   *   const socket = yield* Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5300 })
   *   const few = yield* socket.receiveUpTo(8)
   *   yield* Effect.log(`${few.length} datagrams`)
   * })
   * ```
   */
  readonly receiveUpTo: (maximum: number) => Effect.Effect<Chunk.NonEmptyChunk<Datagram<F, D>>, DatagramReceiveError>
  /**
   * Streams every valid datagram, in the kernel's chunks. Faults are counted and omitted. Ends only with the socket, as
   * `Closed`. If a consumer stops early (`Stream.take`), it loses the rest of the current chunk.
   */
  readonly datagrams: Stream.Stream<Datagram<F, D>, DatagramReceiveError>
  /** Streams every datagram and every fault. */
  readonly outcomes: Stream.Stream<Either.Either<Datagram<F, D>, DatagramFault>, DatagramReceiveError>
  /**
   * Calls a plain function for each datagram, without a fiber. This is the fastest loop. If the callback throws, that
   * is a defect of the loop, and the rest of its batch goes to the next reader. Fails with `InvalidArgument`, and reads
   * nothing, if `f` is not a function.
   */
  readonly forEach: (f: (datagram: Datagram<F, D>) => void) => Effect.Effect<never, DatagramReceiveError>
  /**
   * Calls a plain function for each datagram without a copy. `data`, and the parts of `withScatter`, are views of the
   * memory that the kernel writes to. They are valid only until the callback returns. To keep the bytes, copy them
   * (`data.slice()`).
   *
   * A driver with `{ guarded: true }` detects late reads: it detaches each view when the callback returns, so the view
   * has no bytes. If a callback starts a loop on its own socket, that loop begins with the next turn of the event loop.
   */
  readonly forEachBorrowed: (f: (datagram: Datagram<F, D>) => void) => Effect.Effect<never, DatagramReceiveError>
  /**
   * Streams the events that `withErrorReports`, `withPathMtuReports` and `withTransmitTimestamps` declare. The last 256
   * are kept for a reader. Two readers receive distinct events. If the spec declares none, the stream waits for the end
   * of the socket. Ends only with the socket, as `Closed`.
   */
  readonly events: Stream.Stream<SocketEvent, DatagramReceiveError>
  readonly stats: Effect.Effect<DatagramStats>
  /** Optional messages that this platform lacks, with the reason. */
  readonly declined: ReadonlyArray<{ readonly key: string; readonly why: string }>
  /**
   * The file descriptor, or the SOCKET, for other native code. It still belongs to the socket. If other code closes it,
   * the number may be reused, and the library would then close that other file. Fails with `Closed` after the scope has
   * ended.
   */
  readonly descriptor: Effect.Effect<number, DatagramReceiveError>
}

/**
 * Options of an open socket.
 *
 * **Details**
 *
 * An option is set to the requested value, and `getOption` returns the granted value (Linux doubles a buffer size and
 * caps it silently). On a dual socket an option of both families is set for both. `getOption` returns the value of IPv6
 * if the system reports it.
 *
 * @example
 * ```ts
 * import { Datagram, SocketOption } from "@ancillary/effect3"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const socket = yield* Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5300 })
 *   yield* socket.setOption(SocketOption.receiveBufferSize, 4 << 20)
 *   const granted = yield* socket.getOption(SocketOption.receiveBufferSize)
 *   yield* Effect.log(`granted: ${granted} bytes`)
 * })
 * ```
 * @category models
 * @since 0.1.0
 */
export interface SocketOptions<in F extends Family> {
  /** Sets an option. The value is checked before any system call. */
  readonly setOption: <A, For extends Family, Needs>(
    option: SocketOption<A, For, Needs> & SupportsFamily<F, For>,
    value: NoInfer<A>
  ) => Effect.Effect<void, DatagramOptionError>
  /** Returns the system's value of an option. */
  readonly getOption: <A, For extends Family, Needs>(
    option: SocketOption<A, For, Needs> & SupportsFamily<F, For>
  ) => Effect.Effect<A, DatagramOptionError>
}

/**
 * Limits that the system has granted, for stacks over datagrams (QUIC, tunnels, media).
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketLimits {
  /**
   * Maximum number of datagrams per call for a payload with `segmentSize`, 1 if the system does not split payloads.
   * Hosts whose route refuses segmentation are not considered.
   */
  readonly segments: number
  /** True if merged datagrams may arrive: `withCoalescing` is declared, and the system supports it. */
  readonly coalescing: boolean
  /**
   * True if a datagram above the path MTU is fragmented, false if it is refused. On a dual socket this is the value for
   * IPv6 peers.
   */
  readonly mayFragment: boolean
  /** Granted buffer sizes in bytes, in the system's count (Linux: twice the requested size, including its own overhead). */
  readonly sendBufferBytes: number
  readonly receiveBufferBytes: number
}

/**
 * Sending, for a type of message: with a destination, or without one on a connected socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSender<in Message> {
  /**
   * Sends many messages in order, with as few system calls as the platform permits (Linux: one for 64). It never fails:
   * each message is sent, or the report has its error. If the send buffer is full, it waits. After an interruption some
   * messages were sent, and none is sent twice.
   *
   * @example
   * ```ts
   * import { Datagram } from "@ancillary/effect3"
   * import { Effect } from "effect"
   *
   * const notify = (peers: ReadonlyArray<{ readonly address: string; readonly port: number }>, data: Uint8Array) =>
   *   Effect.gen(function* () {
   *     const socket = yield* Datagram.client(Datagram.ipv4)
   *     const { failed, sent } = yield* socket.sendAll(peers.map((to) => ({ data, to })))
   *     for (const { error, index } of failed) yield* Effect.logWarning(`peer ${index}: ${error.message}`)
   *     return sent
   *   })
   * ```
   */
  readonly sendAll: (messages: ReadonlyArray<Message>) => Effect.Effect<SendReport>
  /**
   * Sends chunk by chunk, as `sendAll` does, and counts the sent messages. Fails with the first error of a chunk after
   * the whole chunk was tried.
   */
  readonly sink: Sink.Sink<number, Message, never, DatagramSendError>
  /** Reads the limits from the system each time, so changed options count. */
  readonly limits: Effect.Effect<SocketLimits, DatagramOptionError>
}

/**
 * A bound socket. Its `Scope` owns it.
 *
 * **Gotchas**
 *
 * Each member is made when it is first used. It can be taken from the socket (`const { send } = socket`), but a copy
 * (`{ ...socket }`) lacks the members that were not used before. Extend a socket with `Object.create(socket)`.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSocket<in out F extends Family, in D extends ControlMessage.Any>
  extends DatagramSource<F, D>, SocketOptions<F>, DatagramSender<Outgoing<F, D>> {
  /**
   * Sends one datagram, or one payload in segments. If the send buffer is full, it waits, unless the spec declares
   * another policy. The message is checked first. If it fails, no datagram was sent, except for the segments that its
   * error counts.
   */
  readonly send: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Outgoing<F, D, Given>
  ) => Effect.Effect<void, DatagramSendError>
  /**
   * Sends one datagram synchronously, without a fiber, for plain functions such as the callback of `forEach`. If the
   * send buffer is full and the policy is to wait, it returns `WouldBlock` instead. It is not an effect, so it cannot
   * be retried, traced or interrupted.
   *
   * @example
   * ```ts
   * import { Datagram } from "@ancillary/effect3"
   * import { Effect, Either } from "effect"
   *
   * const relay = Effect.gen(function* () {
   *   const socket = yield* Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5140 })
   *   const to = { address: "192.0.2.7", port: 514 }
   *   let lost = 0
   *   yield* socket.forEach(({ data }) => {
   *     if (Either.isLeft(socket.trySend({ data, to }))) lost++
   *   })
   * })
   * ```
   */
  readonly trySend: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Outgoing<F, D, Given>
  ) => Either.Either<void, DatagramSendError>
  /**
   * Joins a group until the scope ends. The interface is given by index or by the zone of the group; otherwise the
   * routes choose it. Without `source` it receives from any source. A repeated join of the same membership is counted,
   * and the last scope leaves it. Join several sources one by one.
   *
   * **Details**
   *
   * A membership ends with its interface. On Linux, if an interface is recreated under its index, the library joins the
   * group there again. It does so when the next membership of this process begins or ends, or at once while
   * `Interfaces.changes` runs.
   * `join` is effective, or fails with `NoSuchInterface`.
   *
   * **Gotchas**
   *
   * On Linux a socket that is bound to any address also receives from groups that other sockets have joined, unless
   * `multicastAll` is off.
   */
  readonly join: (
    group: Group<F>,
    options?: { readonly interfaceIndex?: number | undefined; readonly source?: Group<F> | undefined }
  ) => Effect.Effect<void, DatagramMembershipError, Scope.Scope>
  /**
   * Blocks one source of a group that was joined for any source, on the same interface, until the scope ends or the
   * group is left.
   */
  readonly block: (
    group: Group<F>,
    source: Group<F>,
    options?: { readonly interfaceIndex?: number | undefined }
  ) => Effect.Effect<void, DatagramMembershipError, Scope.Scope>
  /**
   * Leaves a group at once, even if several scopes hold it; their ends then change nothing. Give the options of the
   * join: the interface, and the source to leave only that source. Without a source it leaves the whole group, with its
   * single sources and blocked sources.
   *
   * **Details**
   *
   * Also leaves memberships that other code has joined on the same descriptor. Fails with `NotJoined` if the socket has
   * not joined the group there.
   *
   * @see RFC 3678 section 5.1, MCAST_LEAVE_GROUP and MCAST_LEAVE_SOURCE_GROUP
   */
  readonly leave: (
    group: Group<F>,
    options?: { readonly interfaceIndex?: number | undefined; readonly source?: Group<F> | undefined }
  ) => Effect.Effect<void, DatagramMembershipError>
  /**
   * Connects the socket to one peer until the scope ends, and then disconnects it. While it is connected, the kernel
   * delivers only datagrams of the peer, and refusals of the peer are receive errors. Afterwards the socket has its
   * local address and port as before, and serves every peer.
   *
   * **Details**
   *
   * Both values are one socket: they share its queue, its counters and its options. This one still sends to its `to`,
   * and the connected one sends to the peer. Datagrams of others that were queued before are counted as `dropped` if
   * they are read while connected. At the end of the scope, waiting operations of the connected socket fail with
   * `Closed`, and unread datagrams of the peer go to the next reader of this socket.
   *
   * Fails with `InvalidArgument` if the socket is connected or closed, or if `peer` is port 0, an unspecified address
   * or a group. Fails with `DatagramUnsupportedError` for ping sockets, on macOS, and for `Datagram.ipv6` and
   * `Datagram.dual` on Linux. After disconnecting, Linux still drops datagrams from IPv6 addresses other than the
   * peer's. There, open another socket with `Datagram.connect`.
   *
   * **Gotchas**
   *
   * If Linux chose the port itself (port 0), it removes the port when a socket is disconnected. The library binds the
   * socket to it again at once. If another socket took the port in between, this socket is closed, and the error is
   * logged. A port that the program chose is kept.
   *
   * @example
   * ```ts
   * import { Datagram } from "@ancillary/effect3"
   * import { Effect } from "effect"
   *
   * const program = Effect.gen(function* () {
   *   const socket = yield* Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5300 })
   *   const first = yield* socket.receive
   *   const second = yield* Effect.scoped(
   *     Effect.gen(function* () {
   *       const connected = yield* socket.connect(first.from)
   *       yield* connected.send({ data: first.data })
   *       return yield* connected.receive
   *     })
   *   )
   *   yield* socket.send({ data: second.data, to: second.from })
   * })
   * ```
   * @see RFC 1122 section 4.1.3.3 for the errors, POSIX.1-2024 `connect` for disconnecting
   */
  readonly connect: (
    peer: EndpointInput<F> | Endpoint<F>
  ) => Effect.Effect<ConnectedSocket<F, D>, DatagramBindError | DatagramUnsupportedError, Scope.Scope>
}

/**
 * A socket with one peer. Its messages have no `to`, and refusals of the peer are receive errors.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectedSocket<in out F extends Family, in D extends ControlMessage.Any>
  extends DatagramSource<F, D>, SocketOptions<F>, DatagramSender<Omit<Outgoing<F, D>, "to">> {
  readonly peer: Endpoint<F>
  /**
   * Sends one datagram, or one payload in segments. If the send buffer is full, it waits, unless the spec declares
   * another policy. The message is checked first. If it fails, no datagram was sent, except for the segments that its
   * error counts.
   */
  readonly send: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Omit<Outgoing<F, D, Given>, "to">
  ) => Effect.Effect<void, DatagramSendError>
  /**
   * Sends one datagram synchronously, without a fiber, for plain functions. If it would have to wait, it returns
   * `WouldBlock`.
   */
  readonly trySend: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Omit<Outgoing<F, D, Given>, "to">
  ) => Either.Either<void, DatagramSendError>
}
