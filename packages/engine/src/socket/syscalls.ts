/**
 * Receive and send calls of a socket, without the errors of other peers. A receive does not fail with the error of another peer, and a send
 * that does is repeated. An event in place of a datagram is not returned as a datagram.
 */
import type { Arena } from "../driver/Arena.ts"
import type { Abi } from "@ancillary/control"
import { type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import type { Connection } from "./connection.ts"
import type { Recorder } from "../metrics/distribution.ts"
import type { Events, Sent } from "../events/events.ts"
import type { ReceiveCounters } from "../receive/counters.ts"
import type { SendCounters } from "../send/counters.ts"
import { classOf, type FaultClass } from "../receive/receiveFaults.ts"

/** Maximum number of errors that one call skips. The event loop reports the rest. */
const maximumPassed = 64

/** Longest pause between receives that fail, in milliseconds. The first is 1 ms, and each is twice the one before. */
const longestPause = 100

/** The parts of a socket that its calls use. */
interface CallingSocket {
  readonly native: NativeSocket
  readonly events: Events
  readonly plan: { readonly abi: Pick<Abi, "platform"> }
  readonly connection: Connection
  readonly sent: SendCounters
}

export class Calls {
  #native: NativeSocket
  #events: Events
  #platform: Abi["platform"]
  #connection: Connection
  #received: ReceiveCounters
  #sent: SendCounters
  /** Receives in a row that failed, that failed by a prohibition, and that failed for a shortage. */
  #failed = 0
  #prohibited = 0
  #short = 0
  #pause = 0
  /** Receives the number of datagrams of each receive call. Absent unless the program requests metrics. */
  batches: Recorder | undefined

  constructor(socket: CallingSocket, received: ReceiveCounters) {
    this.#native = socket.native
    this.#events = socket.events
    this.#platform = socket.plan.abi.platform
    this.#connection = socket.connection
    this.#received = received
    this.#sent = socket.sent
  }

  receive(arena: Arena, slots: number, peek: boolean): number | Fault {
    const pending = this.#events.takePending()
    if (pending !== undefined) return pending
    for (let passed = 0; passed < maximumPassed; passed++) {
      const count = this.#native.receive(arena, slots, peek)
      if (!isFault(count)) {
        this.#failed = 0
        this.#prohibited = 0
        this.#short = 0
        if (count > 0 && !peek) this.batches?.add(count)
        return count
      }
      if (!this.#isAnothers(count, this.#events.attributeError())) return count
      this.#received.passOver()
    }
    return 0
  }

  /**
   * Sends filled slots from `first`. Returns their number, 0 if the first would have to wait, or the fault of the first. It sends fewer if
   * a later one fails; the call that begins with that one returns its fault.
   *
   * Linux: sendmmsg forgets the error of a datagram after the first. A pending error of another peer is consumed with it, and the datagram
   * is sent with the next call.
   */
  send(arena: Arena, first: number, slots: number, sent: ReadonlyArray<Sent>): number | Fault {
    const pending = this.#events.takePending()
    // Linux: the error was found in the error queue. The call would have failed with it.
    if (pending !== undefined) return { ...pending, syscall: "sendmsg" }
    for (let again = 0; ; again++) {
      const count = this.#native.send(arena, first, slots)
      this.#events.stamped(sent, first, slots, isFault(count) ? 0 : count)
      if (!isFault(count)) {
        if (again > 0 && count > 0) this.#sent.resend()
        return count
      }
      const whose = this.#events.attributeError(sent[first]?.to)
      if (this.#events.inPlaceOfDatagrams && count.code === "EMSGSIZE") this.#events.peekPseudoDatagram()
      // If the queue does not explain the error, the send is repeated once. A second error is the send's own.
      if (!this.#isAnothers(count, whose) || again >= (whose === undefined ? 1 : maximumPassed)) return count
    }
  }

  /**
   * Classifies a fault of `receive` for its reader, and counts it. If it may occur again immediately, a pause is due before the next
   * receive. Without a pause the reader would block the event loop.
   */
  after(fault: Fault): "passed" | "again" | "end" {
    const kind = this.classOf(fault)
    if (kind === "shortage") {
      this.#received.lack()
      this.#pause = Math.min(2 ** this.#short++, longestPause)
      return "again"
    }
    if (kind === "end") return "end"
    // Linux: a prohibition on the path has the same number as one of a security module on this host, which every receive would return.
    if (kind === "prohibition" && ++this.#prohibited > maximumPassed) return "end"
    if (++this.#failed > maximumPassed) this.#pause = Math.min(2 ** (this.#failed - maximumPassed - 1), longestPause)
    return kind === "interrupted" ? "again" : "passed"
  }

  classOf(fault: Fault): FaultClass {
    return classOf(this.#platform, fault)
  }

  /** True if a pause is due before the next receive. */
  get isPauseDue(): boolean {
    return this.#pause > 0
  }

  /** Returns the pause in milliseconds that is due before the next receive. The caller performs it. */
  takePause(): number {
    const pause = this.#pause
    this.#pause = 0
    return pause
  }

  #isAnothers(fault: Fault, whose: "another's" | "its own" | undefined): boolean {
    if (whose !== undefined) return whose === "another's"
    // Linux: an error is pending slightly longer than its entry is in the queue, and another call may have taken the entry.
    if (this.#connection.peer !== undefined || !this.#events.reports) return false
    const kind = this.classOf(fault)
    return kind === "earlier" || kind === "prohibition"
  }
}
