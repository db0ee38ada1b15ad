/**
 * The calls of a socket that receive and send, undisturbed by what the kernel has to say of others: a read does not fail with the error of
 * another peer, a send that does is made again, and what comes in place of a datagram is none.
 */
import type { Arena } from "../driver/Arena.ts"
import type { Abi } from "@ancillary/control"
import { type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import type { Connection } from "./connection.ts"
import type { Events, Sent } from "../events/events.ts"
import type { ReceiveCounters } from "../receive/counters.ts"
import type { SendCounters } from "../send/counters.ts"
import { classOf, type FaultClass } from "../receive/receiveFaults.ts"

/** Errors that one call passes over. More than that at once are not to be waited for: the event loop tells of the rest. */
const maximumPassed = 64

/** Milliseconds of the longest pause between receives that fail. The first is one, and each is twice the one before. */
const longestPause = 100

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

  constructor(options: {
    readonly native: NativeSocket
    readonly events: Events
    readonly platform: Abi["platform"]
    readonly connection: Connection
    readonly received: ReceiveCounters
    readonly sent: SendCounters
  }) {
    this.#native = options.native
    this.#events = options.events
    this.#platform = options.platform
    this.#connection = options.connection
    this.#received = options.received
    this.#sent = options.sent
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
        return count
      }
      if (!this.#isAnothers(count, this.#events.attributeError())) return count
      this.#received.passOver()
    }
    return 0
  }

  /**
   * Sends slots that were filled, from `first`: how many, 0 where that one would have to wait, or why that one was not. Fewer went where the next
   * failed: the call that begins with it says why.
   *
   * Linux: sendmmsg forgets the error of a datagram behind the first. One that was pending on the socket, another peer's, is gone with it, and the
   * datagram goes out with the next call.
   */
  send(arena: Arena, first: number, slots: number, sent: ReadonlyArray<Sent>): number | Fault {
    const pending = this.#events.takePending()
    // Linux: the error was found in the queue, and is what the call would have failed with.
    if (pending !== undefined) return { ...pending, syscall: "sendmsg" }
    for (let again = 0; ; again++) {
      const count = this.#native.send(arena, first, slots)
      this.#events.stamped(sent, first, slots, isFault(count) ? 0 : count)
      if (!isFault(count)) {
        if (again > 0 && count > 0) this.#sent.resend()
        return count
      }
      const whose = this.#events.attributeError(sent[first]?.to)
      if (this.#events.inPlaceOfDatagrams && count.code === "EMSGSIZE") this.#events.look()
      // What the queue says nothing of is tried once more: then it is the send's own.
      if (!this.#isAnothers(count, whose) || again >= (whose === undefined ? 1 : maximumPassed)) return count
    }
  }

  /**
   * What a fault of `receive` is to its reader. It is counted, and where it may come again at once, a pause is due before the next receive: a reader
   * that goes on without one would keep the event loop.
   */
  after(fault: Fault): "passed" | "again" | "end" {
    const kind = this.classOf(fault)
    if (kind === "shortage") {
      this.#received.lack()
      this.#pause = Math.min(2 ** this.#short++, longestPause)
      return "again"
    }
    if (kind === "end") return "end"
    // Linux: a prohibition on the way has the number of a security module's here, which every read would meet.
    if (kind === "prohibition" && ++this.#prohibited > maximumPassed) return "end"
    if (++this.#failed > maximumPassed) this.#pause = Math.min(2 ** (this.#failed - maximumPassed - 1), longestPause)
    return kind === "interrupted" ? "again" : "passed"
  }

  classOf(fault: Fault): FaultClass {
    return classOf(this.#platform, fault)
  }

  /** Whether a pause is due before the next receive. */
  get isPauseDue(): boolean {
    return this.#pause > 0
  }

  /** Milliseconds that are due before the next receive, for the one who asks. */
  takePause(): number {
    const pause = this.#pause
    this.#pause = 0
    return pause
  }

  #isAnothers(fault: Fault, whose: "another's" | "its own" | undefined): boolean {
    if (whose !== undefined) return whose === "another's"
    // Linux: an error is pending a moment longer than its entry is in the queue, which another call may have taken meanwhile.
    if (this.#connection.peer !== undefined || !this.#events.reports) return false
    const kind = this.classOf(fault)
    return kind === "earlier" || kind === "prohibition"
  }
}
