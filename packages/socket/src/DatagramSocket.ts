/**
 * Types of a bound socket: reading (`DatagramSource`), reading and sending (`DatagramSocket`), and exchange with one peer
 * (`ConnectedSocket`).
 *
 * **Details**
 *
 * A call that may wait returns a promise, and takes a `signal` that ends the wait. Every other call returns at once, and throws its error.
 * The laws of reading hold for every driver:
 *
 * - Reads are pull-based. The kernel's buffer is the only queue.
 * - A reader owns a datagram after its promise has resolved. An aborted wait takes nothing. If a promise resolved and the program ignores it
 *   (`Promise.race`), its datagram is lost, as with any promise. `receiveWithin` is a timeout that never loses a datagram.
 * - Two readers receive distinct datagrams. If the socket closes, a waiting `receive` rejects with `Closed`, and an iterator ends.
 * - An iterator takes one datagram at a time. If a loop is left early, by `break` or an exception, the rest stays in the socket.
 * - If a datagram is not as declared, that is a fault of this datagram. `receive` rejects with it, and the next read continues. `outcomes`
 *   returns it. Iterators over datagrams, `receiveBatch` and `forEach` count it and continue.
 * - The counters balance: taken from the kernel = delivered + each fault + dropped by policy + put back.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Endpoint, EndpointInput, Family } from "@ancillary/control"
import type { DatagramStats, Group, Limits, Outgoing, Sendable } from "@ancillary/engine/socket"
import type { SocketOption } from "@ancillary/engine/spec/option/definition"
import type { SendControl, SupportsFamily } from "@ancillary/engine/spec/Spec"
import type { DatagramSendError } from "./DatagramError.ts"
import type { DatagramFault } from "./DatagramFault.ts"
import type { Datagram } from "./ReceivedDatagram.ts"
import type { SocketEvent } from "./SocketEvent.ts"

export type { DatagramStats, Outgoing } from "@ancillary/engine/socket"

/**
 * Options of a call that may wait.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waiting {
  /**
   * Ends the wait: the promise rejects with `signal.reason`, and nothing was taken from the socket. If the signal is aborted already, the
   * call does nothing else.
   */
  readonly signal?: AbortSignal | undefined
}

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
 * Limits that the system has granted, for stacks over datagrams (QUIC, tunnels, media).
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketLimits extends Limits {}

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
 * The reading part of a socket. A source that declares more messages is assignable to one that declares fewer.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSource<out F extends Family, in D extends ControlMessage.Any> {
  readonly family: F
  readonly localAddress: Endpoint<F>
  /** True after `close`, or if another owner closed the socket. */
  readonly closed: boolean
  /**
   * Iterates over the valid datagrams: `for await (const datagram of socket)`. Faults are counted and skipped. The loop ends when the socket
   * is closed, and throws a `DatagramReceiveError` if the system returns an unknown error.
   */
  readonly [Symbol.asyncIterator]: () => AsyncIterableIterator<Datagram<F, D>, undefined, undefined>
  /**
   * Iterates over the valid datagrams until the socket is closed. If the signal aborts, the loop throws its reason, and takes nothing.
   *
   * @example
   * ```ts
   * import { Datagram } from "@ancillary/socket"
   *
   * const socket = await Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5300 })
   * for await (const { data, from } of socket.datagrams({ signal: AbortSignal.timeout(1000) }))
   *   console.log(`${data.length} bytes from ${from}`)
   * ```
   */
  readonly datagrams: (options?: Waiting) => AsyncIterableIterator<Datagram<F, D>, undefined, undefined>
  /** Iterates over every datagram and every fault. `outcome instanceof DatagramFault` separates them. */
  readonly outcomes: (options?: Waiting) => AsyncIterableIterator<Datagram<F, D> | DatagramFault, undefined, undefined>
  /**
   * Iterates over the events that `withErrorReports`, `withPathMtuReports` and `withTransmitTimestamps` declare. The last 256 are kept for a
   * reader. Two readers receive distinct events. If the spec declares none, the iterator waits until the socket is closed.
   */
  readonly events: (options?: Waiting) => AsyncIterableIterator<SocketEvent, undefined, undefined>
  /**
   * Receives one datagram. Rejects with `DatagramFaultError` if it is not as declared, and with `DatagramReceiveError` if the system reports
   * an error (`ConnectionRefused`) or the socket is closed (`Closed`).
   */
  readonly receive: (options?: Waiting) => Promise<Datagram<F, D>>
  /**
   * Receives one datagram, or resolves with `undefined` after this number of milliseconds. Unlike a race with a timer it never takes a
   * datagram and then loses it. `Infinity` has no limit. Before `undefined` the event loop has had a turn, also for 0. Rejects as `receive` does.
   */
  readonly receiveWithin: (milliseconds: number, options?: Waiting) => Promise<Datagram<F, D> | undefined>
  /**
   * Receives one datagram in parts of these sizes, each an integer from 1 to 2,147,483,647. `parts` are views of `data`. If the datagram is
   * longer than all parts, `withTruncation` applies: it is a fault (`DataTruncated`), truncated, or dropped and counted. Rejects with
   * `InvalidArgument`, and reads nothing, if there are no sizes or one of them is invalid.
   *
   * @example
   * ```ts
   * import { Datagram } from "@ancillary/socket"
   *
   * const socket = await Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5300 })
   * const { parts } = await socket.receiveScattered([12, 1500])
   * const [header, body] = parts
   * console.log(header.length, body.length)
   * ```
   */
  readonly receiveScattered: <const Sizes extends readonly [number, ...ReadonlyArray<number>]>(
    sizes: Sizes,
    options?: Waiting
  ) => Promise<ScatteredDatagram<F, D, Sizes>>
  /**
   * Returns the next datagram and leaves it in the queue, so the next read returns it again. A fault is reported at each call until it is
   * read. Waits if the queue is empty.
   */
  readonly peek: (options?: Waiting) => Promise<Datagram<F, D>>
  /** Receives the datagrams of one system call, at least one and at most 64. Faults are counted and omitted. */
  readonly receiveBatch: (options?: Waiting) => Promise<ReadonlyArray<Datagram<F, D>>>
  /**
   * Receives at least one datagram and at most `maximum` (1 or more), with one system call of at most 64. Faults are counted and omitted,
   * and use up `maximum`. Rejects with `InvalidArgument` if `maximum` is not a positive integer.
   */
  readonly receiveUpTo: (maximum: number, options?: Waiting) => Promise<ReadonlyArray<Datagram<F, D>>>
  /**
   * Calls a plain function for each datagram, without a promise for each. This is the fastest loop.
   *
   * **Details**
   *
   * The promise resolves when the socket is closed. It rejects with an exception of `f`, with the signal's reason, or with a
   * `DatagramReceiveError`. The rest of the batch goes to the next reader. Rejects with `InvalidArgument`, and reads nothing, if `f` is not
   * a function. A promise that `f` returns is ignored.
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
   */
  readonly forEach: (f: (datagram: Datagram<F, D>) => void, options?: Waiting) => Promise<void>
  /**
   * Calls a plain function for each datagram without a copy. `data`, and the parts of `withScatter`, are views of the memory that the kernel
   * writes to. They are valid only until the function returns. To keep the bytes, copy them (`data.slice()`). Otherwise it is like
   * `forEach`.
   *
   * A driver with `{ guarded: true }` detects late reads: it detaches each view when the function returns, so the view has no bytes.
   */
  readonly forEachBorrowed: (f: (datagram: Datagram<F, D>) => void, options?: Waiting) => Promise<void>
  /** Returns the counters at this moment. */
  readonly stats: () => DatagramStats
  /** Optional messages that this platform lacks, with the reason. */
  readonly declined: ReadonlyArray<{ readonly key: string; readonly why: string }>
  /**
   * The file descriptor, or the SOCKET, for other native code. It still belongs to the socket. If other code closes it, the number may be
   * reused, and the library would then close that other file. Throws `Closed` after the socket was closed.
   */
  readonly descriptor: number
}

/**
 * Options of an open socket.
 *
 * **Details**
 *
 * An option is set to the requested value, and `getOption` returns the granted value (Linux doubles a buffer size and caps it silently). On
 * a dual socket an option of both families is set for both. `getOption` returns the value of IPv6 if the system reports it.
 *
 * @example
 * ```ts
 * import { Datagram, SocketOption } from "@ancillary/socket"
 *
 * const socket = await Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5300 })
 * socket.setOption(SocketOption.receiveBufferSize, 4 << 20)
 * console.log(`granted: ${socket.getOption(SocketOption.receiveBufferSize)} bytes`)
 * ```
 * @category models
 * @since 0.1.0
 */
export interface SocketOptions<in F extends Family> {
  /** Sets an option. The value is checked before any system call. Throws a `DatagramOptionError`. */
  readonly setOption: <A, For extends Family, Needs>(
    option: SocketOption<A, For, Needs> & SupportsFamily<F, For>,
    value: NoInfer<A>
  ) => void
  /** Returns the system's value of an option. Throws a `DatagramOptionError`. */
  readonly getOption: <A, For extends Family, Needs>(option: SocketOption<A, For, Needs> & SupportsFamily<F, For>) => A
}

/**
 * Sending, for a type of message: with a destination, or without one on a connected socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSender<in Message> {
  /**
   * Sends many messages in order, with as few system calls as the platform permits (Linux: one for 64). Each message is sent, or the report
   * has its error. If the send buffer is full, it waits. If the signal aborts the wait, some messages were sent, and none is sent twice.
   *
   * @example
   * ```ts
   * import { Datagram } from "@ancillary/socket"
   *
   * const socket = await Datagram.client(Datagram.ipv4)
   * const peers = [{ address: "127.0.0.1", port: 5300 }]
   * const { failed, sent } = await socket.sendAll(peers.map((to) => ({ data: new Uint8Array(8), to })))
   * for (const { error, index } of failed) console.warn(`peer ${index}: ${error.message}`)
   * console.log(`${sent} sent`)
   * ```
   */
  readonly sendAll: (messages: ReadonlyArray<Message>, options?: Waiting) => Promise<SendReport>
  /** Reads the limits from the system each time, so changed options count. Throws a `DatagramOptionError`. */
  readonly limits: () => SocketLimits
}

/**
 * Closes a socket, also at the end of a block (`await using`, `using`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Closable extends AsyncDisposable, Disposable {
  /** Closes the socket at once. Waiting reads reject with `Closed`, and loops end. A second call has no effect. */
  readonly close: () => void
}

/**
 * A membership of a group, or a blocked source. It ends with its socket, or earlier by `leave`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Membership extends Disposable {
  /** Ends this membership. If the same membership was joined several times, the last one ends it. */
  readonly leave: () => void
}

/**
 * A bound socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSocket<in out F extends Family, in D extends ControlMessage.Any>
  extends DatagramSource<F, D>, SocketOptions<F>, DatagramSender<Outgoing<F, D>>, Closable {
  /**
   * Sends one datagram, or one payload in segments. If the send buffer is full, it waits, unless the spec declares another policy. The
   * message is checked first. Rejects with a `DatagramSendError`: then no datagram was sent, except for the segments that it counts.
   */
  readonly send: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Outgoing<F, D, Given>,
    options?: Waiting
  ) => Promise<void>
  /**
   * Sends one datagram at once and without a promise, for plain functions such as the callback of `forEach`. Returns the error, or
   * `undefined` if it was sent. If the send buffer is full and the policy is to wait, it returns `WouldBlock` instead.
   *
   * @example
   * ```ts
   * import { Datagram } from "@ancillary/socket"
   *
   * const socket = await Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5140 })
   * const to = { address: "192.0.2.7", port: 514 }
   * let lost = 0
   * await socket.forEach(({ data }) => {
   *   if (socket.trySend({ data, to }) !== undefined) lost++
   * })
   * ```
   */
  readonly trySend: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Outgoing<F, D, Given>
  ) => DatagramSendError | undefined
  /**
   * Joins a group until the membership is left. The interface is given by index or by the zone of the group; otherwise the routes choose it.
   * Without `source` it receives from any source. A repeated join of the same membership is counted. Throws a `DatagramMembershipError`.
   *
   * **Details**
   *
   * A membership ends with its interface. On Linux, if an interface is recreated under its index, the library joins the group there again.
   * It does so when the next membership of this process begins or ends, or at once while `Interfaces.changes` runs. `join` is effective, or
   * fails with `NoSuchInterface`.
   *
   * **Gotchas**
   *
   * On Linux a socket that is bound to any address also receives from groups that other sockets have joined, unless `multicastAll` is off.
   */
  readonly join: (
    group: Group<F>,
    options?: { readonly interfaceIndex?: number | undefined; readonly source?: Group<F> | undefined }
  ) => Membership
  /**
   * Blocks one source of a group that was joined for any source, on the same interface, until the returned membership is left or the group
   * is. Throws a `DatagramMembershipError`.
   */
  readonly block: (
    group: Group<F>,
    source: Group<F>,
    options?: { readonly interfaceIndex?: number | undefined }
  ) => Membership
  /**
   * Leaves a group at once, however often it was joined. Give the options of the join: the interface, and the source to leave only that
   * source. Without a source it leaves the whole group, with its single sources and blocked sources. Throws a `DatagramMembershipError`,
   * of reason `NotJoined` if the socket has not joined the group there.
   *
   * @see RFC 3678 section 5.1, MCAST_LEAVE_GROUP and MCAST_LEAVE_SOURCE_GROUP
   */
  readonly leave: (
    group: Group<F>,
    options?: { readonly interfaceIndex?: number | undefined; readonly source?: Group<F> | undefined }
  ) => void
  /**
   * Connects the socket to one peer until the returned socket is closed, and then disconnects it. While it is connected, the kernel delivers
   * only datagrams of the peer, and refusals of the peer are receive errors. Afterwards the socket serves every peer, as before.
   *
   * **Details**
   *
   * Both values are one socket: they share its queue, its counters and its options. Datagrams of others that were queued before are counted
   * as `dropped` if they are read while connected.
   *
   * Throws a `DatagramBindError` of reason `InvalidArgument` if the socket is connected or closed, or if `peer` is port 0, an unspecified
   * address or a group. Throws a `DatagramUnsupportedError` for ping sockets, on macOS, and for `Datagram.ipv6` and `Datagram.dual` on
   * Linux. After disconnecting, Linux still drops datagrams from IPv6 addresses other than the peer's. There, open another socket with
   * `Datagram.connect`.
   *
   * @see RFC 1122 section 4.1.3.3 for the errors, POSIX.1-2024 `connect` for disconnecting
   */
  readonly connect: (peer: EndpointInput<F> | Endpoint<F>) => ConnectedSocket<F, D>
}

/**
 * A socket with one peer. Its messages have no `to`, and refusals of the peer are receive errors.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectedSocket<in out F extends Family, in D extends ControlMessage.Any>
  extends DatagramSource<F, D>, SocketOptions<F>, DatagramSender<Omit<Outgoing<F, D>, "to">>, Closable {
  readonly peer: Endpoint<F>
  /**
   * Sends one datagram, or one payload in segments. If the send buffer is full, it waits, unless the spec declares another policy. The
   * message is checked first. Rejects with a `DatagramSendError`: then no datagram was sent, except for the segments that it counts.
   */
  readonly send: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Omit<Outgoing<F, D, Given>, "to">,
    options?: Waiting
  ) => Promise<void>
  /** Sends one datagram at once and without a promise. Returns the error, or `undefined` if it was sent. */
  readonly trySend: <const Given extends Sendable<F, D> = SendControl<F, D>>(
    message: Omit<Outgoing<F, D, Given>, "to">
  ) => DatagramSendError | undefined
}

/**
 * A bound socket that was made elsewhere.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdoptedSocket<in out F extends Family, in D extends ControlMessage.Any> extends DatagramSocket<F, D> {
  /**
   * True if datagrams were waiting when the options were set. Those datagrams have the control data that the kernel kept. On Linux their
   * packet information has no interface (index 0, IPv4), their timestamp is the time of reading, and their credentials are unset.
   */
  readonly queuedBefore: boolean
}
