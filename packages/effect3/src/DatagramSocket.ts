/**
 * What a bound socket can do, as types: read (`DatagramSource`), read and send (`DatagramSocket`), read from and send to one peer
 * (`ConnectedSocket`).
 *
 * **Details**
 *
 * The laws of reading, which hold for every driver:
 *
 * - Nothing is read that nobody asked for: the kernel's buffer is the only queue.
 * - A datagram is the reader's once its effect succeeded, a chunk once it was emitted. Interrupting a read that waits loses nothing. What
 *   succeeded and then lost a race is gone, as with any effect; `receiveWithin` is the timeout that cannot lose one.
 * - Two readers get distinct datagrams. Closing the scope ends a waiting read with `Closed`.
 * - What a stream or a callback was handed is theirs: a consumer that stops early, fails or is interrupted gives up the rest of its last
 *   chunk, one batch at the most. Who wants exactly one uses `receive`.
 * - A datagram that is not as declared is a fault of that datagram: `receive` fails with it and the next one goes on, `outcomes` shows it,
 *   `datagrams`, `receiveBatch` and `forEach` count it and go on.
 * - The accounts balance: taken from the kernel = handed over + each fault + dropped by policy.
 *
 * @since 0.1.0
 */
import type {
  Address,
  AddressOf,
  ControlMessage,
  Endpoint,
  EndpointInput,
  Family,
  UnixEndpoint
} from "@ancillary/control"
import type { Chunk, Duration, Effect, Either, Option, Scope, Sink, Stream } from "effect"
import type { Datagram } from "./Datagram.ts"
import type { DatagramMembershipError } from "@ancillary/engine/errors/DatagramMembershipError"
import type { DatagramOptionError } from "@ancillary/engine/errors/DatagramOptionError"
import type {
  DatagramBindError,
  DatagramReceiveError,
  DatagramSendError,
  DatagramUnsupportedError
} from "@ancillary/engine/errors/DatagramError"
import type { SocketOption } from "@ancillary/engine/spec/option/definition"
import type { SocketEvent } from "./SocketEvent.ts"
import type { DatagramFault } from "./DatagramFault.ts"
import type { SendControl, Suits } from "@ancillary/engine/spec/Spec"

// Not a bare text: beside a literal that would collapse to `never` and take the sentence with it.
interface Refused<Why extends string> {
  readonly refused: Why
}

/** Keys that the spec does not declare are refused even where TypeScript would not look (an object kept in a variable). */
type Exact<Given, Allowed> = Given & {
  readonly [
    K in Exclude<keyof Given, keyof Allowed>
  ]: Refused<`'${K & string}' cannot be sent on this socket: its spec does not declare it for sending`>
}

// `object` says nothing new. It keeps the compiler from its check for weak types, which would speak before `Exact` does.
type Sendable<F extends Family, D extends ControlMessage.Any> = SendControl<F, D> & object

/**
 * An endpoint that was received fits too. Spelled by shape: beside the class the compiler would say what `{ address }` lacks of an
 * `InternetEndpoint`, not that the port is missing.
 */
type Destination<F extends Family> = F extends "unix"
  ? { readonly path: string } | UnixEndpoint
  : F extends "dual"
    ? { readonly address: string | AddressOf["dual"]; readonly port: number }
    : F extends "ipv4" | "ipv6"
      ? { readonly address: string | AddressOf[F]; readonly port: number }
      : never

/**
 * What is sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outgoing<F extends Family, D extends ControlMessage.Any, Given = SendControl<F, D>> {
  /** The payload; several pieces go out as one datagram. Copied once, into the memory that the kernel reads. */
  readonly data: Uint8Array | ReadonlyArray<Uint8Array>
  readonly to: EndpointInput<F> | Destination<F>
  /** What goes with it. Only what the spec declares for sending. */
  readonly control?: Exact<Given, SendControl<F, D>> | undefined
  /**
   * The payload leaves as several datagrams of so many bytes, the last of which has the rest: 1 to what fits into one. `data` may be longer than a
   * datagram then. Nothing has to be declared.
   *
   * Cut by the kernel or the network card where they do that (Linux, Windows 10 2004), up to 64 datagrams a call. Where they do not, or refuse to
   * on the way to a host, the same datagrams are sent one by one, and the host is remembered. Not for ping sockets.
   */
  readonly segmentSize?: number | undefined
}

/**
 * What became of the messages that `sendAll` was given: each is counted once.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendReport {
  /** Messages that went, all of their segments. */
  readonly sent: number
  /** Dropped for want of room, if `withBackpressure("drop")` or `sendTimeout` of `serve` says so. */
  readonly unsent: number
  /** The others, by their place among those that were given, in that order. */
  readonly failed: ReadonlyArray<{ readonly index: number; readonly error: DatagramSendError }>
}

/**
 * What became of the datagrams that were taken from the kernel, and how many were sent. `taken` is the sum of `received`, every fault,
 * `dropped` and `unread`.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramStats {
  /** Taken from the kernel. */
  readonly taken: bigint
  /** Handed over to readers. */
  readonly received: bigint
  readonly faults: { readonly [K in DatagramFault["reason"]]: bigint }
  /** Dropped because the spec says so: truncated under `withTruncation("drop")`, or on a connected socket from somebody else. */
  readonly dropped: bigint
  /** Given back by a `forEach` whose callback threw; the next reader gets them. */
  readonly unread: bigint
  /**
   * What peers and routers said of earlier datagrams (refused, unreachable, too large), passed over: by streams and loops, and with
   * `withErrorReports()` by every read that it was no concern of.
   */
  readonly errors: bigint
  /**
   * Receives that failed because the system lacked memory, buffers or descriptors at the moment (`ENOMEM`, `ENOBUFS`, `EMFILE`, `ENFILE`). Every
   * reader makes the call again after a pause: 1 ms, then twice as long each time, up to 100 ms.
   */
  readonly shortages: bigint
  /** Datagrams that went out. A payload in segments is as many as it has segments. */
  readonly sent: bigint
  /** Datagrams that were dropped for want of room, as `withBackpressure("drop")` or `sendTimeout` of `serve` says. */
  readonly unsent: bigint
  /** Datagrams among those sent whose first attempt failed by what another peer's error had left pending. Linux, with `withErrorReports()`. */
  readonly resent: bigint
  /** Replies that went out without the source that was asked, because the system refuses one (some Windows machines). */
  readonly sourceRefused: bigint
  /**
   * Datagrams whose source is the socket's own address: `serve` passes over one that was sent to this host alone, and `reply` refuses to answer it. Its
   * source is forged, and its answer would come back as a question.
   */
  readonly fromItself: bigint
  /** Handlers of `serve` and `serveOn`. `started` is the sum of the others. */
  readonly handlers: {
    readonly started: bigint
    readonly succeeded: bigint
    /** Handlers that failed, died or threw, or returned no effect. */
    readonly failed: bigint
    /** Handlers that were interrupted, by the end of their server or by themselves. */
    readonly interrupted: bigint
    readonly running: bigint
  }
  /** What became of what the kernel told besides datagrams. `taken` is the sum of the others. */
  readonly events: {
    readonly taken: bigint
    /** Handed over to readers of `events`. */
    readonly received: bigint
    /** The oldest of more than 256 that nobody had read, and those unread when the socket was closed. */
    readonly dropped: bigint
    /** What is in the error queue although the spec declares nothing of the kind, and stamps that cannot be told apart. */
    readonly ignored: bigint
    /** Waiting for a reader. */
    readonly unread: bigint
  }
}

/**
 * A datagram in the parts that one read asked for.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScatteredDatagram<
  out F extends Family,
  in D extends ControlMessage.Any,
  out Sizes extends ReadonlyArray<number>
> extends Datagram<F, D> {
  /** The payload part by part: views of `data`, a part a size. The last ones are short or empty if the datagram is short. */
  readonly parts: { readonly [I in keyof Sizes]: Uint8Array }
}

/**
 * What can be read. A source that declares more fits wherever one that declares less is wanted; sources of several families merge.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSource<out F extends Family, in D extends ControlMessage.Any> {
  readonly family: F
  readonly localAddress: Endpoint<F>
  /** One datagram. */
  readonly receive: Effect.Effect<Datagram<F, D>, DatagramFault | DatagramReceiveError>
  /** `None` when the time is over. Unlike `Effect.timeout(socket.receive, …)` it can never take a datagram and lose the race. */
  readonly receiveWithin: (
    duration: Duration.DurationInput
  ) => Effect.Effect<Option.Option<Datagram<F, D>>, DatagramFault | DatagramReceiveError>
  /**
   * Receives one datagram in parts of these sizes, each an integer from 1 to 2,147,483,647. `parts` are views of `data`, the last ones short or empty
   * if the datagram is short. One that is longer than all of them is treated as `withTruncation` declares: a fault (`DataTruncated`), cut, or
   * dropped and counted. Fails with `InvalidArgument`, and reads nothing, if there are no sizes or one of them is wrong. `withScatter` declares
   * sizes for every read.
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
   *
   * @see readv(2), recvmsg(2)
   */
  readonly receiveScattered: <const Sizes extends ReadonlyArray<number>>(
    ...sizes: Sizes
  ) => Effect.Effect<ScatteredDatagram<F, D, Sizes>, DatagramFault | DatagramReceiveError>
  /**
   * The datagram that `receive` would bring, left where it is: the next read brings it again. A fault is told again, too, until it is read.
   * Waits where nothing is there.
   */
  readonly peek: Effect.Effect<Datagram<F, D>, DatagramFault | DatagramReceiveError>
  /** What one system call brings: at least one. Faults are counted and left out. */
  readonly receiveBatch: Effect.Effect<Chunk.NonEmptyChunk<Datagram<F, D>>, DatagramReceiveError>
  /**
   * Receives at least one datagram and at most `maximum` (1 and up), with one system call of at most 64. Faults are counted and left out, and use
   * up `maximum`. Of datagrams that the kernel merged (`withCoalescing`), those above `maximum` stay for the next read. Fails with
   * `InvalidArgument` if `maximum` is no positive integer.
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
   * Every datagram that is as declared, in the kernel's chunks; faults are counted and left out. Ends only with the socket, as `Closed`.
   * A consumer that stops early (`Stream.take`) gives up the rest of the chunk at hand.
   */
  readonly datagrams: Stream.Stream<Datagram<F, D>, DatagramReceiveError>
  /** Every datagram, faults among them. */
  readonly outcomes: Stream.Stream<Either.Either<Datagram<F, D>, DatagramFault>, DatagramReceiveError>
  /**
   * The fastest loop: a plain function for each datagram, no fiber. A callback that throws is a defect of the loop, and the rest of its batch
   * goes to the next reader. Fails with `InvalidArgument`, and reads nothing, if `f` is not a function.
   */
  readonly forEach: (f: (datagram: Datagram<F, D>) => void) => Effect.Effect<never, DatagramReceiveError>
  /**
   * The same, without a copy: `data`, and the parts of `withScatter`, are views of the memory that the kernel writes into, and hold this datagram only
   * until the callback returns. What is to outlive it is copied by the program (`data.slice()`).
   *
   * A driver that is made with `{ guarded: true }` finds who forgot that: there each view is taken away when its callback returns, and has no
   * bytes. A loop that a callback starts on a socket of its own begins with the next turn of the event loop.
   */
  readonly forEachBorrowed: (f: (datagram: Datagram<F, D>) => void) => Effect.Effect<never, DatagramReceiveError>
  /**
   * What the kernel tells besides datagrams, as `withErrorReports`, `withPathMtuReports` and `withTransmitTimestamps` declare it. The last 256 are
   * kept for whoever reads; two readers get distinct ones. A socket that declares none waits for its end. Ends only with the socket, as `Closed`.
   */
  readonly events: Stream.Stream<SocketEvent, DatagramReceiveError>
  readonly stats: Effect.Effect<DatagramStats>
  /** Optional messages that this platform does not have, with the reason. */
  readonly declined: ReadonlyArray<{ readonly key: string; readonly why: string }>
  /**
   * The file descriptor, or the SOCKET, for other native code. It stays the socket's: whoever closes it elsewhere closes what the next socket
   * gets its number for. Fails with `Closed` after the scope has ended.
   */
  readonly descriptor: Effect.Effect<number, DatagramReceiveError>
}

/**
 * The options of a socket that is open.
 *
 * **Details**
 *
 * What was asked for is what was set; what was granted is what `getOption` says (Linux doubles a buffer's size and caps it without a word). An
 * option of both families is set for both on a dual socket, and got as IPv6's where the system tells that.
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
 *
 * @category models
 * @since 0.1.0
 */
export interface LiveOptions<in F extends Family> {
  /** Sets an option. The value is checked before any system call. */
  readonly setOption: <A, For extends Family, Needs>(
    option: SocketOption<A, For, Needs> & Suits<F, For>,
    value: NoInfer<A>
  ) => Effect.Effect<void, DatagramOptionError>
  /** Gets an option, as the system has it. */
  readonly getOption: <A, For extends Family, Needs>(
    option: SocketOption<A, For, Needs> & Suits<F, For>
  ) => Effect.Effect<A, DatagramOptionError>
}

/** The address of a group or of a source, as a text or as one that was parsed. */
type Group<F extends Family> = F extends "unix" ? Refused<"a Unix socket joins no groups"> : string | Address<F>

/**
 * What a stack over datagrams sizes by (QUIC, tunnels, media), as the system has granted it.
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketLimits {
  /** Datagrams that one call makes of a payload with `segmentSize`, 1 where the system cuts none. A host whose route refuses that is not counted. */
  readonly segments: number
  /** Whether merged datagrams may arrive: `withCoalescing` is declared, and the system has it. */
  readonly coalescing: boolean
  /** Whether a datagram above the path's MTU is fragmented, and not refused. Of a dual socket it tells what holds for IPv6 peers. */
  readonly mayFragment: boolean
  /** Bytes of the buffers, as they were granted and as the system counts (Linux: twice what was asked for, and what it keeps for itself among them). */
  readonly sendBufferBytes: number
  readonly receiveBufferBytes: number
}

/**
 * How a socket sends, given what one message is: with a destination, or without on a connected socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSender<in Message> {
  /**
   * Sends many messages in their order, with as few system calls as the platform has for that (Linux: one for 64). It does not fail: each message went, or
   * the report has its error. Waits in the middle where the send buffer is full; interrupted there, what went is gone and nothing goes twice.
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
  /** Sends chunk by chunk, each as `sendAll` does, and counts what went. Fails with the first error of a chunk, all of which was tried. */
  readonly sink: Sink.Sink<number, Message, never, DatagramSendError>
  /** Asked of the system each time: options that change meanwhile count. */
  readonly limits: Effect.Effect<SocketLimits, DatagramOptionError>
}

/**
 * A bound socket; its `Scope` owns it.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSocket<in out F extends Family, in D extends ControlMessage.Any>
  extends DatagramSource<F, D>, LiveOptions<F>, DatagramSender<Outgoing<F, D>> {
  /**
   * Sends one datagram, or one payload in segments; waits while the send buffer is full, unless the spec says otherwise. Everything is checked
   * first: what fails was not sent, but for the segments that its error counts.
   */
  readonly send: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Outgoing<F, D, Given>
  ) => Effect.Effect<void, DatagramSendError>
  /**
   * The same there and then, for a plain function such as the callback of `forEach`: no fiber, and no waiting. Where the send buffer is full and the
   * spec says to wait, it answers with the reason `WouldBlock`. Not an effect: nothing of it is retried, traced or interrupted.
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
   *     if (Either.isLeft(socket.unsafeSend({ data, to }))) lost++
   *   })
   * })
   * ```
   */
  readonly unsafeSend: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Outgoing<F, D, Given>
  ) => Either.Either<void, DatagramSendError>
  /**
   * Joins a group until the scope ends: on the interface of that index (or of the group's zone), else on the one that the routes choose; from one
   * source, else from any. Joining the same membership again is counted: it is left with the last scope. Sources are joined one by one.
   *
   * **Details**
   *
   * A membership ends with its interface. Linux: a group whose interface was made anew under its index is joined there again when the next membership
   * of this process begins or ends, or at once while `Interfaces.changes` runs; `join` finds it heard or fails with `NoSuchInterface`.
   *
   * **Gotchas**
   *
   * On Linux a socket that is bound to any address hears groups that others have joined as well, unless `multicastAll` is off.
   */
  readonly join: (
    group: Group<F>,
    options?: { readonly interfaceIndex?: number | undefined; readonly source?: Group<F> | undefined }
  ) => Effect.Effect<void, DatagramMembershipError, Scope.Scope>
  /** Silences one source in a group that was joined from any, on the same interface, until the scope ends or the group is left. */
  readonly block: (
    group: Group<F>,
    source: Group<F>,
    options?: { readonly interfaceIndex?: number | undefined }
  ) => Effect.Effect<void, DatagramMembershipError, Scope.Scope>
  /**
   * Leaves a group now, however many scopes hold it; their ends change nothing then. Give the options that it was joined with: the interface, and the
   * source for that one alone. Without a source the whole group is left, with its single sources and what was silenced in it.
   *
   * **Details**
   *
   * Also leaves what other code has joined on the same descriptor. Fails with `NotJoined` if the socket has not joined it there.
   *
   * @see RFC 3678 section 5.1, MCAST_LEAVE_GROUP and MCAST_LEAVE_SOURCE_GROUP
   */
  readonly leave: (
    group: Group<F>,
    options?: { readonly interfaceIndex?: number | undefined; readonly source?: Group<F> | undefined }
  ) => Effect.Effect<void, DatagramMembershipError>
  /**
   * Connects the socket to one peer until the scope ends, and disconnects it then. Meanwhile the kernel delivers only the peer's datagrams, and the
   * peer's refusals are receive errors. Afterwards the socket has its local address and port as before, and serves every peer.
   *
   * **Details**
   *
   * Both sockets are one: their reads share its queue, its accounts and its options. This one still sends to its `to`, and the connected one sends to
   * the peer. Datagrams of others that were queued before are counted as `dropped` if they are read meanwhile. At the end of the scope, what waits on
   * the connected socket fails with `Closed`, and unread datagrams of the peer go to the next reader of this socket.
   *
   * Fails with `InvalidArgument` if the socket is connected or closed, or if `peer` is port 0, an unspecified address or a group. Fails with
   * `DatagramUnsupportedError` for ping sockets, on macOS, and for `Datagram.ipv6` and `Datagram.dual` on Linux: after disconnecting, Linux still
   * drops datagrams from other IPv6 addresses than that of the peer. There, open another socket with `Datagram.connect`.
   *
   * **Gotchas**
   *
   * Linux takes a port that it chose itself (port 0) away from a socket that is disconnected. It is bound again at once. If another socket took the
   * port in between, this socket is closed, and the error is logged. A port that the program chose is kept.
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
   *
   * @see RFC 1122 section 4.1.3.3 for the errors, POSIX.1-2024 `connect` for disconnecting
   */
  readonly connect: (
    peer: EndpointInput<F> | Endpoint<F>
  ) => Effect.Effect<ConnectedSocket<F, D>, DatagramBindError | DatagramUnsupportedError, Scope.Scope>
}

/**
 * A socket with one peer: nothing but `to` is missing from what it sends, and the peer's refusals are its receive errors.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectedSocket<in out F extends Family, in D extends ControlMessage.Any>
  extends DatagramSource<F, D>, LiveOptions<F>, DatagramSender<Omit<Outgoing<F, D>, "to">> {
  readonly peer: Endpoint<F>
  /**
   * Sends one datagram, or one payload in segments; waits while the send buffer is full, unless the spec says otherwise. Everything is checked
   * first: what fails was not sent, but for the segments that its error counts.
   */
  readonly send: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Omit<Outgoing<F, D, Given>, "to">
  ) => Effect.Effect<void, DatagramSendError>
  /** The same there and then, for a plain function: no fiber, and no waiting. Where that is needed, it answers with the reason `WouldBlock`. */
  readonly unsafeSend: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Omit<Outgoing<F, D, Given>, "to">
  ) => Either.Either<void, DatagramSendError>
}
