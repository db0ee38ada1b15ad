/**
 * One open socket, plain and synchronous. Each call returns immediately, with its result, `undefined`, or an error record. A face waits
 * with the `on…` calls.
 */
import type { Endpoint, Family, Ipv4Address, Ipv6Address } from "@ancillary/control"
import { isUnsupported } from "@ancillary/control"
import {
  type DatagramBindError,
  type DatagramMembershipError,
  type DatagramOptionError,
  type DatagramReceiveError,
  type DatagramSendError,
  type DatagramUnsupportedError,
  receiveClosed,
  receiveError
} from "../errors/DatagramError.ts"
import { isFault } from "../driver/Driver.ts"
import { later } from "../driver/eventLoop.ts"
import type { SocketEvent } from "../events/SocketEvent.ts"
import type * as Plan from "../plan/Plan.ts"
import { DatagramFault } from "../receive/DatagramFault.ts"
import type { ReceiveCounters } from "../receive/counters.ts"
import { type Outcome, ReceivedDatagram } from "../receive/incoming.ts"
import { Loop, type LoopCalls, type LoopEnd } from "../receive/loop.ts"
import type { ReceiveWait } from "../receive/receiver.ts"
import { refusedSizes, ScatteredDatagram, scattered } from "../receive/scattered.ts"
import type { SendCounters } from "../send/counters.ts"
import { type Outgoing, sendHeld } from "../send/outgoing.ts"
import { SendQueue } from "../send/queue.ts"
import { sendOne } from "../send/single.ts"
import { Together } from "../send/together.ts"
import { rowsOf, type SocketOption } from "../spec/option/definition.ts"
import { broadcast } from "../spec/option/headers.ts"
import { connect, disconnect } from "./connecting.ts"
import type { Recorder } from "../metrics/distribution.ts"
import type { KernelMemory } from "../metrics/kernelMemory.ts"
import type { Connection } from "./connection.ts"
import { blockSource, type Joined, joinGroup, leaveGroup } from "./groups.ts"
import { type Limits, limitsOf } from "./limits.ts"
import type { Memberships } from "./memberships.ts"
import { Guard, type Limits as ServerLimits } from "../server/guard.ts"
import { getOption, type Live, type OptionValue, setOption } from "./options.ts"
import { type Cancel, onSendSpace, whenWritable } from "./sendSpace.ts"
import { type Making, Parts } from "./parts.ts"
import type { Served } from "./served.ts"
import type { Calls } from "./syscalls.ts"
import { OwnWaiters, type WaitList, type Waiter, type Waiters } from "./waiters.ts"

type AnyOption<A> = SocketOption<A, Family, unknown>

/** Counters of a socket's events. */
export interface EventCounters {
  readonly taken: bigint
  readonly received: bigint
  readonly dropped: bigint
  readonly ignored: bigint
  readonly unread: number
}

/**
 * A socket, or a bound socket while it is connected: receives, sends, options and counters.
 *
 * @category sockets
 * @since 0.1.0
 */
abstract class Conversation {
  readonly plan: Plan.Plan
  /** Options and messages that the system lacks and the spec does not require. */
  readonly declined: ReadonlyArray<{ readonly key: string; readonly why: string }>
  /** The file descriptor, or the SOCKET. */
  readonly descriptor: number
  readonly localAddress: Endpoint<Family>
  /** Destination of every datagram that is sent. Absent if each message names its own. */
  readonly peer: Endpoint<Family> | undefined
  readonly counters: {
    readonly receive: ReceiveCounters
    readonly send: SendCounters
    readonly events: EventCounters
  }
  readonly live: Live
  /** Waits that end with the conversation. */
  abstract readonly waiters: WaitList
  /** True if it cannot receive or send any more. */
  abstract readonly closed: boolean

  protected readonly parts: Parts

  constructor(parts: Parts, localAddress: Endpoint<Family>, peer: Endpoint<Family> | undefined) {
    this.parts = parts
    this.plan = parts.plan
    this.declined = parts.plan.declined
    this.descriptor = parts.native.descriptor
    this.localAddress = localAddress
    this.peer = peer
    this.counters = { receive: parts.receiver.counters, send: parts.sent, events: parts.events }
    this.live = parts.live
  }

  get served(): Served {
    return this.parts.served
  }
  get outgoing(): Outgoing {
    return this.parts.outgoing
  }
  get guard(): Guard | undefined {
    return this.parts.guard
  }

  /** Number of datagrams that were taken and not delivered. */
  get unread(): number {
    return this.parts.receiver.unread
  }
  get hasUnread(): boolean {
    return this.parts.receiver.hasUnread
  }
  /** True if a reader that took the last batch should wait before it reads again, because there was probably no more. */
  get isDrained(): boolean {
    return this.parts.receiver.isDrained
  }
  get isTurnSpent(): boolean {
    return this.parts.receiver.isTurnSpent
  }
  get isPauseDue(): boolean {
    return this.parts.calls.isPauseDue
  }
  takePause(): number {
    return this.parts.calls.takePause()
  }

  /** Returns the wait that is due before the next receive, so that the event loop has its turns. `wait` performs it. */
  due(): ReceiveWait | undefined {
    return this.parts.receiver.due()
  }

  /**
   * Takes one datagram and counts it as delivered. Returns `undefined` if the queue is empty, and `"again"` after a signal or a shortage.
   * Returns the error of an earlier datagram or of the socket.
   */
  receive(): Outcome | undefined | "again" | DatagramReceiveError {
    const outcome = this.#one()
    if (outcome instanceof ReceivedDatagram || outcome instanceof DatagramFault) this.parts.receiver.count(outcome)
    return outcome
  }

  /** Takes one datagram in parts of `sizes` bytes. */
  receiveScattered(
    sizes: ReadonlyArray<number>
  ): ScatteredDatagram | DatagramFault | undefined | "again" | DatagramReceiveError {
    const refused = refusedSizes(this, sizes)
    if (refused !== undefined) return refused
    const whole = this.#one()
    if (!(whole instanceof ReceivedDatagram)) {
      if (whole instanceof DatagramFault) this.parts.receiver.count(whole)
      return whole
    }
    const outcome = scattered(this.plan, whole, sizes)
    // The datagram is not delivered, and neither are the descriptors that came with it.
    if (!(outcome instanceof ScatteredDatagram)) this.parts.receiver.handled(whole)
    if (outcome === undefined) {
      this.counters.receive.drop()
      return "again"
    }
    this.parts.receiver.count(outcome)
    return outcome
  }

  #one(): Outcome | undefined | "again" | DatagramReceiveError {
    if (this.closed) return receiveClosed()
    const taken = this.parts.receiver.one()
    if (!isFault(taken)) return taken
    const what = this.parts.calls.after(taken)
    return what === "again" ? what : receiveError(taken, what === "end")
  }

  /**
   * Takes the datagrams of one call and their faults, at most `maximum` if it is given. Returns an empty array if the queue is empty or a
   * wait is due. Errors of earlier datagrams are counted and skipped. With `paced`, it requests as many as the last wake-ups brought.
   */
  tryReceive(maximum?: number, paced = false): ReadonlyArray<Outcome> | DatagramReceiveError {
    for (;;) {
      if (this.closed) return receiveClosed()
      const taken = this.parts.receiver.batch(maximum, paced)
      if (!isFault(taken)) return taken
      const ended = this.#passOver(taken)
      if (ended !== undefined) return ended
      if (this.isPauseDue || this.isTurnSpent) return []
    }
  }

  /**
   * Calls `f` for each datagram of one call, at most `most` if it is given, until it returns false or throws. The rest is kept for the next
   * reader. Returns whether there may be more, or the error that ends reading. `isWanted` is called before each datagram, because a
   * definition that decodes it may end the reader. `onPassed` is called with an error of an earlier datagram, which is counted and skipped.
   */
  receiveEach(
    f: (outcome: Outcome) => boolean,
    isWanted?: () => boolean,
    onPassed?: (error: DatagramReceiveError) => void,
    most?: number
  ): boolean | DatagramReceiveError {
    if (this.closed) return receiveClosed()
    const more = this.parts.receiver.each(f, isWanted, most)
    return isFault(more) ? (this.#passOver(more, onPassed) ?? true) : more
  }

  /**
   * Calls `f` for each datagram of one call without a copy: `data` is the kernel's buffer, and valid until `f` returns. Otherwise it is
   * like `receiveEach`.
   */
  receiveBorrowed(f: (outcome: Outcome) => boolean, isWanted?: () => boolean): boolean | DatagramReceiveError {
    if (this.closed) return receiveClosed()
    const more = this.parts.receiver.borrow(f, isWanted)
    return isFault(more) ? (this.#passOver(more) ?? true) : more
  }

  /** Counts the error of an earlier datagram; returns one that ends reading. */
  #passOver(
    fault: Parameters<Calls["after"]>[0],
    onPassed?: (error: DatagramReceiveError) => void
  ): DatagramReceiveError | undefined {
    const what = this.parts.calls.after(fault)
    if (what === "end") return receiveError(fault, true)
    if (what === "passed") {
      this.counters.receive.passOver()
      onPassed?.(receiveError(fault))
    }
    return undefined
  }

  /** Returns the next datagram and leaves it in the queue. Returns `"later"` if datagrams that the spec drops used up the turn. */
  peek(): Outcome | undefined | "later" | "again" | DatagramReceiveError {
    if (this.closed) return receiveClosed()
    const outcome = this.parts.receiver.peek()
    if (!isFault(outcome)) return outcome
    const what = this.parts.calls.after(outcome)
    return what === "again" ? what : receiveError(outcome, what === "end")
  }

  /**
   * Calls `f` for each datagram, in the event loop's callback, until `cancel` is called. `onEnd` is called once if the socket failed or was
   * closed, or if `f` threw. With `borrowed` the payloads are those of `receiveBorrowed`. `cancel` calls the function that it is given after
   * the rest of the last batch was put back.
   */
  forEach(
    f: (datagram: ReceivedDatagram) => void,
    onEnd: (end: LoopEnd) => void,
    borrowed = false
  ): (onCancelled?: () => void) => void {
    const loop = borrowed
      ? new Loop(this, (each, isWanted) => this.receiveBorrowed(each, isWanted), { f, onEnd })
      : this.loop({ f, onEnd })
    loop.begin()
    return (onCancelled) => loop.cancel(onCancelled)
  }

  /** Makes a loop that passes each datagram to a function, in the event loop's callback. `begin` starts it. */
  loop(calls: LoopCalls): Loop {
    return new Loop(this, (each, isWanted, most) => this.receiveEach(each, isWanted, undefined, most), calls)
  }

  /** Takes all waiting events. */
  takeEvents(): ReadonlyArray<SocketEvent> | DatagramReceiveError {
    return this.closed ? receiveClosed() : this.parts.events.take()
  }

  /** Calls `f` when there may be something to read, or when the socket is closed. If that is already true, it calls `f` immediately. */
  onReadable(f: Waiter): Cancel {
    // The event loop does not report unread datagrams.
    if (this.closed || this.hasUnread) return callNow(f, this.closed)
    const waiter = (closed: boolean) => {
      this.counters.receive.beginTurn()
      f(closed)
    }
    this.waiters.read(waiter)
    this.watch()
    return () => this.endWait(waiter)
  }

  /** Calls `f` when there are events, or when the socket is closed. If that is already true, it calls `f` immediately. */
  onEvent(f: Waiter): Cancel {
    if (this.closed || this.parts.events.unread > 0) return callNow(f, this.closed)
    this.waiters.attend(f)
    this.watch()
    return () => this.endWait(f)
  }

  /** Ends a wait before its report. An interest without a wait would keep the process running. */
  endWait(waiter: Waiter): void {
    this.waiters.leave(waiter)
    this.parts.unwatchLater()
  }

  /** Calls `f` when the socket's own buffer has room for a datagram, or with the error if it never will. */
  onWritable(f: (error: DatagramSendError | undefined) => void): Cancel {
    return whenWritable(this, f)
  }

  /** Calls `f` when another attempt to send to that endpoint may succeed after one that would have blocked. */
  onSendSpace(to: Endpoint<Family> | undefined, f: (error: DatagramSendError | undefined) => void): Cancel {
    return onSendSpace(this, to, f)
  }

  /** Calls `f` after this number of milliseconds of real time, or when the socket is closed. 0 is the next turn of the event loop. */
  afterPause(milliseconds: number, f: Waiter): Cancel {
    if (this.closed) return callNow(f, true)
    const cancel = () => {
      cancelTimer()
      this.waiters.leave(waiter)
    }
    const waiter = (closed: boolean) => {
      cancel()
      this.counters.receive.beginTurn()
      f(closed)
    }
    const cancelTimer = later(milliseconds, () => waiter(false))
    this.waiters.waitElsewhere(waiter)
    return cancel
  }

  /** Performs a wait that is due. */
  wait(due: ReceiveWait, f: Waiter): Cancel {
    return due === "readable" ? this.onReadable(f) : this.afterPause(due, f)
  }

  /** Sends a message. Returns the error if it cannot be sent, or a queue that continues with it if one call was not enough. */
  trySend(message: unknown): DatagramSendError | SendQueue | undefined {
    return sendOne(this, message)
  }

  /** Makes a queue of messages that are sent together, in their order. Nothing is sent before `run`. */
  sendQueue(messages: ReadonlyArray<unknown>): SendQueue {
    return new SendQueue(this, messages)
  }

  /** Sets an option. Returns the error if it was not set. */
  setOption<A>(option: AnyOption<A>, value: A): DatagramOptionError | undefined {
    sendHeld()
    return setOption(this, option, value)
  }

  /** Gets the value of an option. */
  getOption<A>(option: AnyOption<A>): OptionValue<A> {
    return getOption(this, option)
  }

  /** Returns the limits that a protocol over datagrams needs for its sizes, as the system has granted them. */
  limits(): Limits | DatagramOptionError {
    return limitsOf(this)
  }

  /** Returns true if this host has an address, by its list at the start of the socket's turn of the event loop. */
  isHostAddress(address: Ipv4Address | Ipv6Address): boolean {
    return this.parts.hostAddresses().some((own) => own.equals(address))
  }

  /** Returns true if an address is the broadcast address of one of this host's networks. */
  isBroadcastAddress(address: Ipv4Address): boolean {
    return this.live.interfaces.isBroadcast(address)
  }

  /**
   * Returns true if the socket may broadcast, by the system's value of the option. The spec, a later call or the maker of an adopted socket
   * may have set it.
   */
  mayBroadcast(): boolean {
    const rows = rowsOf(broadcast, this.plan.abi.platform, this.plan.family)
    const value = new Uint8Array(4)
    return (
      !isUnsupported(rows) &&
      rows.some(({ level, option }) => {
        const length = this.live.native.getOption(level, option, value)
        return !isFault(length) && value.some((byte) => byte !== 0)
      })
    )
  }

  /** Sets whether waiting readers and senders keep the process running. They do by default. */
  keepAlive(keeps: boolean): void {
    this.parts.keepAlive(keeps)
  }

  /** Updates the poll interest for the current waits. */
  watch(): void {
    this.parts.watch()
  }
}

/** The limits of a socket that is not served. */
const none: ReadonlyArray<Guard> = []

const callNow = (f: Waiter, closed: boolean): Cancel => {
  f(closed)
  return () => {}
}

/**
 * An open socket of the engine.
 *
 * @category sockets
 * @since 0.1.0
 */
export class OpenSocket extends Conversation {
  readonly waiters: Waiters
  /** The current peer. */
  readonly connection: Connection
  /** Limits of the servers of this socket. A server may begin before an earlier one has ended. */
  #guards: ReadonlyArray<Guard> = none

  constructor(making: Making) {
    const parts = new Parts(making)
    super(parts, making.local, making.connection.peer)
    this.waiters = parts.waiters
    this.connection = parts.connection
  }

  get closed(): boolean {
    return this.parts.closed
  }

  /** Counts of the kernel. Absent unless `measure` was called, and on systems without them. */
  get kernelMemory(): KernelMemory | undefined {
    return this.parts.kernelMemory
  }

  /** Records the datagrams of each receive call and the seconds of each handler from now on. */
  measure(batches: Recorder, times: Recorder): void {
    this.parts.measure(batches, times)
  }

  get memberships(): Memberships {
    return this.parts.memberships
  }

  /** Makes a holder of messages that leave at the end of a batch, for a server. */
  together(): Together {
    return new Together(this)
  }

  /**
   * Limits sends to peers, and returns the guard that a server asks about each datagram. Returns `undefined` if there is nothing to limit.
   * `now` returns milliseconds of a monotonic clock.
   */
  protect(limits: ServerLimits, now: () => number): Guard | undefined {
    const { family, protocol } = this.plan.kind
    if (family === "unix" || protocol === "icmp") return undefined
    if (limits.amplification === Infinity && limits.responseRate === undefined && !limits.breaksLoops) return undefined
    const guard = new Guard(limits, now, this.served.limits)
    this.#guards = [...this.#guards, guard]
    this.parts.guard = guard
    return guard
  }

  /** Ends the limits of a guard. Those of another one apply from then on, if there is one. */
  unprotect(guard: Guard): void {
    this.#guards = this.#guards.filter((each) => each !== guard)
    this.parts.guard = this.#guards.at(-1)
  }

  /** Returns true if there is something to read, so that `receive` would not return `undefined`. */
  isWaiting(): boolean {
    return this.parts.receiver.isWaiting()
  }

  /** Joins a group, from one source if the options name one. */
  join(group: unknown, options?: unknown): Joined | DatagramMembershipError {
    return joinGroup(this, group, options)
  }

  /** Blocks one source of a group that was joined. */
  block(group: unknown, source: unknown, options?: unknown): Joined | DatagramMembershipError {
    return blockSource(this, group, source, options)
  }

  /** Leaves a group for all members that joined it on this socket. Returns the error if the system refuses. */
  leave(group: unknown, options?: unknown): DatagramMembershipError | undefined {
    return leaveGroup(this, group, options)
  }

  /** Connects the socket to a peer, until the connection is ended. */
  connect(peer: unknown): ConnectedSocket | DatagramBindError | DatagramUnsupportedError {
    const { receiver } = this.parts
    sendHeld()
    const connected = connect(this, receiver, peer)
    return "local" in connected ? new ConnectedSocket(this, this.parts, connected.local, connected.peer) : connected
  }

  /** Ends a connection. Returns the sentence to log if that failed; the socket is closed then. */
  disconnect(from: Endpoint<Family>): string | undefined {
    return disconnect(this, this.parts.receiver, this.parts.events, from)
  }

  /** Handles a report of the event loop. `failed`: an error is pending, or the error queue has an entry. */
  ready(readable: boolean, writable: boolean, failed: boolean): void {
    // An error queue entry is not a reason to receive or to send. If there is another reason, the event loop reports again.
    const { reading } = this.waiters
    if (!failed || !this.parts.events.onErrorQueueReady()) {
      if (readable) this.waiters.wakeReader()
      if (writable) this.waiters.wakeWriters()
    }
    // A fiber that was woken waits again in a moment. Until then the interest stays as it is, because a change costs several calls.
    if (failed || writable || !reading || this.waiters.reading) this.watch()
    else this.parts.watchLater()
  }

  close(): void {
    this.parts.close()
  }
}

/**
 * A bound socket while it is connected. It ends before the socket does.
 *
 * @category sockets
 * @since 0.1.0
 */
export class ConnectedSocket extends Conversation {
  readonly waiters: OwnWaiters
  readonly #socket: OpenSocket
  readonly #to: Endpoint<Family>
  #ended = false

  constructor(socket: OpenSocket, parts: Parts, local: Endpoint<Family>, peer: Endpoint<Family>) {
    super(parts, local, peer)
    this.#socket = socket
    this.#to = peer
    this.waiters = new OwnWaiters(socket.waiters)
  }

  get closed(): boolean {
    return this.#ended || this.#socket.closed
  }

  /** Ends the connection. Waiting readers and senders fail with `Closed`. Returns the sentence to log if that failed. */
  disconnect(): string | undefined {
    if (this.#ended) return undefined
    this.#ended = true
    const failed = this.#socket.disconnect(this.#to)
    this.waiters.end()
    return failed
  }
}

export type { Conversation }
