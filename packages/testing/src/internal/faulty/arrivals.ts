/**
 * Receives according to the verdicts: it stores the kernel's datagrams in a queue, and serves reads from that queue.
 */
import { type Abi, ControlBuffer, Descriptor, isUnsupported, PidFd, Rights } from "@ancillary/control"
import { type Arena, ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { type Driver, type Fault, isFault, type NativeSocket, type SocketKind } from "@ancillary/engine/driver/Driver"
import type { SentDatagram } from "./datagrams.ts"
import { bentOf, slotOf } from "./bendable.ts"
import { Held } from "./held.ts"
import { checked, type Verdict } from "./verdict.ts"

interface Stored extends SentDatagram {
  readonly dataLength: number
  readonly flags: number
}

/**
 * Datagrams that one call takes from the kernel, and maximum of consecutive calls. The kernel keeps the rest of a
 * flood.
 */
const slots = 16
const rounds = 64

export class Arrivals {
  #driver: Driver
  #socket: NativeSocket
  #decide: (datagram: SentDatagram, index: number) => Verdict | undefined
  #arena: Arena
  #index = 0
  #ready: Array<Stored> = []
  #held: Held<Stored>
  #pending: Fault | undefined

  constructor(options: {
    readonly driver: Driver
    readonly socket: NativeSocket
    readonly kind: SocketKind
    readonly decide: (datagram: SentDatagram, index: number) => Verdict | undefined
    /** Called if something becomes readable that the event loop does not report. */
    readonly onReadable: () => void
  }) {
    this.#driver = options.driver
    this.#socket = options.socket
    this.#decide = options.decide
    this.#held = new Held((stored) => {
      this.#ready.push(stored)
      options.onReadable()
    })
    const dataBytes = options.kind.family === "unix" ? 262_144 : 65_535
    this.#arena = this.#driver.arena({
      purpose: "receive",
      slots,
      iovecs: 1,
      addressBytes: 128,
      controlBytes: 4096,
      dataBytes
    })
  }

  /** True if the queue has datagrams or an error, which the kernel no longer has. */
  get isReadable(): boolean {
    return this.#ready.length > 0 || this.#pending !== undefined
  }

  /** Implements `NativeSocket.receive`. */
  receive(arena: Arena, wanted: number, peek: boolean): number | Fault {
    const most = peek ? Math.min(wanted, 1) : wanted
    this.#take(most)
    if (this.#ready.length === 0) {
      const fault = this.#pending
      this.#pending = undefined
      return fault ?? 0
    }
    const handed = peek ? this.#ready.slice(0, most) : this.#ready.splice(0, most)
    for (const [slot, stored] of handed.entries()) this.#put(arena, slot, stored, peek)
    return handed.length
  }

  close(): void {
    for (const stored of [...this.#ready, ...this.#held.close()]) this.#release(stored.control)
    this.#ready = []
    this.#arena.free()
  }

  #take(most: number): void {
    for (let round = 0; round < rounds && this.#ready.length < most && this.#pending === undefined; round++) {
      const count = this.#socket.receive(this.#arena, Math.min(slots, most - this.#ready.length), false)
      if (isFault(count)) this.#pending = count
      if (isFault(count) || count === 0) return
      for (let slot = 0; slot < count; slot++) this.#enter(this.#stored(slot))
    }
  }

  #stored(slot: number): Stored {
    const { address, addressLength, control, controlLength, data, dataLength, flags } = slotOf(this.#arena, slot)
    return {
      address: address.slice(0, addressLength),
      control: control.slice(0, controlLength),
      data: data.slice(0, dataLength),
      dataLength,
      flags
    }
  }

  #enter(stored: Stored): void {
    const verdict = checked(this.#decide({ ...stored }, this.#index++), "decideReceive")
    switch (verdict?._tag) {
      case "Lose":
        return this.#release(stored.control)
      case "Delay":
      case "Reorder":
        return this.#held.hold(stored, verdict)
      case "Duplicate":
      case undefined: {
        this.#ready.push(stored)
        const copies = verdict === undefined ? 1 : verdict.copies
        const copy = { ...stored, control: withoutDescriptors(this.#driver.abi, stored.control) }
        for (let i = 1; i < copies; i++) this.#ready.push(copy)
        this.#held.passed()
      }
    }
  }

  /** Fills a slot as the kernel does: excess bytes are cut, and a flag is set. */
  #put(arena: Arena, slot: number, stored: Stored, peek: boolean): void {
    const { address, control, data } = slotOf(arena, slot)
    const { controlBytes, dataBytes } = arena.layout
    const kept = fitting(this.#driver.abi, stored.control, controlBytes)
    if (!peek) this.#release(stored.control.subarray(kept))
    address.set(stored.address.subarray(0, address.length))
    control.set(stored.control.subarray(0, kept))
    data.set(stored.data.subarray(0, data.length))
    const cut =
      (stored.dataLength > dataBytes ? ReceiveFlags.dataTruncated : 0) |
      (kept < stored.control.length ? ReceiveFlags.controlTruncated : 0)
    bentOf(arena)?.set(slot, {
      addressLength: stored.address.length,
      controlLength: kept,
      dataLength: stored.dataLength,
      flags: stored.flags | cut
    })
  }

  #release(control: Uint8Array): void {
    for (const { number } of descriptorsIn(this.#driver.abi, control)) this.#driver.release(number)
  }
}

/** Bytes of the complete messages, from the start of a control buffer, that fit. */
const fitting = (abi: Abi, control: Uint8Array, room: number): number => {
  if (control.length <= room) return control.length
  let kept = 0
  for (const { payload } of ControlBuffer.toMessages(abi, control).messages) {
    const space = ControlBuffer.space(abi, payload.length)
    if (kept + space > room) break
    kept += space
  }
  return kept
}

/** Receive formats of descriptors on a system. */
const carriers = (abi: Abi) =>
  [Rights, PidFd].flatMap((message) => {
    const cell = message.cell(abi.platform, "unix")
    return isUnsupported(cell) || cell.receive === undefined || isUnsupported(cell.receive) ? [] : cell.receive
  })

const descriptorsIn = (abi: Abi, control: Uint8Array) =>
  ControlBuffer.toMessages(abi, control).messages.flatMap((message) => {
    const payload = new DataView(message.payload.buffer)
    return carriers(abi)
      .filter(({ level, type }) => level === message.level && type === message.type)
      .flatMap((carrier) => carrier.payload.read(payload, 0, message.payload.length))
      .filter((value) => value instanceof Descriptor)
  })

const withoutDescriptors = (abi: Abi, control: Uint8Array): Uint8Array => {
  if (descriptorsIn(abi, control).length === 0) return control
  const { messages } = ControlBuffer.toMessages(abi, control)
  const plain = messages.filter(
    (message) => descriptorsIn(abi, ControlBuffer.fromMessages(abi, [message])).length === 0
  )
  return ControlBuffer.fromMessages(abi, plain)
}
