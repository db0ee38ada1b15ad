/**
 * What one open socket sends: the memory that it is sent from, what is counted of it. Plain and synchronous; `sending.ts` makes effects of it.
 */
import { type Endpoint, type Family, SocketAddress } from "@ancillary/control"
import type { Arena } from "../Arena.ts"
import { type Driver, type Fault, isFault, type NativeSocket } from "../Driver.ts"
import * as Plan from "../Plan.ts"
import type { Calls } from "./calls.ts"
import { Destinations } from "./destinations.ts"
import { type Encode, encoder, type Refusal } from "./encoder.ts"
import { foreignSource } from "./foreignSource.ts"
import type { Letter } from "./letter.ts"
import type { Live } from "./live.ts"
import { nameOf } from "./names.ts"
import { Segments } from "./segments.ts"

/** Datagrams that one call takes. */
export const sendSlots = 64

export class Outgoing {
  readonly destinations: Destinations
  readonly segments: Segments
  /** Datagrams. */
  sent = 0
  unsent = 0
  sourceRefused = 0

  #driver: Driver
  #plan: Plan.Plan
  #peer: Endpoint<Family> | undefined
  #calls: Calls
  /** For one datagram; and for many, once there were many: most sockets are fine without. */
  #single: Arena
  #many: Arena | undefined
  #arena: Arena
  #encode: Encode
  #live: Live
  /** Since `use`: the control data that was written last, for whom and where. Many go out with the same. */
  #control: object | undefined
  #family: Family | undefined
  #controlAt = 0
  #controlBytes = 0

  constructor(options: {
    readonly driver: Driver
    readonly plan: Plan.Plan
    readonly native: NativeSocket
    readonly peer: Endpoint<Family> | undefined
    readonly calls: Calls
    readonly live: Live
  }) {
    const { calls, driver, live, native, peer, plan } = options
    this.#driver = driver
    this.#plan = plan
    this.#peer = peer
    this.#calls = calls
    this.#single = driver.arena(Plan.sendArena(plan, 1))
    this.#arena = this.#single
    this.destinations = new Destinations(plan)
    this.segments = new Segments(plan, native, driver.build)
    this.#encode = encoder(plan)
    this.#live = live
  }

  /** Bytes of the largest payload to a peer of that family. */
  largest(peer: "ipv4" | "ipv6" | "unix" | undefined): number {
    const { kind, sendBytes } = this.#plan
    return peer === undefined || kind.protocol === "icmp" ? sendBytes : Math.min(sendBytes, Plan.largest[peer])
  }

  /** Takes the memory that the next slots are filled in: of one, or of `sendSlots`. */
  use(slots: number): void {
    this.#control = undefined
    this.#arena =
      slots === 1 ? this.#single : (this.#many ??= this.#driver.arena(Plan.sendArena(this.#plan, sendSlots)))
  }

  /** Fills a slot with what is next of a letter, from an offset: how many bytes of it, or why it cannot be sent. */
  fill(slot: number, letter: Letter, from: number): number | Refusal {
    const arena = this.#arena
    const { abi, family } = this.#plan
    const { control, segmentSize, to } = letter
    const nameBytes =
      to === undefined ? 0 : SocketAddress.write(abi, to, arena.view, arena.nameAt(slot), family === "dual")
    const peer = to ?? this.#peer
    let controlBytes = 0
    if (control !== undefined && peer !== undefined) {
      const at = arena.controlAt(slot)
      if (control === this.#control && peer.family === this.#family) {
        controlBytes = this.#controlBytes
        arena.bytes.copyWithin(at, this.#controlAt, this.#controlAt + controlBytes)
      } else {
        const written = this.#encode(control, peer.family, arena.view, at, this.#live)
        if (typeof written !== "number") return written
        controlBytes = this.#controlBytes = written
        this.#controlAt = at
        this.#control = control
        this.#family = peer.family
      }
    }
    if (segmentSize === undefined) {
      arena.fill(slot, nameBytes, controlBytes, letter.pieces)
      return letter.size
    }
    const rest = letter.size - from
    let bytes = letter.refusal === undefined ? this.segments.take(rest, segmentSize, peer) : Math.min(rest, segmentSize)
    // Of one segment it says nothing.
    if (bytes > segmentSize) {
      const withSize = this.segments.write(arena.view, arena.controlAt(slot), controlBytes, segmentSize)
      if (withSize === undefined) bytes = segmentSize
      else controlBytes = withSize
    }
    arena.fill(slot, nameBytes, controlBytes, letter.part(from, bytes))
    return bytes
  }

  /** Sends slots that were filled from letters: how many went (0 where the buffer is full), or why the first did not. */
  send(letters: ReadonlyArray<Letter>, first: number, slots: number): number | Fault {
    return this.#calls.send(this.#arena, first, slots, letters)
  }

  /** The source that a send failed by, where it is no address of this host. */
  foreignSource(control: object | undefined, failed: Fault): string | undefined {
    return foreignSource(this.#driver, this.#plan.family, control, failed)
  }

  /** Another socket, connected to a receiver of this one's datagrams; nothing where that is refused. */
  connected(to: Endpoint<Family>): NativeSocket | Fault | undefined {
    const socket = this.#driver.open(this.#plan.kind)
    if (isFault(socket) || socket.connect(nameOf(this.#plan, to)) === undefined) return socket
    socket.close()
    return undefined
  }

  close(): void {
    this.#single.free()
    this.#many?.free()
  }
}
