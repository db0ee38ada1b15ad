/**
 * Messages that leave together. The replies that handlers make to the datagrams of one batch are sent by one call at its end.
 *
 * Each message is validated, counted by the limits and copied at once, so its memory belongs to the program again. Everything else that
 * sends, and whatever changes how a datagram leaves, sends the held messages first, so the order is kept.
 */
import type { DatagramSendError } from "../errors/DatagramError.ts"
import { type Fault } from "../driver/Driver.ts"
import { PendingMessage, refused } from "./message.ts"
import { holdNoMore, holdUntilUse, sendSlots } from "./outgoing.ts"
import { SendQueue, type SendingSocket } from "./queue.ts"
import { sendPending, validated } from "./single.ts"

/**
 * The result of a held message: `undefined` if it was sent or dropped, its error, a queue that continues with it, or the exception of the
 * driver.
 *
 * @category sockets
 * @since 0.1.0
 */
export type HeldResult = DatagramSendError | SendQueue | { readonly thrown: unknown } | undefined

type Attempt = number | Fault | undefined | { readonly thrown: unknown }

/** Called once after the batch, in the order of the messages. */
type Settle = (result: HeldResult) => void

/** The socket that messages are sent from, and the rest of its batch. */
export interface BatchSocket extends SendingSocket {
  readonly unread: number
}

/**
 * The held messages of one socket.
 *
 * @category sockets
 * @since 0.1.0
 */
export class Together {
  readonly #core: BatchSocket
  /** Results of this batch's messages, and who gets them. */
  #results: Array<HeldResult> = []
  #settles: Array<Settle> = []
  /** Messages that fill slots, and their places in the results. */
  #held: Array<PendingMessage> = []
  #places: Array<number> = []
  #filling = 0

  constructor(core: BatchSocket) {
    this.#core = core
  }

  /** True if a message should wait for others. The only message of a batch leaves at once. */
  get isHolding(): boolean {
    return this.#held.length > 0 || this.#core.unread > 0
  }

  /** Holds a message until the end of the batch. `settle` is called then, and not before. */
  hold(message: unknown, settle: Settle): void {
    const result = this.#take(message)
    const place = this.#settles.push(settle) - 1
    if (result instanceof PendingMessage) {
      this.#held.push(result)
      this.#places.push(place)
    } else this.#results[place] = result
  }

  /** Ends the batch: sends the held messages, and calls for each message with its result. */
  end(): void {
    if (this.#settles.length === 0) return
    this.send()
    const settles = this.#settles
    const results = this.#results
    this.#settles = []
    this.#results = []
    for (let place = 0; place < settles.length; place++) settles[place]?.(results[place])
  }

  /** Sends the held messages now. It calls nothing of a program. */
  send(): void {
    const held = this.#held
    if (held.length === 0) return
    const places = this.#places
    this.#held = []
    this.#places = []
    holdNoMore(this)
    for (let first = 0; first < held.length;) {
      const count = this.#attempt(held, first)
      if (typeof count === "number" && count > 0) {
        for (const end = first + count; first < end; first++) this.#sent(held[first])
        continue
      }
      // The rest of a full buffer waits or is dropped message by message, as its spec declares.
      const end = typeof count === "object" ? first + 1 : held.length
      for (; first < end; first++) this.#results[places[first] ?? 0] = this.#unsent(held[first], first, count)
    }
  }

  /** Fills a slot with a message that may be held, and sends any other at once. */
  #take(message: unknown): PendingMessage | HeldResult {
    const core = this.#core
    const { outgoing } = core
    const pending = validated(core, message)
    if (!(pending instanceof PendingMessage)) return pending === "drop" ? undefined : pending
    if (core.closed || !outgoing.copies(pending)) return atOnce(sendPending(core, message, pending))
    if (this.#held.length === sendSlots) this.send()
    if (this.#held.length === 0) {
      this.#filling = outgoing.use(sendSlots)
      holdUntilUse(this)
    }
    const bytes = outgoing.fill(this.#held.length, pending, 0)
    if (typeof bytes === "number") return pending
    if (pending.control !== undefined) outgoing.recycle(pending.control)
    return refused(core, bytes)
  }

  #sent(pending: PendingMessage | undefined): void {
    if (pending === undefined) return
    const { outgoing } = this.#core
    outgoing.counters.send(pending.datagrams(0, pending.size))
    if (pending.control !== undefined) outgoing.recycle(pending.control)
  }

  #attempt(held: ReadonlyArray<PendingMessage>, first: number): Attempt {
    try {
      return this.#core.outgoing.send(this.#filling, held, first, held.length - first)
    } catch (thrown) {
      return { thrown }
    }
  }

  #unsent(pending: PendingMessage | undefined, slot: number, result: Attempt): HeldResult {
    if (pending === undefined) return undefined
    const core = this.#core
    if (typeof result === "object" && "thrown" in result) return result
    const kept = result === undefined ? pending : core.outgoing.keep(slot, pending)
    return SendQueue.of(core, { message: undefined, pending: kept, filling: this.#filling, result })
  }
}

/** Sends now as much as possible of a message that is not held, because it comes before those that will be. */
const atOnce = (result: DatagramSendError | SendQueue | undefined): HeldResult => {
  if (result instanceof SendQueue) result.run()
  return result
}
