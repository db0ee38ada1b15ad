/**
 * Takes datagrams from the kernel and delivers them. All ways to read use one path from a slot to an outcome, and one set of counters.
 *
 * A callback or a definition of the program may read, send or close in the middle of a batch. The batch still belongs to its reader, and is
 * counted as unread until it is delivered. A nested read therefore gets later datagrams, and the counters balance.
 */
import type { Endpoint, Family } from "@ancillary/control"
import { type Driver, type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import { closeAll } from "../driver/closing.ts"
import type * as Plan from "../plan/Plan.ts"
import type { Connection } from "../socket/connection.ts"
import type { Calls } from "../socket/syscalls.ts"
import { hold, release } from "../socket/wakeUps.ts"
import type { Events } from "../events/events.ts"
import { isSizeless, partsOf, stopMerging } from "./coalesced.ts"
import type { ReceiveCounters } from "./counters.ts"
import { DatagramFault } from "./DatagramFault.ts"
import { Descriptors } from "./descriptors.ts"
import { batchSlots, Incoming, type Outcome, ReceivedDatagram } from "./incoming.ts"
import { Pace } from "./pace.ts"
import { receivedMemory } from "./receivedMemory.ts"
import { Unread } from "./unread.ts"

/** Maximum number of dropped datagrams, or errors of earlier ones, that a peek skips before the event loop has its turn. */
const mostDropped = 64
/** Maximum number of batches in a row that may be dropped completely. The rest of a flood waits for the next turn of the event loop. */
const mostBatches = 64
/** Datagrams that readers get before the event loop runs timers and other sockets. */
const perTurn = 256

/**
 * The wait that is due before a receive: until the socket is readable, or a number of milliseconds. 0 is the next turn of the event loop.
 *
 * @category sockets
 * @since 0.1.0
 */
export type ReceiveWait = "readable" | number

/** A lent batch: its reader, and copies of the datagrams that the reader did not reach. */
interface Loan {
  readonly f: (outcome: Outcome) => boolean
  readonly isWanted: (() => boolean) | undefined
  readonly rest: Array<Outcome>
}

/** A slot that held an event, and no datagram. */
const event = Symbol("event")

/** True while memory is lent to a callback. Calls of the callback must not receive into that memory. */
let lending = false

/** The parts of a socket that its receiver uses. */
interface ReceivingSocket {
  readonly plan: Plan.Plan
  readonly native: NativeSocket
  readonly connection: Connection
  readonly events: Events
  readonly calls: Calls
  /** Its readers are woken when there are unread datagrams, which the event loop does not report. */
  readonly waiters: { readonly wakeReaders: () => void }
}

export class Receiver {
  readonly counters: ReceiveCounters
  /** Datagrams that readers put back. They are returned before the kernel is called. */
  readonly #unread = new Unread()
  /** Number of datagrams in batches that are being read or delivered. */
  #held = 0

  #plan: Plan.Plan
  #driver: Driver
  #native: NativeSocket
  #connection: Connection
  #events: Events
  #calls: Calls
  #waiters: { readonly wakeReaders: () => void }
  #incoming: Incoming
  /** Memory of lent payloads. Absent before the first loan. */
  #lent: Incoming | undefined
  #descriptors: Descriptors | undefined
  /** True if the last receive found the queue empty, or if the event loop will report the next datagram. */
  #drained = false
  #isDrained = false
  readonly #pace: Pace
  #closed = false

  constructor(driver: Driver, socket: ReceivingSocket, counters: ReceiveCounters) {
    const { connection, plan } = socket
    this.counters = counters
    this.#plan = plan
    this.#driver = driver
    this.#pace = new Pace(driver.batches)
    this.#native = socket.native
    this.#connection = connection
    this.#events = socket.events
    this.#calls = socket.calls
    this.#waiters = socket.waiters
    this.#incoming = new Incoming({ driver, plan, connection, purpose: "receive" })
    this.#descriptors = plan.family === "unix" ? new Descriptors(driver, plan.maybe) : undefined
  }

  /** The arena that datagrams are received in. */
  get arena(): Incoming["arena"] {
    return this.#incoming.arena
  }

  /** Number of datagrams that were taken and not delivered. */
  get unread(): number {
    return this.#unread.length + this.#held
  }

  /** True if there are unread datagrams for the next reader, which the event loop does not report. */
  get hasUnread(): boolean {
    return this.#unread.length > 0
  }

  /** True if the socket has used up its turn of the event loop. */
  get isTurnSpent(): boolean {
    return this.counters.servedInTurn >= perTurn
  }

  /**
   * Returns the wait that is due before the next receive. It is a pause after receives that failed, or the next turn of the event loop. The
   * poll reports the next turn within microseconds, but does not report unread datagrams.
   */
  due(): ReceiveWait | undefined {
    const pause = this.#calls.takePause()
    if (pause > 0) return pause
    if (!this.isTurnSpent) return undefined
    return this.hasUnread ? 0 : "readable"
  }

  /** Takes one datagram, or returns `undefined` if the queue is empty. The caller accounts for it with `count` or `drop`. */
  one(): Outcome | undefined | Fault {
    this.#descriptors?.next()
    let outcome: Outcome | undefined
    if (this.hasUnread) {
      this.counters.serve(1)
      outcome = this.#unread.shift()
    } else {
      const batch = this.#fill(1, true)
      if (isFault(batch)) return batch
      this.#held -= batch.length
      this.#isDrained = this.#pace.one(batch.length)
      outcome = batch[0]
      if (batch.length > 1) this.#putBack(batch.slice(1))
    }
    if (outcome !== undefined) this.#retain(outcome, "until the next read")
    return outcome
  }

  /**
   * True if the last batch was probably all that there was, so a reader waits before it takes another. The event loop reports the next
   * datagram, or immediately if there was more.
   */
  get isDrained(): boolean {
    // An event in place of a datagram is found only by a call.
    return this.#isDrained && !this.hasUnread && !this.#events.inPlaceOfDatagrams
  }

  /**
   * Takes and counts the datagrams of one call, at most `most`, including those that the kernel merged. With `paced`, the call requests as
   * many as the last wake-ups brought.
   */
  batch(most?: number, paced = false): ReadonlyArray<Outcome> | Fault {
    this.#descriptors?.next()
    const slots = paced ? this.#pace.slots : batchSlots
    const limit = most ?? batchSlots
    let taken: ReadonlyArray<Outcome> | Fault
    if (this.hasUnread) {
      taken = this.#unread.take(limit)
      this.counters.serve(taken.length)
    } else {
      this.#drained = false
      taken = this.#fill(Math.min(limit, slots), most !== undefined)
      if (isFault(taken)) return taken
      this.#held -= taken.length
      if (paced && taken.length > 0) this.#pace.note(taken.length)
      this.#isDrained = (this.#drained || slots === 1) && this.#driver.batches
      if (most !== undefined && taken.length > most) {
        this.#putBack(taken.slice(most))
        taken = taken.slice(0, most)
      }
    }
    for (const outcome of taken) {
      this.#retain(outcome, "until the next read")
      this.count(outcome)
    }
    return taken
  }

  /**
   * Passes the datagrams of one call, at most `most`, to `f` until it returns false or throws. The rest is kept for the next reader.
   * Returns whether there may be more. `isWanted` is called before each datagram, because a definition that decodes it may end the reader.
   */
  each(f: (outcome: Outcome) => boolean, isWanted?: () => boolean, most = batchSlots): boolean | Fault {
    this.#descriptors?.next()
    this.#drained = false
    const wanted = this.#pace.slots
    let batch: ReadonlyArray<Outcome> | Fault
    if (this.hasUnread) {
      batch = this.#unread.take(Math.min(most, batchSlots))
      this.#held += batch.length
      this.counters.serve(batch.length)
    } else {
      batch = this.#fill(Math.min(wanted, most), false)
      if (isFault(batch) || batch.length === 0) return isFault(batch) ? batch : false
      // The kernel merged datagrams, so there are more than were requested.
      if (batch.length > most) {
        this.#held -= batch.length - most
        this.#putBack(batch.slice(most))
        batch = batch.slice(0, most)
      }
    }
    if (most >= wanted) this.#pace.note(batch.length)
    let next = 0
    try {
      for (let goesOn = true; goesOn && next < batch.length;) {
        if (isWanted?.() === false) break
        const outcome = batch[next++]
        this.#held--
        if (outcome !== undefined) goesOn = this.#deliver(outcome, f)
      }
    } finally {
      this.#held -= batch.length - next
      if (next < batch.length) this.#putBack(batch.slice(next))
    }
    // The event loop does not report datagrams that were put back.
    return this.hasUnread || (!this.#drained && wanted > 1)
  }

  /**
   * Passes the datagrams of one call to `f` with borrowed payloads, which are valid while `f` runs. All sockets share the memory, so a loan
   * within another's `f` finds nothing. The event loop reports the datagrams again.
   */
  borrow(f: (outcome: Outcome) => boolean, isWanted?: () => boolean): boolean | Fault {
    if (lending || receivedMemory.isRead) return false
    if (this.hasUnread) return this.each(f, isWanted)
    this.#descriptors?.next()
    const incoming = (this.#lent ??= new Incoming({
      driver: this.#driver,
      plan: this.#plan,
      connection: this.#connection,
      purpose: "borrow"
    }))
    const before = this.counters.taken
    const rest: Array<Outcome> = []
    const lendable = { f, isWanted, rest }
    lending = true
    hold()
    try {
      const count = this.#calls.receive(incoming.arena, this.#pace.slots, false)
      if (isFault(count) || count === 0) return isFault(count) ? count : false
      this.#pace.note(count)
      let slot = 0
      let isOver = true
      try {
        for (; slot < count; slot++) {
          isOver = true
          if (!this.#lendSlot(incoming, slot, lendable)) break
          isOver = false
        }
      } finally {
        if (isOver) while (++slot < count) this.#enter(incoming, slot, rest)
        this.counters.serve(Math.max(count, this.counters.taken - before))
      }
      return rest.length > 0 || count === batchSlots || !this.#driver.batches
    } finally {
      lending = false
      release()
      this.#held -= rest.length
      if (rest.length > 0) this.#putBack(rest)
      // `f` closed the socket, so descriptors of the remaining datagrams have no reader.
      if (this.#closed) this.#descriptors?.close()
    }
  }

  /**
   * Returns the next datagram and leaves it in the queue. Datagrams that the spec drops are taken. Returns `later` if they used up the turn
   * of the event loop.
   */
  peek(): Outcome | undefined | Fault | "later" {
    this.#descriptors?.next()
    if (receivedMemory.isRead) return "later"
    for (let dropped = 0; dropped < mostDropped; dropped++) {
      const { first } = this.#unread
      if (first !== undefined) return first
      const seen = this.#calls.receive(this.arena, 1, true)
      if (isFault(seen)) return seen
      if (seen === 0) return undefined
      const outcome = this.#read(this.#incoming, 0, false)
      // Linux: a peek at an event removes it.
      if (outcome === event) continue
      const next =
        this.#plan.splitCoalesced && outcome instanceof ReceivedDatagram ? partsOf(this.#plan, outcome)[0] : outcome
      if (next !== undefined) return next
      // Reads it again. A peek brings its descriptors a second time, and it may be another datagram if processes share the socket.
      const taken = this.#fill(1, true, 1)
      if (isFault(taken)) return taken
      this.#append(taken)
    }
    return "later"
  }

  /** Counts a datagram that is delivered. */
  count(outcome: Outcome): void {
    if (outcome instanceof DatagramFault) this.counters.fault(outcome.reason)
    else this.counters.deliver()
  }

  /** Closes the untaken descriptors of a datagram whose callback has returned, or that is not delivered. */
  handled(outcome: Outcome): void {
    if (outcome instanceof ReceivedDatagram) this.#descriptors?.handled(outcome.control)
  }

  /** True if a receive would return a datagram or a permanent error. It receives with no room, so no descriptor is installed. */
  isWaiting(): boolean {
    if (this.#events.inPlaceOfDatagrams) this.#events.peekPseudoDatagram()
    const arena = this.#driver.arena({
      purpose: "receive",
      slots: 1,
      iovecs: 1,
      addressBytes: 0,
      controlBytes: 0,
      dataBytes: 0
    })
    try {
      for (let passed = 0; passed < mostDropped; passed++) {
        const count = this.#native.receive(arena, 1, true)
        if (!isFault(count)) return count === 1
        // An error that a peer caused comes before queued datagrams, and only once.
        const kind = this.#calls.classOf(count)
        if (kind === "end") return false
        if (kind === "earlier" || kind === "prohibition") this.counters.passOver()
      }
      return true
    } finally {
      arena.free()
    }
  }

  /**
   * Takes the datagrams that are queued in the kernel, at most 64 batches, and keeps them for the next reader. It is not a read, so
   * descriptors stay open.
   */
  keepQueued(): void {
    for (let batch = 0; batch < mostBatches; batch++) {
      const before = this.counters.taken
      const filled = this.#fill(batchSlots, false, 1)
      if (isFault(filled)) {
        if (this.#calls.after(filled) === "end") break
        continue
      }
      this.#append(filled)
      if (this.counters.taken === before) break
    }
  }

  /** Drops unread datagrams that did not come from `sender`. */
  dropOthers(sender: Endpoint<Family>): void {
    const kept: Array<Outcome> = []
    for (const outcome of this.#unread.take(Infinity)) {
      if (outcome instanceof ReceivedDatagram && !sender.equals(outcome.from)) {
        this.counters.drop()
        this.#descriptors?.drop(outcome.control)
      } else kept.push(outcome)
    }
    this.#unread.putBack(kept)
  }

  close(): void {
    this.#closed = true
    // The batch that is being read belongs to its reader.
    this.counters.drop(this.#unread.length)
    this.#unread.clear()
    closeAll([() => this.#descriptors?.close(), () => this.#incoming.arena.free(), () => this.#lent?.arena.free()])
  }

  /** Puts back the datagrams that a reader did not reach, for the next reader. */
  #putBack(rest: ReadonlyArray<Outcome>): void {
    if (this.#closed) return this.counters.drop(rest.length)
    for (const outcome of rest) this.#retain(outcome, "until released")
    this.#unread.putBack(rest)
    this.#waiters.wakeReaders()
  }

  /** Keeps datagrams that were taken without a reader, after the unread ones. */
  #append(outcomes: ReadonlyArray<Outcome>): void {
    this.#held -= outcomes.length
    if (this.#closed) return this.counters.drop(outcomes.length)
    for (const outcome of outcomes) this.#unread.push(outcome)
    if (outcomes.length > 0) this.#waiters.wakeReaders()
  }

  /**
   * Takes and holds the datagrams of one call. Returns an empty batch if the queue is empty. With `exactly`, merged datagrams count as one,
   * because the others are returned later.
   */
  #fill(slots: number, exactly: boolean, most = mostBatches): ReadonlyArray<Outcome> | Fault {
    const outcomes: Array<Outcome> = []
    if (receivedMemory.isRead) return outcomes
    hold()
    try {
      // If a whole batch is dropped, there may be another batch in the queue.
      for (let batch = 0; batch < most && outcomes.length === 0; batch++) {
        const count = this.#calls.receive(this.arena, slots, false)
        if (isFault(count)) return count
        if (count === 0) break
        this.#drained = count < slots && this.#driver.batches
        const before = this.counters.taken
        receivedMemory.isRead = true
        try {
          for (let slot = 0; slot < count; slot++) this.#enter(this.#incoming, slot, outcomes)
        } finally {
          receivedMemory.isRead = false
        }
        // A definition closed the socket, so descriptors of these datagrams have no reader.
        if (this.#closed) this.#descriptors?.close()
        // Datagrams that the spec drops count towards the turn too.
        this.counters.serve(Math.max(count, exactly ? 0 : this.counters.taken - before))
      }
    } finally {
      release()
    }
    return outcomes
  }

  /** Decodes a slot and assigns the descriptors that came with it. A definition of the program may run. */
  #read(incoming: Incoming, slot: number, borrowed: boolean): Outcome | undefined | typeof event {
    const { arena } = incoming
    const nested = receivedMemory.isRead
    receivedMemory.isRead = true
    try {
      if (this.#events.isInPlaceOfDatagram(arena, slot)) return event
      const outcome = incoming.read(slot, borrowed)
      if (this.#descriptors !== undefined) {
        const carried = outcome instanceof ReceivedDatagram ? outcome.control : undefined
        this.#descriptors.settle(carried, arena.view, arena.controlAt(slot), arena.controlLength(slot))
      }
      return outcome
    } finally {
      receivedMemory.isRead = nested
    }
  }

  /** Reads a slot into a batch: one datagram, or all that were merged into it. */
  #enter(incoming: Incoming, slot: number, into: Array<Outcome>): void {
    const whole = this.#read(incoming, slot, false)
    if (whole !== event) this.#keepWhole(whole, into)
  }

  #keepWhole(whole: Outcome | undefined, into: Array<Outcome>): void {
    if (this.#plan.splitCoalesced && whole instanceof ReceivedDatagram)
      for (const piece of this.#split(whole)) this.#keep(piece, into)
    else this.#keep(whole, into)
  }

  #split(merged: ReceivedDatagram): ReadonlyArray<Outcome | undefined> {
    const pieces = partsOf(this.#plan, merged)
    if (isSizeless(pieces[0])) stopMerging(this.#plan, this.#native)
    return pieces
  }

  #keep(outcome: Outcome | undefined, into: Array<Outcome>): void {
    this.counters.take()
    if (outcome === undefined) return this.counters.drop()
    into.push(outcome)
    this.#held++
    this.#retain(outcome, "until released")
  }

  /** Lends the datagrams of a slot. Copies of those that `f` did not reach go into `rest`. Returns whether `f` accepts more. */
  #lendSlot(incoming: Incoming, slot: number, { f, isWanted, rest }: Loan): boolean {
    const whole = this.#read(incoming, slot, true)
    if (whole === event) return true
    if (isWanted?.() === false) {
      this.#keepWhole(whole instanceof ReceivedDatagram ? whole.copied() : whole, rest)
      if (whole instanceof ReceivedDatagram) incoming.arena.giveBack(whole.data)
      return false
    }
    const pieces = this.#plan.splitCoalesced && whole instanceof ReceivedDatagram ? this.#split(whole) : undefined
    let next = 0
    try {
      if (pieces === undefined) return this.#lendOne(whole, f)
      while (next < pieces.length) if (!this.#lendOne(pieces[next++], f)) return false
      return true
    } finally {
      for (; pieces !== undefined && next < pieces.length; next++) {
        const piece = pieces[next]
        this.#keep(piece instanceof ReceivedDatagram ? piece.copied() : piece, rest)
      }
      if (whole instanceof ReceivedDatagram) incoming.arena.giveBack(whole.data)
    }
  }

  #lendOne(outcome: Outcome | undefined, f: (outcome: Outcome) => boolean): boolean {
    this.counters.take()
    if (outcome !== undefined) return this.#deliver(outcome, f)
    this.counters.drop()
    return true
  }

  /** Descriptors of a datagram belong to its reader until the next read, or are kept until the datagram is delivered. */
  #retain(outcome: Outcome, how: "until the next read" | "until released"): void {
    if (this.#descriptors?.some === true && outcome instanceof ReceivedDatagram)
      this.#descriptors.keep(outcome.control, how)
  }

  /** Counts a datagram and calls `f` with it. Afterwards descriptors that `f` did not take are closed. */
  #deliver(outcome: Outcome, f: (outcome: Outcome) => boolean): boolean {
    this.count(outcome)
    if (this.#descriptors === undefined) return f(outcome)
    this.#retain(outcome, "until the next read")
    try {
      return f(outcome)
    } finally {
      this.handled(outcome)
    }
  }
}
