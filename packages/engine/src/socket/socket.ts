/**
 * One open socket: what it takes from the kernel, who waits for it, what is counted. Plain and synchronous; `socket.ts` makes effects of it.
 */
import { Coalescing, type Endpoint, type Family } from "@ancillary/control"
import { DatagramFault } from "../receive/DatagramFault.ts"
import { type Driver, type Fault, isFault, type NativeSocket, type Poll } from "../driver/Driver.ts"
import type * as Plan from "../plan/Plan.ts"
import { Calls } from "./syscalls.ts"
import { closeAll, undoing } from "../driver/closing.ts"
import type { Connection } from "./connection.ts"
import { Descriptors } from "../receive/descriptors.ts"
import { Events } from "../events/events.ts"
import { batchSlots, Incoming, type Outcome, ReceivedDatagram } from "../receive/incoming.ts"
import type { Live } from "./options.ts"
import { Memberships } from "./memberships.ts"
import { apart, isSizeless } from "../receive/coalesced.ts"
import { Outgoing } from "../send/outgoing.ts"
import { receivedMemory } from "../receive/receivedMemory.ts"
import { Served } from "./served.ts"
import { Waiters } from "./waiters.ts"

/**
 * Datagrams that came alone, one wake-up after the other, before a loop asks for one: a call that may bring more looks for the next in vain, which is a third
 * of its price (Linux). And wake-ups after which it looks again whether there are more.
 */
const alone = 2
const askedSingly = 4
/** Datagrams that the spec drops, or errors of earlier ones, that a look passes over before the event loop has its turn. */
const mostDropped = 64

/** Whether a borrower's function runs: what it calls must not receive into what it reads. */
let lending = false

export class Core {
  readonly plan: Plan.Plan
  readonly local: Endpoint<Family>
  /** The peer that it was opened with. */
  readonly peer: Endpoint<Family> | undefined
  /** The peer that it has now. */
  readonly connection: Connection
  readonly declined: ReadonlyArray<{ readonly key: string; readonly why: string }>
  readonly descriptor: number
  readonly waiters: Waiters
  readonly live: Live
  readonly memberships: Memberships
  readonly events: Events
  readonly calls: Calls
  readonly outgoing: Outgoing
  readonly served = new Served()
  readonly interfaces: Driver["interfaces"]
  closed = false

  // Numbers: a bigint for each datagram would cost as much as a control message.
  taken = 0
  /** Datagrams that readers were served, faults and dropped ones among them, and how many those were when this turn of the event loop began. */
  brought = 0
  turnFrom = 0
  received = 0
  dropped = 0
  readonly faults = { DataTruncated: 0, ControlTruncated: 0, ControlMissing: 0, ControlMalformed: 0 }
  /** What a reader gave back: the rest of a batch whose callback threw. Served before the kernel is asked. */
  unread: Array<Outcome> = []

  #driver: Driver
  #native: NativeSocket
  #poll: Poll
  #incoming: Incoming
  /** Where payloads are lent from, once somebody borrows. */
  #lent: Incoming | undefined
  /** Whether the last call of the kernel found that nothing more was there, or the event loop is to tell. */
  #drained = false
  /** Wake-ups in a row that brought one datagram; those that asked for no more are counted behind `alone`. */
  #single = 0
  #options: Omit<ConstructorParameters<typeof Incoming>[0], "purpose">
  #descriptors: Descriptors | undefined

  constructor(options: {
    readonly driver: Driver
    readonly plan: Plan.Plan
    readonly native: NativeSocket
    readonly poll: Poll
    readonly waiters: Waiters
    readonly local: Endpoint<Family>
    readonly connection: Connection
    readonly declined: Core["declined"]
    readonly live: Live
    /** Whether it was made elsewhere. */
    readonly adopted: boolean
  }) {
    const { driver, plan } = options
    // The very one where nothing more was declined: what is compiled from it is shared.
    this.plan = options.declined.length === plan.declined.length ? plan : { ...plan, declined: options.declined }
    this.local = options.local
    this.connection = options.connection
    this.peer = this.connection.peer
    this.declined = options.declined
    this.waiters = options.waiters
    this.live = options.live
    this.memberships = new Memberships(driver, options.native)
    this.events = new Events({ ...options, plan: this.plan, incoming: () => this.#incoming.arena })
    this.calls = new Calls(options.native, this.events, plan.abi.platform, this.connection)
    this.outgoing = new Outgoing({ ...options, plan: this.plan, calls: this.calls })
    this.#driver = driver
    this.interfaces = driver.interfaces
    this.descriptor = options.native.descriptor
    this.#native = options.native
    this.#poll = options.poll
    this.#options = { ...options, plan: this.plan }
    // Each has memory of the driver, which is shared by those that use it: one that is not made uses none.
    this.#incoming = undoing(
      () => this.outgoing.close(),
      () => new Incoming({ ...this.#options, purpose: "receive" })
    )
    this.#descriptors = plan.family === "unix" ? new Descriptors(driver, plan.maybe) : undefined
  }

  /**
   * Receives into so many slots; returns nothing if nothing is there. What was given back comes first, at most `most` of it. `exactly`: of several
   * that were merged, too, no more than `most` are returned, and the rest is given back.
   */
  take(slots: number, most = slots, exactly = most === 1): ReadonlyArray<Outcome> | Fault {
    this.#descriptors?.next()
    if (this.unread.length > 0) {
      const again = this.unread.splice(0, most)
      this.brought += again.length
      if (this.#descriptors !== undefined) keep(this.#descriptors, again, "until the next read")
      return again
    }
    if (receivedMemory.isRead) return []
    // Where all of a batch is dropped by policy, the next may be behind it; a flood of such is left to the next turn of the event loop.
    for (let batch = 0; batch < 64; batch++) {
      const count = this.calls.receive(this.#incoming.arena, slots, false)
      if (isFault(count) || count === 0) return isFault(count) ? count : []
      this.#drained = count < slots && this.#driver.batches
      const outcomes: Array<Outcome> = []
      const hand = (outcome: Outcome) => void outcomes.push(outcome)
      receivedMemory.isRead = true
      try {
        for (let slot = 0; slot < count; slot++) {
          if (this.events.isInPlaceOfDatagram(this.#incoming.arena, slot)) continue
          this.#enter(this.#outcome(this.#incoming, slot), hand)
        }
      } finally {
        receivedMemory.isRead = false
      }
      // Closed by a definition that read: what came with these is no one's.
      if (this.closed) this.#descriptors?.close()
      // What the spec drops takes its time as well.
      this.brought += Math.max(count, exactly ? 0 : outcomes.length)
      if (exactly && outcomes.length > most) this.giveBack(outcomes.splice(most))
      if (outcomes.length > 0) return outcomes
    }
    return []
  }

  /**
   * Hands over what one call brings, one by one, until `f` says that it has enough; the rest is the next reader's. Whether there may be more.
   */
  each(f: (outcome: Outcome) => boolean): boolean | Fault {
    this.#drained = false
    const wanted = this.#wanted()
    const taken = this.take(wanted, batchSlots)
    if (isFault(taken) || taken.length === 0) return isFault(taken) ? taken : false
    this.#brought(taken.length)
    // A callback may read again, which would close what came with the rest of this batch.
    const descriptors = taken.length > 1 && this.#descriptors?.some === true ? this.#descriptors : undefined
    if (descriptors !== undefined) keep(descriptors, taken, "until told")
    for (let i = 0; i < taken.length; i++) {
      const outcome = taken[i]
      if (descriptors !== undefined && outcome !== undefined) keep(descriptors, [outcome], "until the next read")
      if (outcome !== undefined && !f(outcome)) {
        this.giveBack(taken.slice(i + 1))
        break
      }
    }
    // Of what was given back the event loop knows nothing.
    return this.unread.length > 0 || (!this.#drained && wanted > 1)
  }

  /**
   * The same, with each payload where the kernel wrote it, for as long as `f` runs. The memory is every borrower's, so one that begins within
   * another's `f` finds nothing, and is told by the event loop.
   */
  lend(f: (outcome: Outcome) => boolean): boolean | Fault {
    if (lending || receivedMemory.isRead) return false
    if (this.unread.length > 0) return this.each(f)
    this.#descriptors?.next()
    const incoming = (this.#lent ??= new Incoming({ ...this.#options, purpose: "borrow" }))
    const wanted = this.#wanted()
    const count = this.calls.receive(incoming.arena, wanted, false)
    if (isFault(count) || count === 0) return isFault(count) ? count : false
    this.#brought(count)
    const before = this.taken
    const rest: Array<Outcome> = []
    let enough = false
    const hand = (outcome: Outcome) => {
      if (!enough) enough = !f(outcome)
      else rest.push(outcome instanceof ReceivedDatagram ? outcome.copied() : outcome)
    }
    lending = true
    try {
      for (let slot = 0; slot < count; slot++) {
        if (this.events.isInPlaceOfDatagram(incoming.arena, slot)) continue
        const borrowed = !enough
        const whole = this.#outcome(incoming, slot, borrowed)
        this.#enter(whole, hand)
        if (borrowed && whole instanceof ReceivedDatagram) incoming.arena.giveBack(whole.data)
      }
    } finally {
      lending = false
      this.brought += Math.max(count, this.taken - before)
    }
    if (rest.length > 0) this.giveBack(rest)
    // Closed within `f`: what came with the rest is nobody's.
    if (this.closed) this.#descriptors?.close()
    return count === batchSlots || !this.#driver.batches
  }

  #wanted(): number {
    return this.#single < alone || this.#single === alone + askedSingly ? batchSlots : 1
  }

  #brought(count: number): void {
    if (!this.#driver.batches) return
    this.#single = count > 1 ? 0 : this.#single === alone + askedSingly ? alone : this.#single + 1
  }

  /** What the next `take` would bring, left where it is; what the spec drops is taken on the way, `later` where that took its turn. */
  peek(): Outcome | undefined | Fault | "later" {
    this.#descriptors?.next()
    if (receivedMemory.isRead) return "later"
    for (let dropped = 0; dropped < mostDropped; dropped++) {
      const [first] = this.unread
      if (first !== undefined) return first
      const seen = this.calls.receive(this.#incoming.arena, 1, true)
      if (isFault(seen)) return seen
      if (seen === 0) return undefined
      // Linux: looking at one takes it.
      if (this.events.isInPlaceOfDatagram(this.#incoming.arena, 0)) continue
      const outcome = this.#outcome(this.#incoming, 0)
      const next = this.plan.splits && outcome instanceof ReceivedDatagram ? apart(this.plan, outcome)[0] : outcome
      if (next !== undefined) return next
      const count = this.calls.receive(this.#incoming.arena, 1, false)
      if (isFault(count)) return count
      if (count === 0) continue
      // Read anew: it brings its descriptors a second time, and may be another one where processes share the socket.
      const taken: Array<Outcome> = []
      this.#enter(this.#outcome(this.#incoming, 0), (outcome) => taken.push(outcome))
      this.giveBack(taken)
    }
    return "later"
  }

  /**
   * Whether something is there to be read, also an error that does not come to an end. Asked with no room at all, so that nothing that comes with it
   * is installed.
   */
  isWaiting(): boolean {
    if (this.events.inPlaceOfDatagrams) this.events.look()
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
        // What a peer said of an earlier datagram comes before what is queued, and once.
        const kind = this.calls.classOf(count)
        if (kind === "end") return false
        if (kind === "earlier" || kind === "prohibition") this.calls.errors++
      }
      return true
    } finally {
      arena.free()
    }
  }

  /** A callback has returned: of its datagram's descriptors, those that it did not take are closed. */
  handled(outcome: ReceivedDatagram): void {
    this.#descriptors?.handled(outcome.control)
  }

  /** The reader has it: from here on it is counted as handed over. */
  count(outcome: Outcome): void {
    if (outcome instanceof DatagramFault) this.faults[outcome.reason]++
    else this.received++
  }

  /** What a reader did not come to: the next one gets it. */
  giveBack(rest: ReadonlyArray<Outcome>): void {
    if (this.closed) this.dropped += rest.length
    else this.unread = [...rest, ...this.unread]
    if (this.#descriptors !== undefined) keep(this.#descriptors, rest, "until told")
    if (this.unread.length > 0) this.waiters.wakeReaders()
  }

  /** Takes what is queued in the kernel and keeps it for the next reader, at most 64 batches. It is not a read: descriptors stay open. */
  keepQueued(): void {
    if (receivedMemory.isRead) return
    const kept = this.unread
    this.unread = []
    for (let batch = 0; batch < 64; batch++) {
      const count = this.calls.receive(this.#incoming.arena, batchSlots, false)
      if (isFault(count) && this.calls.after(count) !== "end") continue
      if (isFault(count) || count === 0) break
      for (let slot = 0; slot < count; slot++)
        this.#enter(this.#outcome(this.#incoming, slot), (outcome) => void kept.push(outcome))
    }
    this.giveBack(kept)
  }

  /** What a slot holds, and whose the descriptors are that came with it. */
  #outcome(incoming: Incoming, slot: number, borrowed = false): Outcome | undefined {
    const nested = receivedMemory.isRead
    receivedMemory.isRead = true
    const outcome = incoming.read(slot, borrowed)
    receivedMemory.isRead = nested
    if (this.#descriptors !== undefined) {
      const { arena } = incoming
      const carried = outcome instanceof ReceivedDatagram ? outcome.control : undefined
      this.#descriptors.settle(carried, arena.view, arena.controlAt(slot), arena.controlLength(slot))
    }
    return outcome
  }

  /** Counts what a slot held, and hands it over: one, or as many as were merged into it. */
  #enter(outcome: Outcome | undefined, hand: (outcome: Outcome) => void): void {
    if (this.plan.splits && outcome instanceof ReceivedDatagram) {
      for (const each of apart(this.plan, outcome)) {
        if (isSizeless(each)) this.#stopMerging()
        this.#enterOne(each, hand)
      }
    } else this.#enterOne(outcome, hand)
  }

  #enterOne(outcome: Outcome | undefined, hand: (outcome: Outcome) => void): void {
    this.taken++
    if (outcome === undefined) this.dropped++
    else hand(outcome)
  }

  /** Of every request of that message, the opposite; what is refused stays on, and each such payload is a fault. */
  #stopMerging(): void {
    for (const { askers, ...call } of this.plan.options)
      if ("level" in call && askers.some(({ key }) => key === Coalescing.key))
        this.#native.setOption(call.level, call.option, new Uint8Array(call.value.length))
  }

  /** What the event loop shall report: asked for while somebody waits, and given up when it reports to nobody. */
  watch(): void {
    const { attending, reading, writing } = this.waiters
    if (!this.closed) this.#poll.update(reading, writing, attending && this.events.declared)
  }

  /** What the event loop reports. `failed`: an error is pending, or the error queue has something. */
  ready(readable: boolean, writable: boolean, failed: boolean): void {
    // What the queue had is no reason to read or to send: where there is another, the event loop says so again.
    if (!failed || !this.events.attend()) {
      if (readable) this.waiters.wakeReader()
      if (writable) this.waiters.wakeWriters()
    }
    this.watch()
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.dropped += this.unread.length
    this.unread = []
    closeAll([
      () => this.memberships.close(),
      () => this.#poll.close(),
      () => this.#native.close(),
      () => this.#descriptors?.close(),
      () => this.#incoming.arena.free(),
      () => this.#lent?.arena.free(),
      () => this.outgoing.close(),
      () => this.events.close(),
      () => this.waiters.close()
    ])
  }
}

const keep = (
  descriptors: Descriptors,
  outcomes: ReadonlyArray<Outcome>,
  how: "until the next read" | "until told"
): void => {
  for (const outcome of outcomes) if (outcome instanceof ReceivedDatagram) descriptors.keep(outcome.control, how)
}
