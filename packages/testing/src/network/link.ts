/** A link between interfaces: a cable with two ends, or a network with more. */
import { type Address } from "./address.ts"
import type { Agenda } from "./agenda.ts"
import { fromMilliseconds } from "./clock.ts"
import { Dice, type LinkFaults, validateFaults } from "./faults.ts"
import { checksumOf } from "./ip/checksum.ts"
import type { Device, Wire } from "./ip/device.ts"
import { icmpOf, sealed } from "./ip/icmp.ts"
import { type Packet, protocols, sizeOf } from "./ip/packet.ts"
import { Random } from "./random.ts"
import type { Recorder } from "./trace/recorder.ts"

/** The packets that one end sends. */
class Direction {
  faults: LinkFaults
  readonly dice: Dice
  /** Time at which the last packet has left, and at which the last one arrives. */
  freeAt = 0n
  lastArrival = 0n
  queued = 0

  constructor(faults: LinkFaults, seed: number) {
    this.faults = faults
    this.dice = new Dice(new Random(seed))
  }
}

const nanosecondsPerSecond = 1_000_000_000
const defaultQueue = 1000

export class LinkWire implements Wire {
  readonly name: string
  readonly #agenda: Agenda
  readonly #recorder: Recorder
  readonly #directions = new Map<Device, Direction>()
  isUp = true

  constructor(options: {
    readonly name: string
    readonly ends: ReadonlyArray<Device>
    readonly faults: LinkFaults
    readonly agenda: Agenda
    readonly recorder: Recorder
    readonly seed: number
  }) {
    validateFaults(options.faults)
    this.name = options.name
    this.#agenda = options.agenda
    this.#recorder = options.recorder
    for (const [i, end] of options.ends.entries()) {
      this.#directions.set(end, new Direction(options.faults, options.seed + i * 0x9e37))
      end.wire = this
    }
  }

  /** Changes faults. Those that are not named stay. Without `from`, in every direction. */
  change(faults: LinkFaults, from?: ReadonlyArray<Device>): void {
    validateFaults(faults)
    for (const [end, direction] of this.#directions)
      if (from === undefined || from.includes(end)) direction.faults = { ...direction.faults, ...faults }
  }

  send(packet: Packet, from: Device, nextHop: Address | undefined): boolean {
    const direction = this.#directions.get(from)
    const others = [...this.#directions.keys()].filter((end) => end !== from)
    const to = nextHop === undefined ? others : others.filter((end) => end.up && end.owns(nextHop))
    if (direction === undefined || (nextHop !== undefined && to.length === 0)) {
      this.#drop(packet, from, "no host has the address")
      return false
    }
    const sent = this.#enqueue(packet, from, direction)
    if (sent === undefined) return true
    const away = { ...sent.packet, sendBuffer: undefined }
    for (const end of to) this.#carry(away, from, end, direction, sent.leaves)
    return true
  }

  /** Lets a packet wait for the bandwidth. Returns nothing if it was dropped. */
  #enqueue(
    packet: Packet,
    from: Device,
    direction: Direction
  ): { readonly packet: Packet; readonly leaves: bigint } | undefined {
    const { bandwidth, markFrom, queue = defaultQueue } = direction.faults
    const { now } = this.#agenda
    if (!this.isUp) return this.#drop(packet, from, "the link is down")
    if (bandwidth === undefined) return { packet, leaves: now }
    if (direction.queued >= queue) return this.#drop(packet, from, "the queue is full")
    const isMarked = markFrom !== undefined && direction.queued >= markFrom && (packet.trafficClass & 3) !== 0
    const begins = direction.freeAt > now ? direction.freeAt : now
    const leaves = begins + BigInt(Math.round((sizeOf(packet) * 8 * nanosecondsPerSecond) / bandwidth))
    direction.freeAt = leaves
    direction.queued++
    const release = packet.sendBuffer?.take(packet)
    this.#agenda.at(leaves, () => {
      direction.queued--
      release?.()
    })
    return { packet: isMarked ? { ...packet, trafficClass: packet.trafficClass | 3 } : packet, leaves }
  }

  #drop(packet: Packet, from: Device, why: string): undefined {
    const frame = { source: from.hardwareAddress ?? "", destination: undefined }
    this.#recorder.record({ kind: "drop", packet, at: from.host, link: this.name, frame, why })
    return undefined
  }

  #carry(packet: Packet, from: Device, to: Device, direction: Direction, leaves: bigint): void {
    const { copies, lost } = direction.dice.roll(direction.faults)
    const frame = { source: from.hardwareAddress ?? "", destination: to.hardwareAddress }
    const way = { link: this.name, at: from.host, to: to.host, frame }
    if (lost !== undefined) return void this.#recorder.record({ kind: "drop", packet, ...way, why: lost })
    for (const [i, copy] of copies.entries()) {
      const sent = copy.corrupt ? this.#corrupted(packet, direction) : packet
      const note = [i > 0 ? "duplicate" : "", copy.corrupt ? "corrupted" : "", copy.overtaken ? "overtaken" : ""]
      const why = note.filter((each) => each !== "").join(", ") || undefined
      const number = this.#recorder.record({ kind: "send", packet: sent, ...way, why })
      const wished = leaves + fromMilliseconds(copy.delay)
      // Jitter keeps the order. Only a reordered packet is overtaken.
      const arrives = copy.overtaken || wished > direction.lastArrival ? wished : direction.lastArrival
      if (!copy.overtaken) direction.lastArrival = arrives
      const deliver = () => {
        if (!this.isUp) {
          this.#recorder.record({ kind: "drop", packet: sent, ...way, why: "the link went down" })
          return
        }
        this.#recorder.record({ kind: "arrive", packet: sent, link: this.name, at: to.host, of: number })
        to.receive({ ...sent, crossedLink: true, priority: 0, mark: 0 })
      }
      if (arrives <= this.#agenda.now) deliver()
      else this.#agenda.at(arrives, deliver)
    }
  }

  #corrupted(packet: Packet, { dice, faults }: Direction): Packet {
    const body = packet.body.slice()
    // Behind the header of UDP, if there is a payload, so that programs receive the datagram if it is not detected.
    const spared = body.length > 8 ? 8 : 0
    const bit = spared * 8 + dice.bit(body.length - spared)
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    if (faults.undetected === true && packet.fragment === undefined) repair(packet, body)
    return { ...packet, body }
  }
}

/** Sets the checksum to that of the changed body. */
const repair = (packet: Packet, body: Uint8Array): void => {
  if (packet.protocol === icmpOf[packet.family]) return void sealed(body, packet)
  if (packet.protocol !== protocols.udp) return
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  view.setUint16(6, 0)
  view.setUint16(6, checksumOf(packet, protocols.udp, body) || 0xffff)
}
