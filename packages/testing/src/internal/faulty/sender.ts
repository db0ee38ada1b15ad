/** Sends according to the verdicts. */
import type { Arena } from "@ancillary/engine/driver/Arena"
import { type Driver, type Fault, isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import type { SentDatagram } from "./datagrams.ts"
import { sentOf } from "./bendable.ts"
import { Held } from "./held.ts"
import { checked, type SendVerdict } from "./verdict.ts"

interface Decided {
  readonly datagram: SentDatagram
  readonly verdict: SendVerdict | undefined
}

/** Milliseconds between attempts to send a datagram that was held back, if the send buffer is full. */
const retryAfter = 1

export class Sender {
  #driver: Driver
  #socket: NativeSocket
  #decide: (datagram: SentDatagram, index: number) => SendVerdict | undefined
  #icmp: (datagram: SentDatagram, verdict: Extract<SendVerdict, { readonly _tag: "IcmpError" }>) => void
  #index = 0
  /**
   * Verdicts that were not carried out, because the call stopped before them. The next call starts with these
   * datagrams.
   */
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

  /** Implements `NativeSocket.send`. */
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
        // The sender may send that datagram again, with a new verdict. The others keep theirs.
        const used = done === 0 && (verdict?._tag === "WouldBlock" || verdict?._tag === "Refuse")
        this.#open = decided.slice(done + (used ? 1 : went))
        // A fault belongs to the call that starts with its datagram.
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

  /** Number of datagrams that may go in one call, from one without a verdict. */
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

  /** Returns 1 if the sender has finished with the datagram, and 0 or a fault if not. */
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

  /** The result of the first copy is returned. A later copy is lost if the send buffer is full. */
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
