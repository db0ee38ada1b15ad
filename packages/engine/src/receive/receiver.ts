/**
 * Takes datagrams from the kernel and hands them over. All ways to read share one way from a slot to an outcome, and one set of counters.
 *
 * A callback or a definition of the program may read, send or close in the middle of a batch. The batch stays its reader's and is counted as unread
 * until it is handed over, so a nested read gets what is behind it, and the accounts balance.
 */
import { Coalescing, type Endpoint, type Family } from "@ancillary/control"
import { type Driver, type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import { closeAll } from "../driver/closing.ts"
import type * as Plan from "../plan/Plan.ts"
import type { Connection } from "../socket/connection.ts"
import type { Calls } from "../socket/syscalls.ts"
import { hold, release } from "../socket/wakeUps.ts"
import type { Events } from "../events/events.ts"
import { apart, isSizeless } from "./coalesced.ts"
import type { ReceiveCounters } from "./counters.ts"
import { DatagramFault } from "./DatagramFault.ts"
import { Descriptors } from "./descriptors.ts"
import { batchSlots, Incoming, type Outcome, ReceivedDatagram } from "./incoming.ts"
import { receivedMemory } from "./receivedMemory.ts"
import { Unread } from "./unread.ts"

/**
 * Datagrams that came alone, one wake-up after the other, before a loop asks for one: a call that may bring more looks for the next in vain, which is a
 * third of its price (Linux). And wake-ups after which it looks again whether there are more.
 */
const singlesBeforeProbing = 2
const probeInterval = 4
/** Datagrams that the spec drops, or errors of earlier ones, that a look passes over before the event loop has its turn. */
const mostDropped = 64
/** Batches that are taken at once where all of each is dropped: a flood of them is left to the next turn of the event loop. */
const mostBatches = 64
/** Datagrams that readers are served before the event loop sees to timers and to other sockets. */
const perTurn = 256

/**
 * The wait that is due before a receive: until the socket is readable, or for so many milliseconds; 0 is the next turn of the event loop.
 *
 * @category sockets
 * @since 0.1.0
 */
export type ReceiveWait = "readable" | number

/** A batch that is lent: its reader, and copies of what the reader did not come to. */
interface Loan {
  readonly f: (outcome: Outcome) => boolean
  readonly isWanted: (() => boolean) | undefined
  readonly rest: Array<Outcome>
}

/** A slot that held an event, and no datagram. */
const event = Symbol("event")

/** Whether memory is lent to a callback: what it calls must not receive into it. */
let lending = false

export class Receiver {
  readonly counters: ReceiveCounters
  /** What readers put back: served before the kernel is asked. */
  readonly #unread = new Unread()
  /** Datagrams of batches that are being read or handed over. */
  #held = 0

  #plan: Plan.Plan
  #driver: Driver
  #native: NativeSocket
  #connection: Connection
  #events: Events
  #calls: Calls
  #onPutBack: () => void
  #incoming: Incoming
  /** Memory that payloads are lent from. Absent before the first loan. */
  #lent: Incoming | undefined
  #descriptors: Descriptors | undefined
  /** Whether the last call of the kernel found that nothing more was there, or the event loop will report it. */
  #drained = false
  /** Wake-ups in a row that brought one datagram; those that asked for no more are counted behind `singlesBeforeProbing`. */
  #single = 0
  #closed = false

  constructor(options: {
    readonly driver: Driver
    readonly plan: Plan.Plan
    readonly native: NativeSocket
    readonly connection: Connection
    readonly events: Events
    readonly calls: Calls
    readonly counters: ReceiveCounters
    /** Called when datagrams are unread that the event loop does not report. */
    readonly onPutBack: () => void
  }) {
    const { connection, driver, plan } = options
    this.counters = options.counters
    this.#plan = plan
    this.#driver = driver
    this.#native = options.native
    this.#connection = connection
    this.#events = options.events
    this.#calls = options.calls
    this.#onPutBack = options.onPutBack
    this.#incoming = new Incoming({ driver, plan, connection, purpose: "receive" })
    this.#descriptors = plan.family === "unix" ? new Descriptors(driver, plan.maybe) : undefined
  }

  /** The arena that datagrams are received in. */
  get arena(): Incoming["arena"] {
    return this.#incoming.arena
  }

  /** Datagrams that were taken and not handed over. */
  get unread(): number {
    return this.#unread.length + this.#held
  }

  /** Whether there are datagrams for the next reader that the event loop does not report. */
  get hasUnread(): boolean {
    return this.#unread.length > 0
  }

  /** Whether the socket has had its turn of the event loop. */
  get isTurnSpent(): boolean {
    return this.counters.servedInTurn >= perTurn
  }

  /**
   * The wait that is due before the next receive: a pause after receives that failed, or the next turn of the event loop if this one is spent. The poll
   * reports the next turn within microseconds, but not the datagrams that are unread.
   */
  due(): ReceiveWait | undefined {
    const pause = this.#calls.takePause()
    if (pause > 0) return pause
    if (!this.isTurnSpent) return undefined
    return this.hasUnread ? 0 : "readable"
  }

  /** Takes one datagram; `undefined` if nothing is there. `count` or `drop` accounts for it. */
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
      outcome = batch[0]
      if (batch.length > 1) this.#putBack(batch.slice(1))
    }
    if (outcome !== undefined) this.#retain(outcome, "until the next read")
    return outcome
  }

  /** Takes what one call brings, and counts it. `most`: at most so many, also of those that the kernel merged. */
  batch(most?: number): ReadonlyArray<Outcome> | Fault {
    this.#descriptors?.next()
    const limit = most ?? batchSlots
    let taken: ReadonlyArray<Outcome> | Fault
    if (this.hasUnread) {
      taken = this.#unread.take(limit)
      this.counters.serve(taken.length)
    } else {
      taken = this.#fill(Math.min(limit, batchSlots), most !== undefined)
      if (isFault(taken)) return taken
      this.#held -= taken.length
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
   * Hands over what one call brings, one by one, until `f` returns false or throws; the rest is the next reader's. Returns whether there may be more.
   * `isWanted`: asked before each, because a definition that reads may end the reader.
   */
  each(f: (outcome: Outcome) => boolean, isWanted?: () => boolean): boolean | Fault {
    this.#descriptors?.next()
    this.#drained = false
    const wanted = this.#slotsToRequest()
    let batch: ReadonlyArray<Outcome> | Fault
    if (this.hasUnread) {
      batch = this.#unread.take(batchSlots)
      this.#held += batch.length
      this.counters.serve(batch.length)
    } else {
      batch = this.#fill(wanted, false)
      if (isFault(batch) || batch.length === 0) return isFault(batch) ? batch : false
    }
    this.#noteBatch(batch.length)
    let next = 0
    try {
      for (let goesOn = true; goesOn && next < batch.length;) {
        if (isWanted?.() === false) break
        const outcome = batch[next++]
        this.#held--
        if (outcome !== undefined) goesOn = this.#hand(outcome, f)
      }
    } finally {
      this.#held -= batch.length - next
      if (next < batch.length) this.#putBack(batch.slice(next))
    }
    // Of what was put back the event loop knows nothing.
    return this.hasUnread || (!this.#drained && wanted > 1)
  }

  /**
   * The same, with each payload where the kernel wrote it, for as long as `f` runs. All sockets share the memory, so a loan within another's `f` finds
   * nothing; the event loop reports it again.
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
      const count = this.#calls.receive(incoming.arena, this.#slotsToRequest(), false)
      if (isFault(count) || count === 0) return isFault(count) ? count : false
      this.#noteBatch(count)
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
      // Closed within `f`: what came with the rest has no reader.
      if (this.#closed) this.#descriptors?.close()
    }
  }

  /** The next datagram, left where it is; what the spec drops is taken on the way. `later` if that took the turn of the event loop. */
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
      // Linux: looking at one takes it.
      if (outcome === event) continue
      const next =
        this.#plan.splitCoalesced && outcome instanceof ReceivedDatagram ? apart(this.#plan, outcome)[0] : outcome
      if (next !== undefined) return next
      // Read anew: it brings its descriptors a second time, and may be another one where processes share the socket.
      const taken = this.#fill(1, true, 1)
      if (isFault(taken)) return taken
      this.#append(taken)
    }
    return "later"
  }

  /** Accounts for a datagram that is handed over. */
  count(outcome: Outcome): void {
    if (outcome instanceof DatagramFault) this.counters.fault(outcome.reason)
    else this.counters.hand()
  }

  /** Closes the descriptors of a datagram that were not taken: its callback has returned, or it is not handed over. */
  handled(outcome: Outcome): void {
    if (outcome instanceof ReceivedDatagram) this.#descriptors?.handled(outcome.control)
  }

  /**
   * Whether something is there to be read, also an error that does not come to an end. Asked with no room at all, so that nothing that comes with it
   * is installed.
   */
  isWaiting(): boolean {
    if (this.#events.inPlaceOfDatagrams) this.#events.look()
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
        // An error that a peer caused comes before what is queued, and once.
        const kind = this.#calls.classOf(count)
        if (kind === "end") return false
        if (kind === "earlier" || kind === "prohibition") this.counters.passOver()
      }
      return true
    } finally {
      arena.free()
    }
  }

  /** Takes what is queued in the kernel and keeps it for the next reader, at most 64 batches. It is not a read: descriptors stay open. */
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
    // What is being read at the moment is its reader's.
    this.counters.drop(this.#unread.length)
    this.#unread.clear()
    closeAll([() => this.#descriptors?.close(), () => this.#incoming.arena.free(), () => this.#lent?.arena.free()])
  }

  /** What a reader did not come to: the next one gets it. */
  #putBack(rest: ReadonlyArray<Outcome>): void {
    if (this.#closed) return this.counters.drop(rest.length)
    for (const outcome of rest) this.#retain(outcome, "until told")
    this.#unread.putBack(rest)
    this.#onPutBack()
  }

  /** Keeps what was not read for a reader, behind what is unread. */
  #append(outcomes: ReadonlyArray<Outcome>): void {
    this.#held -= outcomes.length
    if (this.#closed) return this.counters.drop(outcomes.length)
    for (const outcome of outcomes) this.#unread.push(outcome)
    if (outcomes.length > 0) this.#onPutBack()
  }

  /**
   * Takes what a call brings, which is held from here on; an empty batch if nothing is there. `exactly`: those that were merged count as the one that
   * was asked for, since the rest is served later.
   */
  #fill(slots: number, exactly: boolean, most = mostBatches): ReadonlyArray<Outcome> | Fault {
    const outcomes: Array<Outcome> = []
    if (receivedMemory.isRead) return outcomes
    const { arena } = this
    hold()
    try {
      // If all of a batch is dropped by policy, the next may be behind it.
      for (let batch = 0; batch < most && outcomes.length === 0; batch++) {
        const count = this.#calls.receive(arena, slots, false)
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
        // Closed by a definition that read: what came with these has no reader.
        if (this.#closed) this.#descriptors?.close()
        // What the spec drops takes its time as well.
        this.counters.serve(Math.max(count, exactly ? 0 : this.counters.taken - before))
      }
    } finally {
      release()
    }
    return outcomes
  }

  /** What a slot holds, and the owner of the descriptors that came with it. A definition of the program may run. */
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

  /** Reads a slot into a batch: one datagram, or as many as were merged into it. */
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
    const pieces = apart(this.#plan, merged)
    if (isSizeless(pieces[0])) this.#stopMerging()
    return pieces
  }

  #keep(outcome: Outcome | undefined, into: Array<Outcome>): void {
    this.counters.take()
    if (outcome === undefined) return this.counters.drop()
    into.push(outcome)
    this.#held++
    this.#retain(outcome, "until told")
  }

  /** Lends what a slot holds; copies of what `f` did not come to go into `rest`. Returns whether `f` takes more. */
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
    if (outcome !== undefined) return this.#hand(outcome, f)
    this.counters.drop()
    return true
  }

  /** Descriptors of a datagram are its reader's until the next read, or kept until it is handed over. */
  #retain(outcome: Outcome, how: "until the next read" | "until told"): void {
    if (this.#descriptors?.some === true && outcome instanceof ReceivedDatagram)
      this.#descriptors.keep(outcome.control, how)
  }

  /** Counts a datagram and calls `f` with it. Descriptors that `f` did not take are closed behind it. */
  #hand(outcome: Outcome, f: (outcome: Outcome) => boolean): boolean {
    this.count(outcome)
    if (this.#descriptors === undefined) return f(outcome)
    this.#retain(outcome, "until the next read")
    try {
      return f(outcome)
    } finally {
      this.handled(outcome)
    }
  }

  #slotsToRequest(): number {
    return this.#single < singlesBeforeProbing || this.#single === singlesBeforeProbing + probeInterval ? batchSlots : 1
  }

  #noteBatch(count: number): void {
    if (!this.#driver.batches) return
    if (count > 1) this.#single = 0
    else this.#single = this.#single === singlesBeforeProbing + probeInterval ? singlesBeforeProbing : this.#single + 1
  }

  /** Sets the opposite of every request of that message. If that is refused, each such payload is a fault. */
  #stopMerging(): void {
    for (const { requestedBy, ...call } of this.#plan.options)
      if ("level" in call && requestedBy.some(({ key }) => key === Coalescing.key))
        this.#native.setOption(call.level, call.option, new Uint8Array(call.value.length))
  }
}
