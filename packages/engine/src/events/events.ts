/**
 * What the kernel tells of one socket besides datagrams. The error queue is taken to its end whenever there is something in it, whether anybody
 * wants to know or not: left alone it wakes the event loop for ever, and takes room from the datagrams. What a program declared waits for its
 * reader, in bounded memory.
 */
import {
  type Endpoint,
  ErrorReports,
  type ExtendedError,
  type Family,
  PathMtuReports,
  SocketAddress,
  TransmitTimestamp
} from "@ancillary/control"
import type { Arena } from "../driver/Arena.ts"
import { type Driver, type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import * as Plan from "../plan/Plan.ts"
import type { ErrorReport, SocketEvent } from "./SocketEvent.ts"
import type { Connection } from "../socket/connection.ts"
import { type EventEntry, pseudoReader, queueReader, type ReadEvent } from "./eventReader.ts"
import { takeApart } from "./quoted.ts"
import type { SentControl } from "../send/sentControl.ts"
import { receivedMemory } from "../receive/receivedMemory.ts"
import { type NamedStamp, StampIds } from "./transmitStamps.ts"
import type { Waiters } from "../socket/waiters.ts"
import { hold, release } from "../socket/wakeUps.ts"

/** Events that wait for a reader; of more than that the oldest give way. */
const capacity = 256
/** Entries of the error queue that one call takes, and calls that are made at once: a flood is left to the next turn of the event loop. */
const slots = 16
const rounds = 64
/** Stamped sends after which the queue is looked at although nothing says that there is something: a program may only send. */
const stampedUnread = 32

/** What was in the error queue. */
interface Drained {
  readonly entries: number
  /** Errors that others said, and may be pending on the socket: also what cannot be read because it was not declared. */
  readonly others: number
  /** Errors in which this host says why a send failed. */
  readonly local: number
}

/** What was sent, or was to be. */
export interface Sent {
  readonly to: Endpoint<Family> | undefined
  readonly control: SentControl | undefined
  /** Bytes of the payload, which is at least as large as each of its datagrams. */
  readonly size: number
}

/** Whether an error queue is being taken, of whatever socket. */
let draining = false

type Kind = "others" | "local" | "stamp"

export class Events {
  taken = 0n
  received = 0n
  dropped = 0n
  ignored = 0n
  /** Whether the program declared any. */
  readonly declared: boolean
  /** Whether the kernel tells of errors that are not the peer's. */
  readonly reports: boolean
  /** Whether some come in place of a datagram, of which poll does not tell. */
  readonly inPlaceOfDatagrams: boolean

  #driver: Driver
  #native: NativeSocket
  #plan: Plan.Plan
  #connection: Connection
  #waiters: Waiters
  #incoming: () => Arena
  #arena: Arena | undefined
  #readQueue: ReadEvent
  #readPseudo: ReadEvent
  #waiting: Array<SocketEvent> = []
  #stamps = new StampIds()
  #stamped = 0
  #pending: Fault | undefined
  /** Bytes of the largest payload that was sent. */
  #largest: number

  constructor(options: {
    readonly driver: Driver
    readonly native: NativeSocket
    readonly plan: Plan.Plan
    readonly connection: Connection
    readonly waiters: Waiters
    /** The arena that datagrams are received in, for a look. */
    readonly incoming: () => Arena
    /** Whether others may have sent from the socket before. */
    readonly adopted: boolean
  }) {
    const { adopted, connection, driver, incoming, native, plan, waiters } = options
    this.#driver = driver
    this.#native = native
    this.#plan = plan
    this.#connection = connection
    this.#waiters = waiters
    this.#incoming = incoming
    this.#largest = adopted ? Infinity : 0
    this.#readQueue = queueReader(plan)
    this.#readPseudo = pseudoReader(plan)
    const declined = new Set(plan.declined.map(({ key }) => key))
    const events = plan.receiveEntries.filter(
      ({ format, declaration }) => format.event !== undefined && !declined.has(declaration.message.key)
    )
    this.declared = events.length > 0
    this.reports = events.some(({ declaration }) => declaration.message === ErrorReports)
    this.inPlaceOfDatagrams = events.some(({ format }) => format.event === "pseudoDatagram")
  }

  get unread(): number {
    return this.#waiting.length
  }

  /** All that wait, for one reader. */
  take(): ReadonlyArray<SocketEvent> {
    if (this.#waiting.length === 0 && this.declared) this.drain()
    const events = this.#waiting
    this.#waiting = []
    this.received += BigInt(events.length)
    return events
  }

  /** Takes the error queue. `to`: where the send went that has just failed, for what the kernel says of it. */
  drain(to?: Endpoint<Family>): Drained {
    // Called by a definition that reads an entry: the memory of the queue is every socket's.
    if (draining) return { entries: 0, others: 0, local: 0 }
    draining = true
    hold()
    try {
      return this.#drain(to)
    } finally {
      draining = false
      release()
    }
  }

  #drain(to: Endpoint<Family> | undefined): Drained {
    const arena = (this.#arena ??= this.#driver.arena(Plan.errorArena(this.#plan, slots)))
    const kinds = { others: 0, local: 0, stamp: 0 }
    let entries = 0
    this.#stamped = 0
    for (let round = 0; round < rounds; round++) {
      const count = this.#native.receiveErrors(arena, slots)
      if (isFault(count) || count === 0) break
      entries += count
      for (let slot = 0; slot < count; slot++) kinds[this.#enter(arena, slot, to)]++
    }
    return { entries, ...kinds }
  }

  /**
   * Whose a fault is, as the queue says: of an earlier send to somebody else, or of the very call that it failed (also a peer's refusal on a
   * connected socket); nothing where the queue does not say.
   */
  attributeError(to?: Endpoint<Family>): "another's" | "its own" | undefined {
    const { local, others } = this.drain(to)
    if (this.#connection.peer === undefined) return others > 0 ? "another's" : local > 0 ? "its own" : undefined
    // Linux: each entry that was read made the next one's error pending; all of them were one, and this fault was it.
    if (local === 0) this.#pending = undefined
    return "its own"
  }

  /** What the next call of a connected socket fails with, as it would have if the queue had not been taken meanwhile. */
  takePending(): Fault | undefined {
    const pending = this.#pending
    this.#pending = undefined
    return pending
  }

  /** After the event loop told of an error: whether that was of the queue alone, and no call has to find out. */
  attend(): boolean {
    const { entries } = this.drain()
    // An error that nobody's call takes would be told for ever.
    if (entries === 0 && !this.#waiters.reading && !this.#waiters.writing) this.look()
    return entries > 0 && this.#pending === undefined
  }

  /** Looks for what comes in place of a datagram, of which poll does not tell, leaving datagrams where they are. */
  look(): void {
    if (receivedMemory.isRead) return
    const arena = this.#incoming()
    const count = this.#native.receive(arena, 1, true)
    receivedMemory.isRead = true
    hold()
    try {
      if (count === 1) this.isInPlaceOfDatagram(arena, 0)
    } finally {
      receivedMemory.isRead = false
      release()
    }
    if (!isFault(count)) return
    // The socket's own error, which that call has taken: somebody else's, or the next call's.
    const { entries } = this.drain()
    if (this.#connection.peer !== undefined || (entries === 0 && !this.reports)) this.#pending = count
  }

  /** Whether a received slot holds an event in place of a datagram; if so, it is taken. */
  isInPlaceOfDatagram(arena: Arena, slot: number): boolean {
    if (!this.inPlaceOfDatagrams || arena.dataLength(slot) !== 0) return false
    const { parts } = this.#readPseudo(arena, slot, "ipv6")
    for (const { message, value } of parts) {
      if (message === PathMtuReports) {
        // What its definition reads, as everywhere below.
        const { destination, mtu } = value as PathMtuReports["event"]
        this.#offer({ _tag: "PathMtuReport", destination, mtu })
      } else this.#offer({ _tag: "UserEvent", key: message.key, value })
    }
    return parts.length > 0
  }

  /** After a call that was to send the datagrams of some slots, and did so many of them. */
  stamped(sent: ReadonlyArray<Sent>, first: number, slots: number, went: number): void {
    if (!this.declared) return
    // The one behind those that went was tried, too.
    for (let slot = first; slot < first + Math.min(went + 1, slots); slot++) {
      const { control, size = 0 } = sent[slot] ?? {}
      if (size > this.#largest) this.#largest = size
      const stamp = control?.stamp
      if (stamp === undefined) continue
      this.#stamps.sent(stamp.id, stamp.scheduled === true, slot < first + went)
      if (slot < first + went) this.#stamped++
    }
    // Not before all are known whose stamps may be there. What failed is followed by a look at the queue anyway, which knows where it went.
    if (went > 0 && this.#stamped >= stampedUnread) this.drain()
  }

  close(): void {
    this.#arena?.free()
    this.#arena = undefined
    this.dropped += BigInt(this.#waiting.length)
    this.#waiting = []
  }

  #enter(arena: Arena, slot: number, to: Endpoint<Family> | undefined): Kind {
    const length = arena.addressLength(slot)
    // Linux: a stamp has no name.
    const name =
      length === 0 ? undefined : SocketAddress.read(this.#plan.abi, arena.view, arena.addressAt(slot), length)
    const known = name !== undefined && "family" in name ? name : undefined
    const entry = this.#readQueue(arena, slot, known?.family ?? this.#plan.kind.family)
    let kind: Kind | undefined
    let stamp: { timestamp?: bigint; number?: number; stage?: string } = {}
    for (const { message, value } of entry.parts) {
      if (message === ErrorReports) {
        const error = value as ExtendedError
        kind = error.origin === "local" ? "local" : "others"
        const at = arena.dataAt(slot)
        const quote = arena.bytes.slice(at, at + Math.min(arena.dataLength(slot), arena.layout.dataBytes))
        this.#offer(
          this.#toReport(error, kind === "local" ? (to ?? this.#connection.peer ?? known) : known, quote, entry)
        )
      } else if (message === TransmitTimestamp) stamp = { ...stamp, ...(value as TransmitTimestamp["event"]) }
      else {
        // Nobody knows what it stands for.
        kind ??= "others"
        this.#offer({ _tag: "UserEvent", key: message.key, value })
      }
    }
    const { number, stage, timestamp } = stamp
    if (number !== undefined && timestamp !== undefined && (stage === "sent" || stage === "scheduled")) {
      this.#name(this.#stamps.tell({ number, stage, timestamp }))
      return "stamp"
    }
    if (kind === undefined) this.#ignore(1)
    return kind ?? "others"
  }

  #toReport(
    error: ExtendedError,
    destination: Endpoint<Family> | undefined,
    quote: Uint8Array,
    { packet }: EventEntry
  ): ErrorReport {
    const { code, errno, info: mtu, offender, origin, type } = error
    const name = this.#driver.errorName(errno)
    const { info } = packet
    const { none, some } = this.#plan.maybe
    const maybe = <A>(value: A | undefined) => (value === undefined ? none : some(value))
    const byIcmp = origin === "icmp" || origin === "icmp6"
    if (byIcmp && this.#connection.peer !== undefined) this.#pending = { syscall: "recvmsg", code: name, errno }
    return {
      _tag: "ErrorReport",
      origin: byIcmp ? origin : "local",
      code: name,
      errno,
      icmp: byIcmp ? some({ type, code }) : none,
      mtu: name === "EMSGSIZE" && mtu > 0 ? some(mtu) : none,
      offender: maybe(offender),
      // Linux: where this host says so, an IPv4 destination comes with port 0.
      destination:
        destination === undefined || destination.family === "unix" || destination.port === 0 ? none : some(destination),
      ...takeApart(error, quote, { largest: this.#largest, protocol: this.#plan.kind.protocol }),
      arrival:
        info === undefined ? none : some({ localAddress: info.destination, interfaceIndex: info.interfaceIndex }),
      hopLimit: maybe(packet.hopLimit),
      trafficClass: maybe(packet.trafficClass),
      // Linux: an error of this host has the time of reading.
      timestamp: byIcmp ? maybe(packet.timestamp) : none
    }
  }

  #name(stamps: ReadonlyArray<NamedStamp>): void {
    for (const stamp of stamps) this.#offer({ _tag: "TransmitTimestamp", ...stamp })
    this.#ignore(this.#stamps.lost)
    this.#stamps.lost = 0
  }

  #ignore(entries: number): void {
    this.taken += BigInt(entries)
    this.ignored += BigInt(entries)
  }

  #offer(event: SocketEvent): void {
    this.taken++
    if (this.#waiting.length === capacity) {
      this.#waiting.shift()
      this.dropped++
    }
    this.#waiting.push(event)
    this.#waiters.wakeAttending()
  }
}
