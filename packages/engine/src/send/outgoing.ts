/** The memory and the counters of one open socket for sending. It is plain and synchronous; `sending.ts` makes effects of it. */
import { type Endpoint, type Family, SocketAddress } from "@ancillary/control"
import { type Arena, gatheredBytes } from "../driver/Arena.ts"
import { type Driver, type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import * as Plan from "../plan/Plan.ts"
import type { Calls } from "../socket/syscalls.ts"
import { closeAll, undoing } from "../driver/closing.ts"
import { hold, release } from "../socket/wakeUps.ts"
import type { Connection } from "../socket/connection.ts"
import { Destinations } from "./addressCache.ts"
import { type Encode, encoder, type Refusal } from "./encoder.ts"
import { foreignSource } from "./nonLocalSource.ts"
import { PendingMessage } from "./message.ts"
import type { Live } from "../socket/options.ts"
import { type MissingInterface, missingInterface } from "./missingInterface.ts"
import { nameOf } from "../socket/sockaddr.ts"
import type { SendCounters } from "./counters.ts"
import { Segments } from "./segments.ts"
import { SentControl } from "./sentControl.ts"

/** Maximum number of datagrams of one send call. */
export const sendSlots = 64

/** Taken out of its module once: V8 looks up a member of a module by a call, for each datagram. */
const { write: writeName } = SocketAddress

/** Maximum number of control buffers that are kept for reuse. */
const maximumSpare = 64

/**
 * Number of times that memory to send from was taken, by any socket, because they share it. Whoever fills it compares the number before
 * each call. No code of a program runs in between, but a callback of a driver might.
 */
let fillings = 0

/** Messages of one socket that fill the shared memory and are sent later. */
let holding: { readonly send: () => void } | undefined

/** Sets whose messages are sent before the memory is taken again. */
export const holdUntilUse = (held: { readonly send: () => void }): void => {
  holding = held
}

/** Ends that, because none of them fills the memory any more. */
export const holdNoMore = (held: { readonly send: () => void }): void => {
  if (holding === held) holding = undefined
}

/** Sends the messages that are held, before something that must come after them. */
export const sendHeld = (): void => {
  const held = holding
  holding = undefined
  held?.send()
}

export class Outgoing {
  readonly destinations: Destinations
  readonly segments: Segments
  readonly counters: SendCounters

  #driver: Driver
  #plan: Plan.Plan
  #connection: Connection
  #calls: Calls
  /** For one datagram, and for many after the first batch, because most sockets need no batch. */
  #single: Arena
  #many: Arena | undefined
  #arena: Arena
  #encode: Encode
  #live: Live
  #spare: Array<SentControl> = []

  constructor(options: {
    readonly driver: Driver
    readonly plan: Plan.Plan
    readonly native: NativeSocket
    readonly connection: Connection
    readonly calls: Calls
    readonly live: Live
    readonly counters: SendCounters
  }) {
    this.counters = options.counters
    const { calls, connection, driver, live, native, plan } = options
    this.#driver = driver
    this.#plan = plan
    this.#connection = connection
    this.#calls = calls
    this.destinations = new Destinations(plan, driver)
    this.segments = new Segments(plan, native, driver.build)
    this.#encode = encoder(plan)
    this.#live = live
    // Last step of the constructor, because an error in a later step would leave the arena in use.
    this.#single = driver.arena(Plan.sendArena(plan, 1))
    this.#arena = this.#single
  }

  /** Maximum payload to a peer of that family, in bytes. */
  largest(peer: "ipv4" | "ipv6" | "unix" | undefined): number {
    const { kind, sendBytes } = this.#plan
    return peer === undefined || kind.protocol === "icmp" ? sendBytes : Math.min(sendBytes, Plan.maximumPayload[peer])
  }

  /** Starts a call that sends, so that the socket's options are read again. */
  begin(): void {
    this.#live.forget()
  }

  /**
   * Encodes control data in memory of its own, or returns the reason why it cannot be sent. The caller returns the memory with `recycle`
   * after its last use.
   */
  encode(control: object, family: "ipv4" | "ipv6" | "unix"): SentControl | Refusal {
    const into = this.#spare.pop() ?? new SentControl(this.#plan.send.bytes)
    const refused = this.#encode(control, family, into, this.#live)
    if (refused === undefined) return into
    this.recycle(into)
    return refused
  }

  recycle(control: SentControl): void {
    control.clear()
    if (this.#spare.length < maximumSpare) this.#spare.push(control)
  }

  /** Takes the memory of one slot, or of `sendSlots`, to be filled next. Returns the number that `send` requires. */
  use(slots: number): number {
    sendHeld()
    this.#arena =
      slots === 1 ? this.#single : (this.#many ??= this.#driver.arena(Plan.sendArena(this.#plan, sendSlots)))
    return ++fillings
  }

  /** True if `fill` copies the payload of a message whole, so that the program may change it afterwards. */
  copies({ pieces, segmentSize, size }: PendingMessage): boolean {
    return segmentSize === undefined && pieces.length === 1 && size < gatheredBytes
  }

  /** Returns a message that fills a slot, with a copy of its payload from there. */
  keep(slot: number, { control, fallback, index, segmentSize, size, to }: PendingMessage): PendingMessage {
    const { bytes, dataAt } = this.#arena
    const own = bytes.slice(dataAt(slot), dataAt(slot) + size)
    return new PendingMessage(index, to, control, [own], size, segmentSize, fallback)
  }

  /** Fills a slot with the next part of a message, from an offset. Returns its bytes, or the reason why it cannot be sent. */
  fill(slot: number, pending: PendingMessage, from: number): number | Refusal {
    const changed = pending.changed()
    if (changed !== undefined) return changed
    const arena = this.#arena
    const { abi, family } = this.#plan
    const { control, segmentSize, to } = pending
    const addressBytes = to === undefined ? 0 : writeName(abi, to, arena.view, arena.addressAt(slot), family === "dual")
    let controlBytes = 0
    if (control !== undefined) {
      controlBytes = control.length
      control.copy(arena.view, arena.controlAt(slot))
    }
    if (segmentSize === undefined) {
      arena.fill(slot, addressBytes, controlBytes, pending.pieces)
      return pending.size
    }
    const peer = to ?? this.#connection.peer
    const rest = pending.size - from
    let bytes =
      pending.gsoError === undefined ? this.segments.take(rest, segmentSize, peer) : Math.min(rest, segmentSize)
    const at = arena.controlAt(slot)
    const withSize = bytes > segmentSize ? this.segments.write(arena.view, at, controlBytes, segmentSize) : undefined
    if (withSize === undefined) {
      bytes = Math.min(bytes, segmentSize)
      const isPart = pending.size > segmentSize
      controlBytes = this.segments.keepWhole(arena.view, at, controlBytes, segmentSize, isPart, peer)
    } else controlBytes = withSize
    arena.fill(slot, addressBytes, controlBytes, pending.part(from, bytes))
    return bytes
  }

  /**
   * Sends slots that were filled from messages. Returns their number (0 if the buffer is full), or the reason why the first failed. Returns
   * `undefined` if the memory was filled again after `use` returned that number.
   */
  send(
    filling: number,
    pending: ReadonlyArray<PendingMessage>,
    first: number,
    slots: number
  ): number | Fault | undefined {
    if (filling !== fillings) return undefined
    hold()
    try {
      return this.#calls.send(this.#arena, first, slots, pending)
    } finally {
      release()
    }
  }

  /** Returns the source address that a send failed with, if this host does not have it. */
  foreignSource(control: SentControl | undefined, failed: Fault): string | undefined {
    return foreignSource(this.#driver, this.#plan.family, control, failed)
  }

  /** Returns the interface index that a send failed with, if this host does not have it. */
  missingInterface({ control, to }: PendingMessage, failed: Fault): MissingInterface | undefined {
    return missingInterface(this.#driver, to ?? this.#connection.peer, control, failed)
  }

  /** Opens another socket that is connected to a receiver of this socket's datagrams. Returns `undefined` if that is refused. */
  connected(to: Endpoint<Family>): NativeSocket | Fault | undefined {
    const socket = this.#driver.open(this.#plan.kind)
    if (isFault(socket)) return socket
    const refused = undoing(
      () => socket.close(),
      () => socket.connect(nameOf(this.#plan, to))
    )
    if (refused === undefined) return socket
    socket.close()
    return undefined
  }

  close(): void {
    // Filled slots are not sent any more.
    fillings++
    closeAll([() => this.#single.free(), () => this.#many?.free()])
  }
}
