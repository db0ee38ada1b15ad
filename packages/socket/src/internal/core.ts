/**
 * One open socket: what it takes from the kernel, who waits for it, what is counted. Plain and synchronous; `socket.ts` makes effects of it.
 */
import { type Endpoint, type Family, Codec, Ipv4Address, type PacketInfo, SocketAddress } from "@ancillary/control"
import { Option } from "effect"
import { type Arena, ReceiveFlags } from "../Arena.ts"
import { DatagramFault } from "../DatagramError.ts"
import { type Driver, type Fault, isFault, type NativeSocket, type Watch } from "../Driver.ts"
import * as Plan from "../Plan.ts"
import { Calls } from "./calls.ts"
import { ControlFault, type Decode, decoder } from "./decoder.ts"
import { Descriptors } from "./descriptors.ts"
import { Events } from "./events.ts"
import type { Live } from "./live.ts"
import { Memberships } from "./memberships.ts"
import { Outgoing } from "./outgoing.ts"
import { Waiters } from "./waiters.ts"

/** A datagram before its types: `Datagram<F, D>` for the spec that was bound. */
export class ReceivedDatagram {
  readonly data: Uint8Array
  readonly from: Endpoint<Family>
  readonly control: { readonly [key: string]: unknown }
  readonly delivery: "unicast" | "multicast" | "broadcast" | "unknown"
  readonly truncated: Option.Option<{ readonly size: Option.Option<number> }>

  constructor(
    data: Uint8Array,
    from: Endpoint<Family>,
    control: { readonly [key: string]: unknown },
    delivery: ReceivedDatagram["delivery"],
    truncated: ReceivedDatagram["truncated"]
  ) {
    this.data = data
    this.from = from
    this.control = control
    this.delivery = delivery
    this.truncated = truncated
  }
}

export type Outcome = ReceivedDatagram | DatagramFault

/** Datagrams that one call asks for where a reader takes what comes. */
export const batchSlots = 64

export class Core {
  readonly plan: Plan.Plan
  readonly local: Endpoint<Family>
  readonly peer: Endpoint<Family> | undefined
  readonly declined: ReadonlyArray<{ readonly key: string; readonly why: string }>
  readonly descriptor: number
  readonly waiters: Waiters
  readonly live: Live
  readonly memberships: Memberships
  readonly events: Events
  readonly calls: Calls
  readonly outgoing: Outgoing
  closed = false

  taken = 0n
  received = 0n
  dropped = 0n
  readonly faults = { DataTruncated: 0n, ControlTruncated: 0n, ControlMissing: 0n, ControlMalformed: 0n }
  /** What a reader gave back: the rest of a batch whose callback threw. Served before the kernel is asked. */
  unread: Array<Outcome> = []

  #driver: Driver
  #native: NativeSocket
  #watch: Watch
  #incoming: Arena
  #decode: Decode
  #descriptors: Descriptors | undefined
  /** What the kernel calls the peer: a program may write a path or an address in another way. */
  #sender: Endpoint<Family> | undefined

  constructor(options: {
    readonly driver: Driver
    readonly plan: Plan.Plan
    readonly native: NativeSocket
    readonly watch: Watch
    readonly waiters: Waiters
    readonly local: Endpoint<Family>
    readonly peer: Endpoint<Family> | undefined
    readonly sender: Endpoint<Family> | undefined
    readonly declined: Core["declined"]
    readonly live: Live
  }) {
    const { driver, plan } = options
    this.plan = { ...plan, declined: options.declined }
    this.local = options.local
    this.peer = options.peer
    this.#sender = options.sender
    this.declined = options.declined
    this.waiters = options.waiters
    this.live = options.live
    this.memberships = new Memberships(driver, options.native)
    this.events = new Events({ ...options, plan: this.plan, incoming: () => this.#incoming })
    this.calls = new Calls(options.native, this.events, this.peer !== undefined)
    this.outgoing = new Outgoing({ ...options, plan: this.plan, calls: this.calls, events: this.events })
    this.#driver = driver
    this.descriptor = options.native.descriptor
    this.#native = options.native
    this.#watch = options.watch
    this.#incoming = driver.arena(Plan.receiveArena(plan, batchSlots))
    this.#decode = decoder(this.plan)
    this.#descriptors = plan.family === "unix" ? new Descriptors(driver) : undefined
  }

  /** At most `slots` outcomes, none where nothing is there; what was given back comes first. */
  take(slots: number): ReadonlyArray<Outcome> | Fault {
    this.#descriptors?.next()
    if (this.unread.length > 0) {
      const again = this.unread.splice(0, slots)
      if (this.#descriptors !== undefined) keep(this.#descriptors, again, "until the next read")
      return again
    }
    // Where all of a batch is dropped by policy, the next may be behind it; a flood of such is left to the next turn of the event loop.
    for (let batch = 0; batch < 64; batch++) {
      const count = this.calls.receive(this.#incoming, slots, false)
      if (isFault(count) || count === 0) return isFault(count) ? count : []
      const outcomes: Array<Outcome> = []
      for (let slot = 0; slot < count; slot++) {
        if (this.events.isInPlaceOfDatagram(this.#incoming, slot)) continue
        const outcome = this.#outcome(slot)
        this.taken++
        if (outcome === undefined) this.dropped++
        else outcomes.push(outcome)
      }
      if (outcomes.length > 0) return outcomes
    }
    return []
  }

  /** What the next `take` would bring, left where it is; what the spec drops is taken on the way. */
  peek(): Outcome | undefined | Fault {
    this.#descriptors?.next()
    for (;;) {
      const [first] = this.unread
      if (first !== undefined) return first
      const seen = this.calls.receive(this.#incoming, 1, true)
      if (isFault(seen)) return seen
      if (seen === 0) return undefined
      // Linux: looking at one takes it.
      if (this.events.isInPlaceOfDatagram(this.#incoming, 0)) continue
      const outcome = this.#outcome(0)
      if (outcome !== undefined) return outcome
      const count = this.calls.receive(this.#incoming, 1, false)
      if (isFault(count)) return count
      if (count === 0) continue
      this.taken++
      // Read anew: it brings its descriptors a second time, and may be another one where processes share the socket.
      const taken = this.#outcome(0)
      if (taken === undefined) this.dropped++
      else this.giveBack([taken])
    }
  }

  /** Whether something is there to be read. Asked with no room at all, so that nothing that comes with it is installed. */
  isWaiting(): boolean {
    if (this.events.inPlaceOfDatagrams) this.events.look()
    const arena = this.#driver.arena({
      purpose: "receive",
      slots: 1,
      pieces: 1,
      nameBytes: 0,
      controlBytes: 0,
      dataBytes: 0
    })
    let count = this.#native.receive(arena, 1, true)
    // What a peer said of an earlier datagram comes before what is queued, and once.
    while (isFault(count) && this.calls.passesOver(count)) count = this.#native.receive(arena, 1, true)
    arena.free()
    return count === 1
  }

  /** The reader has it: from here on it is counted as handed over. */
  count(outcome: Outcome): void {
    if (outcome instanceof DatagramFault) this.faults[outcome.reason]++
    else this.received++
  }

  /** What a reader did not come to: the next one gets it. */
  giveBack(rest: ReadonlyArray<Outcome>): void {
    if (this.closed) this.dropped += BigInt(rest.length)
    else this.unread = [...rest, ...this.unread]
    if (this.#descriptors !== undefined) keep(this.#descriptors, rest, "until told")
    if (this.unread.length > 0) this.waiters.wakeReaders()
  }

  /** What a slot says, and whose the descriptors are that came with it. */
  #outcome(slot: number): Outcome | undefined {
    const arena = this.#incoming
    const outcome = this.#read(arena, slot)
    const carried = outcome instanceof ReceivedDatagram ? outcome.control : undefined
    this.#descriptors?.settle(carried, arena.view, arena.controlAt(slot), arena.controlLength(slot))
    return outcome
  }

  #read(arena: Arena, slot: number): Outcome | undefined {
    const { abi, receiveBytes, scatter, truncation } = this.plan
    const { bytes, view } = arena
    const nameLength = arena.nameLength(slot)
    // Winsock: the name is of use for unconnected sockets only. Linux: a Unix socket that was never bound has none.
    const from =
      nameLength > 0 || this.plan.family === "unix"
        ? SocketAddress.read(abi, view, arena.nameAt(slot), nameLength)
        : (this.#sender ?? { malformed: "the system does not say who sent it", offset: 0 })
    if (Codec.isMalformed(from)) return fault("ControlMalformed", undefined, undefined, from.malformed)
    // What came in between `bind` and `connect` may be somebody else's. The two of a pair have no names, and nobody else reaches them.
    if (this.peer !== undefined && this.#sender?.equals(from) === false) return undefined
    const flags = arena.flags(slot)
    const length = arena.dataLength(slot)
    const cut = (flags & ReceiveFlags.dataTruncated) !== 0
    if (cut && truncation === "drop") return undefined
    if (cut && truncation === "fail") {
      const size = length > receiveBytes ? `${length} bytes` : `more than ${receiveBytes} bytes`
      return fault(
        "DataTruncated",
        undefined,
        from,
        `a datagram of ${size} did not fit into ${receiveBytes}: raise withMaximumDatagramSize, or declare withTruncation("deliver")`
      )
    }
    const controlLength = arena.controlLength(slot)
    const lost = (flags & ReceiveFlags.controlTruncated) !== 0
    const control = this.#decode(view, arena.controlAt(slot), controlLength, from.family, lost)
    if (control instanceof ControlFault) return fault(control.reason, control.key, from, control.message)
    const at = arena.dataAt(slot)
    const data = bytes.slice(at, at + Math.min(length, receiveBytes))
    if (scatter !== undefined) control["parts"] = split(data, scatter)
    const truncated = cut
      ? Option.some({ size: length > receiveBytes ? Option.some(length) : Option.none() })
      : Option.none()
    return new ReceivedDatagram(data, from, control, this.#delivery(flags, control), truncated)
  }

  #delivery(flags: number, control: { readonly [key: string]: unknown }): ReceivedDatagram["delivery"] {
    if ((flags & ReceiveFlags.multicast) !== 0) return "multicast"
    if ((flags & ReceiveFlags.broadcast) !== 0) return "broadcast"
    // Declared optionally, packet information is an Option, which has no destination of its own.
    const given = control["pktInfo"]
    const info = (Option.isOption(given) ? Option.getOrUndefined(given) : given) as PacketInfo<Family> | undefined
    if (info?.destination === undefined) return this.plan.abi.platform === "winsock" ? "unicast" : "unknown"
    const { destination, local } = info
    if (destination.isMulticast) return "multicast"
    if (!(destination instanceof Ipv4Address)) return "unicast"
    if (destination.equals(Ipv4Address.broadcast)) return "broadcast"
    // Linux: ipi_spec_dst is the address of this host that answers; where that is not the destination, the destination was a broadcast one. It says
    // nothing of what was queued before it was asked for, nor on a ping socket.
    if (local === undefined) return this.plan.abi.platform === "winsock" ? "unicast" : "unknown"
    return local.equals(destination) ? "unicast" : "broadcast"
  }

  /** What the event loop shall report: asked for while somebody waits, and given up when it reports to nobody. */
  watch(): void {
    const { attending, reading, writing } = this.waiters
    if (!this.closed) this.#watch.on(reading, writing, attending && this.events.declared)
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
    this.#watch.close()
    this.#native.close()
    this.#descriptors?.close()
    this.#incoming.free()
    this.outgoing.close()
    this.events.close()
    this.dropped += BigInt(this.unread.length)
    this.unread = []
    this.waiters.close()
  }
}

const keep = (
  descriptors: Descriptors,
  outcomes: ReadonlyArray<Outcome>,
  how: "until the next read" | "until told"
): void => {
  for (const outcome of outcomes) if (outcome instanceof ReceivedDatagram) descriptors.keep(outcome.control, how)
}

/** Views of a payload, part by part; the last ones are short or empty where it was. */
const split = (data: Uint8Array, sizes: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  let at = 0
  return sizes.map((size) => data.subarray(at, (at += size)))
}

const fault = (
  reason: DatagramFault["reason"],
  key: string | undefined,
  from: Endpoint<Family> | undefined,
  message: string
): DatagramFault =>
  new DatagramFault({
    reason,
    key: Option.fromNullable(key),
    from: Option.fromNullable(from),
    message: `${from === undefined ? "A datagram" : `A datagram from ${from}`}: ${message}`
  })
