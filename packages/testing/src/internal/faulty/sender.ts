/** Sends as the verdicts say. */
import type { Arena } from "@ancillary/engine/driver/Arena"
import { type Driver, type Fault, isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import type { SentDatagram } from "../../FaultyDriver.ts"
import { sentOf } from "./bendable.ts"
import { Held } from "./held.ts"
import { checked, type SendVerdict } from "./verdict.ts"

interface Decided {
  readonly datagram: SentDatagram
  readonly verdict: SendVerdict | undefined
}

/** Milliseconds between attempts to send what was held back and finds a full buffer. */
const retryAfter = 1

export class Sender {
  #driver: Driver
  #socket: NativeSocket
  #decide: (datagram: SentDatagram, index: number) => SendVerdict | undefined
  #icmp: (datagram: SentDatagram, verdict: Extract<SendVerdict, { readonly _tag: "IcmpError" }>) => void
  #index = 0
  /** Decided and not carried out, because the call stopped in front of them: the next call begins with the same ones. */
  #open: Array<Decided> = []
  #held = new Held<SentDatagram>((datagram) => this.#sendHeld(datagram))
  #arena: Arena | undefined
  #closed = false

  constructor(options: {
    readonly driver: Driver
    readonly socket: NativeSocket
    readonly decide: (datagram: SentDatagram, index: number) => SendVerdict | undefined
    readonly icmp: (datagram: SentDatagram, verdict: Extract<SendVerdict, { readonly _tag: "IcmpError" }>) => void
  }) {
    this.#driver = options.driver
    this.#socket = options.socket
    this.#decide = options.decide
    this.#icmp = options.icmp
  }

  /** As `NativeSocket.send`. */
  send(arena: Arena, first: number, slots: number): number | Fault {
    const decided: Array<Decided> = []
    for (let slot = first; slot < first + slots; slot++) decided.push(this.#decided(sentOf(arena, slot)))
    for (let done = 0; done < slots;) {
      const next = decided[done]
      const verdict = next?.verdict
      const run = verdict === undefined ? this.#run(decided, done) : 1
      const count =
        next === undefined || verdict === undefined
          ? this.#socket.send(arena, first + done, run)
          : this.#carryOut(arena, first + done, next.datagram, verdict)
      const went = isFault(count) ? 0 : count
      if (verdict === undefined) for (let i = 0; i < went; i++) this.#held.passed()
      if (went < run) {
        // The sender may attempt that one again, which is decided anew; the rest is decided.
        const used = done === 0 && (verdict?._tag === "WouldBlock" || verdict?._tag === "Refuse")
        this.#open = decided.slice(done + (used ? 1 : went))
        // A fault belongs to the call that begins with its datagram.
        return done + went > 0 ? done + went : count
      }
      done += went
    }
    return slots
  }

  close(): void {
    this.#closed = true
    this.#held.close()
    this.#arena?.free()
    this.#arena = undefined
  }

  /** How many may go in one call, from one that simply goes. */
  #run(decided: ReadonlyArray<Decided>, from: number): number {
    if (this.#held.counts) return 1
    let to = from
    while (to < decided.length && decided[to]?.verdict === undefined) to++
    return to - from
  }

  #decided(datagram: SentDatagram): Decided {
    const known = this.#open.findIndex((open) => isSame(open.datagram, datagram))
    const [decided] = this.#open.splice(0, known < 0 ? this.#open.length : known + 1).slice(-1)
    if (known >= 0 && decided !== undefined) return decided
    return { datagram, verdict: checked(this.#decide(datagram, this.#index++), "decideSend") }
  }

  /** 1: the sender is done with it; 0 or a fault: it is not. */
  #carryOut(arena: Arena, slot: number, datagram: SentDatagram, verdict: SendVerdict): number | Fault {
    switch (verdict._tag) {
      case "Lose":
        return 1
      case "WouldBlock":
        return 0
      case "Refuse":
        return verdict.fault
      case "IcmpError":
        this.#icmp(datagram, verdict)
        return 1
      case "Delay":
      case "Reorder":
        this.#held.hold(datagram, verdict)
        return 1
      case "Duplicate":
        return this.#sendCopies(arena, slot, verdict.copies)
      default:
        return verdict satisfies never
    }
  }

  /** The first copy decides the outcome. Another that finds no room is lost. */
  #sendCopies(arena: Arena, slot: number, copies: number): number | Fault {
    const first = this.#socket.send(arena, slot, 1)
    if (first !== 1) return first
    for (let copy = 1; copy < copies; copy++) this.#socket.send(arena, slot, 1)
    this.#held.passed()
    return 1
  }

  #sendHeld(datagram: SentDatagram): void {
    if (this.#closed) return
    const { address, control, data } = datagram
    const arena = (this.#arena ??= this.#driver.arena({
      purpose: "send",
      slots: 1,
      iovecs: 2,
      addressBytes: 128,
      controlBytes: 65_536,
      dataBytes: 262_144
    }))
    arena.bytes.set(address, arena.addressAt(0))
    arena.bytes.set(control, arena.controlAt(0))
    arena.fill(0, address.length, control.length, [data])
    if (this.#socket.send(arena, 0, 1) === 0) this.#held.later(retryAfter, () => this.#sendHeld(datagram))
  }
}

const isSame = (one: SentDatagram, other: SentDatagram): boolean =>
  (["address", "control", "data"] as const).every(
    (part) => one[part].length === other[part].length && one[part].every((byte, i) => byte === other[part][i])
  )
