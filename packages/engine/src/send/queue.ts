/**
 * Sends several messages in their order. Each is sent once or gets an error, whatever happens to the others. It is a plain loop that stops
 * when it has to wait, and continues from there.
 */
import { Codec, type Endpoint, type Family } from "@ancillary/control"
import {
  type DatagramSendError,
  noSuchInterface,
  sendClosed,
  sendError,
  sendWouldBlock,
  sourceNotOurs
} from "../errors/DatagramError.ts"
import { type Fault, isFault } from "../driver/Driver.ts"
import type { Guard } from "../server/guard.ts"
import type { Refusal } from "./encoder.ts"
import { guarded } from "./guarded.ts"
import { validateMessage as check, PendingMessage, type MessageSocket, refused } from "./message.ts"
import { notSent } from "./notSent.ts"
import { type Outgoing, sendSlots } from "./outgoing.ts"
import { SentControl } from "./sentControl.ts"
import { sentMessages } from "./sentMessages.ts"
import { interfaceRemedy } from "./unusable.ts"

/** System calls after which the event loop gets its turn. */
const callsATurn = 16

/** The socket that messages are sent from. */
export interface SendingSocket extends MessageSocket {
  readonly closed: boolean
  readonly outgoing: Outgoing
  /** Limits of what is sent, while the socket is served. */
  readonly guard: Guard | undefined
}

/** A message that was validated before there was a batch, with the result of its call if there was one. */
export interface Begun {
  readonly message: unknown
  readonly pending: PendingMessage
  readonly filling: number
  readonly result: number | Fault | undefined
}

/**
 * The wait of a queue: for send space at an endpoint, or for its next turn.
 *
 * @category sockets
 * @since 0.1.0
 */
export type Pause = { readonly roomAt: Endpoint<Family> | undefined } | "its next turn"

/**
 * Messages that are sent together, in their order.
 *
 * @category sockets
 * @since 0.1.0
 */
export class SendQueue {
  sent = 0
  unsent = 0
  readonly failed: Array<{ readonly index: number; readonly error: DatagramSendError }> = []

  #core: SendingSocket
  #messages: ReadonlyArray<unknown>
  #count: number
  #slots = sendSlots
  #isRunning = false
  /** Number of this batch's filling of the shared memory. */
  #filling = 0
  #next = 0
  /** Validated messages that are not done. */
  #open: Array<PendingMessage> = []
  /** For each filled slot: its message, and the message's offset after the slot is sent. */
  #bySlot: Array<PendingMessage> = []
  #ends: Array<number> = []
  /** Encoded control data except the last; and the last, because many messages have equal control data. */
  #controls: Array<SentControl> | undefined
  #encoded: SentControl | undefined
  #control: object | undefined
  #family: Family | undefined
  /** Result of the call for the first slot, made before there was a batch. */
  #result: number | Fault | undefined

  constructor(core: SendingSocket, messages: ReadonlyArray<unknown>) {
    this.#core = core
    this.#messages = messages
    this.#count = this.#countOf(messages)
  }

  /** Makes a batch of one message, with its progress. */
  static of(core: SendingSocket, { filling, pending, message, result }: Begun): SendQueue {
    const batch = new SendQueue(core, [message])
    batch.#next = 1
    batch.#open = [pending]
    batch.#bySlot = [pending]
    batch.#ends = [pending.size]
    batch.#encoded = pending.control
    batch.#filling = filling
    batch.#result = result
    return batch
  }

  /** Sends messages until a wait is due. Returns `undefined` if all are done. */
  run(): Pause | undefined {
    // A field of a message that is being read called it. The call that reads the message continues.
    if (this.#isRunning) return "its next turn"
    this.#isRunning = true
    try {
      return this.#run()
    } finally {
      this.#isRunning = false
    }
  }

  #run(): Pause | undefined {
    const { outgoing } = this.#core
    for (let calls = 0; calls < callsATurn;) {
      if (this.#core.closed) return this.#close()
      // Filled again after each pause, because the memory is shared with other sockets.
      const slots = this.#result === undefined ? this.#fill() : 1
      if (this.#core.closed) return this.#close()
      if (slots === 0) return this.#end()
      for (let first = 0; first < slots; calls++) {
        const count = this.#result ?? outgoing.send(this.#filling, this.#bySlot, first, slots - first)
        this.#result = undefined
        const pending = this.#bySlot[first]
        // The memory was filled again in the meantime, so these slots are filled once more.
        if (count === undefined || pending === undefined) break
        if (isFault(count)) {
          if (this.#retryWithFallback(pending, first, count)) break
          this.#fail(pending, this.#errorOf(pending, count))
        } else if (count === 0) {
          if (this.#core.plan.backpressure === "wait") return { roomAt: pending.to }
          this.#dropOrFail(pending)
        }
        for (const end = first + (isFault(count) ? 0 : count); first < end; first++) this.#markSent(first)
        while (first < slots && this.#bySlot[first]?.isDone === true) first++
      }
    }
    return "its next turn"
  }

  /** Fails the waiting message, because the wait cannot succeed. */
  refuse(error: DatagramSendError): void {
    const pending = this.#open.find(({ isDone }) => !isDone)
    if (pending !== undefined && !this.#core.closed) this.#fail(pending, error)
  }

  /** Drops and counts the waiting datagram, because its sender has stopped waiting. */
  giveUp(): void {
    const pending = this.#open.find(({ isDone }) => !isDone)
    if (pending !== undefined) this.#dropOrFail(pending)
  }

  /** Fails the waiting message, because this sender cannot wait, although its spec requires it. */
  failBlocked(): void {
    const pending = this.#open.find(({ isDone }) => !isDone)
    if (pending !== undefined)
      this.#fail(
        pending,
        sendWouldBlock(
          this.#what(pending),
          "use send, which waits",
          pending.bytesSent,
          this.#full(),
          this.#core.plan.abi.platform
        )
      )
  }

  /** Encodes the control data of a message for `pending`. */
  encode(control: object, family: "ipv4" | "ipv6" | "unix"): SentControl | Refusal {
    const last = this.#encoded
    if (last !== undefined && control === this.#control && family === this.#family) return last
    const encoded = this.#core.outgoing.encode(control, family)
    if (!(encoded instanceof SentControl)) return encoded
    if (last !== undefined) (this.#controls ??= []).push(last)
    this.#encoded = encoded
    this.#control = control
    this.#family = family
    return encoded
  }

  /**
   * Fills slots with the waiting messages in their order, then with the next messages. All are validated first. That runs the program's own
   * code, which may send from the same memory.
   */
  #fill(): number {
    const waiting = this.#open
    this.#open = []
    for (const pending of waiting) if (!pending.isDone) this.#open.push(pending)
    if (this.#open.length === 0) this.#recycle()
    this.#control = undefined
    this.#core.outgoing.begin()
    while (this.#open.length < sendSlots && this.#next < this.#count) {
      const index = this.#next++
      const checked = this.#check(index)
      if (checked === undefined) this.unsent++
      else if (checked instanceof PendingMessage) this.#open.push(checked)
      else this.failed.push({ index, error: checked })
    }
    const [first] = this.#open
    if (first === undefined || this.#core.closed) return 0
    this.#slots = this.#count === 1 && first.segmentSize === undefined ? 1 : sendSlots
    this.#filling = this.#core.outgoing.use(this.#slots)
    let slots = 0
    for (const pending of this.#open) {
      if (slots === this.#slots) break
      slots = this.#fillSlots(pending, slots)
    }
    return slots
  }

  /** Returns a message that may be sent, its error, or `undefined` if a limit of the server drops it. */
  #check(index: number): PendingMessage | DatagramSendError | undefined {
    let message: unknown
    try {
      message = this.#messages[index]
    } catch (cause) {
      return notSent(
        this.#core,
        "messages",
        `message ${index} cannot be read (${Codec.format(cause)}): give an array of messages`
      )
    }
    const checked = check(this.#core, index, message, this)
    const { guard } = this.#core
    if (guard === undefined || !(checked instanceof PendingMessage)) return checked
    const refusal = guarded(this.#core, guard, checked)
    return refusal === undefined ? checked : refusal === "drop" ? undefined : refusal
  }

  /** Number of messages. A value that is not an array is one message, which cannot be sent. */
  #countOf(messages: unknown): number {
    try {
      if (Array.isArray(messages)) return messages.length
    } catch {
      // The proxy was revoked, or throws.
    }
    const why = `${Codec.format(messages)} is not an array of messages: give one`
    this.failed.push({ index: 0, error: notSent(this.#core, "messages", why) })
    return 0
  }

  /** Fills the free slots with the rest of a message. */
  #fillSlots(pending: PendingMessage, from: number): number {
    let slots = from
    let at = pending.bytesSent
    while (slots < this.#slots) {
      const bytes = this.#core.outgoing.fill(slots, pending, at)
      if (typeof bytes !== "number") {
        this.#fail(pending, refused(this.#core, bytes))
        return from
      }
      at += bytes
      this.#bySlot[slots] = pending
      this.#ends[slots] = at
      slots++
      if (at === pending.size) break
    }
    return slots
  }

  #markSent(slot: number): void {
    const pending = this.#bySlot[slot]
    const end = this.#ends[slot]
    if (pending === undefined || end === undefined) return
    const { outgoing } = this.#core
    outgoing.counters.send(pending.datagrams(pending.bytesSent, end))
    // The kernel refused to split the payload, and not the datagram.
    if (pending.gsoError !== undefined && pending.segmentSize !== undefined)
      outgoing.segments.remember(pending.to ?? this.#core.peer, pending.segmentSize, pending.gsoError)
    pending.markSent(end)
    if (pending.isDone) this.sent++
  }

  /** True if a failed send may succeed in another way. */
  #retryWithFallback(pending: PendingMessage, slot: number, fault: Fault): boolean {
    const { outgoing } = this.#core
    const isCut = (this.#ends[slot] ?? 0) - pending.bytesSent > (pending.segmentSize ?? Infinity)
    if (isCut && outgoing.segments.isRefusal(fault)) {
      pending.cutRefused(fault)
      return true
    }
    const fallback = pending.takeFallback(fault)
    if (fallback === undefined) return false
    const encoded = this.encode(fallback.control, (pending.to ?? this.#core.peer)?.family ?? "ipv4")
    if (!(encoded instanceof SentControl)) return false
    outgoing.counters.refuseSource()
    pending.control = encoded
    return true
  }

  /** Fails or drops a message, because there is no room and the spec does not wait for it. */
  #dropOrFail(pending: PendingMessage): void {
    if (this.#core.plan.backpressure === "fail")
      return this.#fail(
        pending,
        sendWouldBlock(
          this.#what(pending),
          'declare withBackpressure("wait")',
          pending.bytesSent,
          this.#full(),
          this.#core.plan.abi.platform
        )
      )
    this.#core.outgoing.counters.drop(pending.datagrams(pending.bytesSent, pending.size))
    pending.finish()
    this.unsent++
  }

  /** Returns the name of the full queue. On a Unix socket it may be the receiver's. */
  #full(): string | undefined {
    return this.#core.plan.family === "unix" ? "the receiver's queue or the send buffer is full" : undefined
  }

  #fail(pending: PendingMessage, error: DatagramSendError): void {
    pending.finish()
    this.failed.push({ index: pending.index, error })
  }

  #errorOf(pending: PendingMessage, fault: Fault): DatagramSendError {
    const { outgoing } = this.#core
    const source = outgoing.foreignSource(pending.control, fault)
    if (source !== undefined) return sourceNotOurs(fault, source, pending.bytesSent)
    const missing = outgoing.missingInterface(pending, fault)
    if (missing !== undefined) return noSuchInterface(fault, missing.field, missing.index, pending.bytesSent)
    const remedy = interfaceRemedy(fault, pending.to)
    return sendError(fault, this.#what(pending), sentMessages(this.#core, pending), pending.bytesSent, remedy)
  }

  #what({ bytesSent, segmentSize, size, to }: PendingMessage): string {
    const how = segmentSize === undefined ? "" : ` in segments of ${segmentSize}`
    return `Sending ${size - bytesSent} bytes${how} to ${to ?? this.#core.peer}`
  }

  #close(): undefined {
    for (const pending of this.#open) if (!pending.isDone) this.#fail(pending, sendClosed(pending.bytesSent))
    const error = sendClosed()
    while (this.#next < this.#count) this.failed.push({ index: this.#next++, error })
    return this.#end()
  }

  /** Marks the queue as finished. */
  #end(): undefined {
    this.#recycle()
  }

  /** Gives back the memory of control data that no message needs any more. */
  #recycle(): void {
    const { outgoing } = this.#core
    if (this.#encoded !== undefined) outgoing.recycle(this.#encoded)
    for (const control of this.#controls ?? []) outgoing.recycle(control)
    this.#encoded = undefined
    this.#controls = undefined
  }
}
