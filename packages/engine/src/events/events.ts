/**
 * Events of one socket, which the kernel reports besides datagrams. The error queue is drained whenever it has an entry, with or without a
 * reader. Otherwise it would wake the event loop without end, and use the room of datagrams. Declared events wait for their reader, in
 * bounded memory.
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
import { oncePerPlan } from "../plan/memoize.ts"
import * as Plan from "../plan/Plan.ts"
import type { ErrorReport, SocketEvent } from "./SocketEvent.ts"
import type { Connection } from "../socket/connection.ts"
import { type EventEntry, pseudoReader, queueReader } from "./eventReader.ts"
import { takeApart } from "./quoted.ts"
import type { SentControl } from "../send/sentControl.ts"
import { receivedMemory } from "../receive/receivedMemory.ts"
import { type NamedStamp, StampIds } from "./transmitStamps.ts"
import type { Waiters } from "../socket/waiters.ts"
import { hold, release } from "../socket/wakeUps.ts"

/** Maximum number of events that wait for a reader. The oldest are dropped first. */
const capacity = 256
/** Error queue entries of one call, and calls in a row. The rest of a flood waits for the next turn of the event loop. */
const slots = 16
const rounds = 64
/** Number of stamped sends after which the error queue is read without a report, because a program may only send. */
const stampedUnread = 32

/** Entries of the error queue, by kind. */
interface Drained {
  readonly entries: number
  /**
   * Errors that others reported, which may be pending on the socket. Entries that cannot be decoded, because they are not declared, count
   * too.
   */
  readonly others: number
  /** Errors in which this host reports why a send failed. */
  readonly local: number
}

/** A message that was sent, or was to be sent. */
export interface Sent {
  readonly to: Endpoint<Family> | undefined
  readonly control: SentControl | undefined
  /** Size of the payload in bytes, which is at least the size of each of its datagrams. */
  readonly size: number
}

/** True while an error queue of any socket is being drained. */
let draining = false

interface EventSource {
  readonly driver: Driver
  /** True if others may have sent from the socket before. */
  readonly adopted: boolean
}

/** The part of a socket that receives datagrams, for a peek. It is made after the events. */
interface Incoming {
  readonly receiver: { readonly arena: Arena }
}

/** The parts of a socket that its events use. */
interface EventSocket extends Incoming {
  readonly native: NativeSocket
  readonly plan: Plan.Plan
  readonly connection: Connection
  readonly waiters: Waiters
}

/** Stands for the events of a socket that has none. Nothing is added to it. */
const none: Array<SocketEvent> = []

/** The events that a plan declares. */
const declaredEvents = oncePerPlan((plan) => {
  const declined = new Set(plan.declined.map(({ key }) => key))
  const events = plan.receiveEntries.filter(
    ({ format, declaration }) => format.event !== undefined && !declined.has(declaration.message.key)
  )
  return {
    declared: events.length > 0,
    reports: events.some(({ declaration }) => declaration.message === ErrorReports),
    inPlaceOfDatagrams: events.some(({ format }) => format.event === "pseudoDatagram")
  }
})

type Kind = "others" | "local" | "stamp"

export class Events {
  taken = 0n
  received = 0n
  dropped = 0n
  ignored = 0n
  /** True if the program declared any events. */
  readonly declared: boolean
  /** True if the kernel reports errors that are not the peer's. */
  readonly reports: boolean
  /** True if some events arrive in place of a datagram. The poll does not report them. */
  readonly inPlaceOfDatagrams: boolean

  #driver: Driver
  #native: NativeSocket
  #plan: Plan.Plan
  #connection: Connection
  #waiters: Waiters
  #incoming: Incoming
  #arena: Arena | undefined
  #waiting: Array<SocketEvent> = none
  #stamps: StampIds | undefined
  #stamped = 0
  #pending: Fault | undefined
  /** Size of the largest payload that was sent, in bytes. */
  #largest: number

  constructor({ adopted, driver }: EventSource, socket: EventSocket) {
    this.#driver = driver
    this.#native = socket.native
    this.#plan = socket.plan
    this.#connection = socket.connection
    this.#waiters = socket.waiters
    this.#incoming = socket
    this.#largest = adopted ? Infinity : 0
    const { declared, inPlaceOfDatagrams, reports } = declaredEvents(socket.plan)
    this.declared = declared
    this.reports = reports
    this.inPlaceOfDatagrams = inPlaceOfDatagrams
  }

  get unread(): number {
    return this.#waiting.length
  }

  /** Takes all waiting events, for one reader. */
  take(): ReadonlyArray<SocketEvent> {
    if (this.#waiting.length === 0 && this.declared) this.drain()
    const events = this.#waiting
    this.#waiting = none
    this.received += BigInt(events.length)
    return events
  }

  /** Drains the error queue. `to` is the destination of a send that has just failed, for the report of its error. */
  drain(to?: Endpoint<Family>): Drained {
    // A definition that decodes an entry called it. All sockets share the memory of the queue.
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
   * Attributes a fault by the error queue: to an earlier send to another peer, or to the call that it failed. A peer's refusal on a
   * connected socket also belongs to the call. Returns `undefined` if the queue does not explain it.
   */
  attributeError(to?: Endpoint<Family>): "another's" | "its own" | undefined {
    const { local, others } = this.drain(to)
    if (this.#connection.peer === undefined) return others > 0 ? "another's" : local > 0 ? "its own" : undefined
    // Linux: each entry that was read made the error of the next one pending. All of them were one error, and this fault is it.
    if (local === 0) this.#pending = undefined
    return "its own"
  }

  /** Returns the fault that the next call of a connected socket would have failed with if the queue had not been drained. */
  takePending(): Fault | undefined {
    const pending = this.#pending
    this.#pending = undefined
    return pending
  }

  /** Handles an error that the event loop reported. Returns true if it was only of the queue, so no call has to fetch it. */
  onErrorQueueReady(): boolean {
    const { entries } = this.drain()
    // If no call fetched the error, the event loop would report it without end.
    if (entries === 0 && !this.#waiters.reading && !this.#waiters.writing) this.peekPseudoDatagram()
    return entries > 0 && this.#pending === undefined
  }

  /** Peeks for an event in place of a datagram, which the poll does not report. Datagrams stay in the queue. */
  peekPseudoDatagram(): void {
    if (receivedMemory.isRead) return
    const arena = this.#incoming.receiver.arena
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
    // That call has consumed the socket's own error. It belongs to another peer, or to the next call.
    const { entries } = this.drain()
    if (this.#connection.peer !== undefined || (entries === 0 && !this.reports)) this.#pending = count
  }

  /** Returns true if a received slot holds an event in place of a datagram, and takes the event. */
  isInPlaceOfDatagram(arena: Arena, slot: number): boolean {
    if (!this.inPlaceOfDatagrams || arena.dataLength(slot) !== 0) return false
    const { parts } = pseudoReader(this.#plan)(arena, slot, "ipv6")
    for (const { message, value } of parts) {
      if (message === PathMtuReports) {
        // The result of its definition, as everywhere below.
        const { destination, mtu } = value as PathMtuReports["event"]
        this.#offer({ _tag: "PathMtuReport", destination, mtu })
      } else this.#offer({ _tag: "UserEvent", key: message.key, value })
    }
    return parts.length > 0
  }

  /** Records a send call: the datagrams of its slots, and the number that it sent. */
  stamped(sent: ReadonlyArray<Sent>, first: number, slots: number, went: number): void {
    if (!this.declared) return
    // The datagram after the sent ones was tried too.
    for (let slot = first; slot < first + Math.min(went + 1, slots); slot++) {
      const { control, size = 0 } = sent[slot] ?? {}
      if (size > this.#largest) this.#largest = size
      const stamp = control?.stamp
      if (stamp === undefined) continue
      this.#stamps ??= new StampIds()
      this.#stamps.sent(stamp.id, stamp.scheduled === true, slot < first + went)
      if (slot < first + went) this.#stamped++
    }
    // Only after all sends are recorded whose stamps may be queued. After a failed send the queue is drained anyway, and its destination is
    // known there.
    if (went > 0 && this.#stamped >= stampedUnread) this.drain()
  }

  close(): void {
    this.#arena?.free()
    this.#arena = undefined
    this.dropped += BigInt(this.#waiting.length)
    this.#waiting = none
  }

  #enter(arena: Arena, slot: number, to: Endpoint<Family> | undefined): Kind {
    const length = arena.addressLength(slot)
    // Linux: a stamp has no address.
    const name =
      length === 0 ? undefined : SocketAddress.read(this.#plan.abi, arena.view, arena.addressAt(slot), length)
    const known = name !== undefined && "family" in name ? name : undefined
    const entry = queueReader(this.#plan)(arena, slot, known?.family ?? this.#plan.kind.family)
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
        // The meaning of a message that the program defines is unknown.
        kind ??= "others"
        this.#offer({ _tag: "UserEvent", key: message.key, value })
      }
    }
    const { number, stage, timestamp } = stamp
    if (number !== undefined && timestamp !== undefined && (stage === "sent" || stage === "scheduled")) {
      const stamps = (this.#stamps ??= new StampIds())
      this.#name(stamps, stamps.tell({ number, stage, timestamp }))
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
      // Linux: if this host reports the error, an IPv4 destination has port 0.
      destination:
        destination === undefined || destination.family === "unix" || destination.port === 0 ? none : some(destination),
      ...takeApart(error, quote, { largest: this.#largest, protocol: this.#plan.kind.protocol }),
      arrival:
        info === undefined ? none : some({ localAddress: info.destination, interfaceIndex: info.interfaceIndex }),
      hopLimit: maybe(packet.hopLimit),
      trafficClass: maybe(packet.trafficClass),
      // Linux: an error of this host has the time of the read.
      timestamp: byIcmp ? maybe(packet.timestamp) : none
    }
  }

  #name(stamps: StampIds, named: ReadonlyArray<NamedStamp>): void {
    for (const stamp of named) this.#offer({ _tag: "TransmitTimestamp", ...stamp })
    this.#ignore(stamps.lost)
    stamps.lost = 0
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
    if (this.#waiting === none) this.#waiting = []
    this.#waiting.push(event)
    this.#waiters.wakeAttending()
  }
}
