/** Messages on their way from `send` to the kernel: those of one listener, or else of one tick, leave together. */
import { AsyncResource } from "node:async_hooks"
import type { Endpoint, Family } from "@ancillary/control"
import type { DatagramSendError } from "@ancillary/engine/errors/DatagramError"
import { type Pause, SendQueue } from "@ancillary/engine/socket"
import { addressError, codeOfSend, invalidMessage } from "./errors.ts"
import type { Way } from "./groups.ts"
import type { Handle } from "./handle.ts"

/**
 * Called when a datagram was sent, or with why it was not.
 *
 * @category models
 * @since 0.1.0
 */
export type SendCallback = (error: Error | null, bytes?: number) => void

/**
 * Control messages that may go with a datagram.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendControl {
  /** From which address and interface of this host the datagram leaves. */
  readonly pktInfo?: { readonly source?: string | undefined; readonly interfaceIndex?: number | undefined } | undefined
  /** Hops granted to the datagram, 1 to 255. */
  readonly hopLimit?: number | undefined
  /** The traffic class byte (TOS), 0 to 255. Not with `dscp` or `ecn`. */
  readonly trafficClass?: number | undefined
  /** Differentiated services codepoint, 0 to 63. */
  readonly dscp?: number | undefined
  /** Explicit congestion notification. */
  readonly ecn?: "not-ect" | "ect0" | "ect1" | undefined
}

/** One message. The engine reads the first four fields. */
export class Sending {
  readonly data: Uint8Array | ReadonlyArray<Uint8Array>
  to: Endpoint<Family> | undefined
  readonly control: SendControl | undefined
  readonly segmentSize: number | undefined
  readonly callback: SendCallback | undefined
  readonly address: string | null | undefined
  readonly port: number | undefined
  /** Bytes of the payload. */
  readonly size: number
  /** Set when the message has left, or has failed. */
  result: "sent" | Error | undefined
  /** Set when its callback waits for a later turn: the callback runs in it. */
  scope: AsyncResource | undefined
  /** Copies of it, for several interfaces, that have neither left nor failed. */
  copies = 1

  constructor(
    data: Uint8Array | ReadonlyArray<Uint8Array>,
    size: number,
    options: {
      readonly address: string | null | undefined
      readonly port: number | undefined
      readonly control: SendControl | undefined
      readonly segmentSize: number | undefined
      readonly callback: SendCallback | undefined
    }
  ) {
    this.data = data
    this.size = size
    this.to = undefined
    this.control = options.control
    this.segmentSize = options.segmentSize
    this.callback = options.callback
    this.address = options.address
    this.port = options.port
  }

  /** Keeps the storage of the running tick for the callback. */
  wait(): void {
    this.scope = new AsyncResource("UDPSENDWRAP")
  }
}

/** A message by one of several interfaces. */
class Copy {
  readonly data: Sending["data"]
  readonly to: Sending["to"]
  readonly segmentSize: number | undefined
  readonly control: SendControl
  readonly original: Sending

  constructor(original: Sending, way: Way) {
    this.data = original.data
    this.to = original.to
    this.segmentSize = original.segmentSize
    this.control = { ...original.control, pktInfo: way }
    this.original = original
  }
}

type Queued = Sending | Copy

export class Sender {
  readonly #handle: Handle
  readonly #ways: (to: Endpoint<Family>) => ReadonlyArray<Way> | undefined
  readonly #onInvalid: (error: Error) => void
  #queue: Array<Queued> = []
  /** Handed to the engine, which waits. */
  #batch: SendQueue | undefined
  #inBatch: ReadonlyArray<Queued> = []
  #isDue = false
  /** True while a listener of `message` runs: its messages leave when it returns. */
  #isListening = false

  /** `onInvalid` receives the errors of messages without a callback that the program has to mend. */
  constructor(
    handle: Handle,
    ways: (to: Endpoint<Family>) => ReadonlyArray<Way> | undefined,
    onInvalid: (error: Error) => void
  ) {
    this.#handle = handle
    this.#ways = ways
    this.#onInvalid = onInvalid
  }

  /** Messages that wait for room in the send buffer, and their bytes. */
  get waiting(): { readonly count: number; readonly size: number } {
    if (this.#batch === undefined) return { count: 0, size: 0 }
    const { failed, sent, unsent } = this.#batch
    const left = this.#inBatch.slice(sent + unsent + failed.length)
    const all = [...left, ...this.#queue]
    return { count: all.length, size: all.reduce((sum, queued) => sum + sizeOf(queued), 0) }
  }

  /** Adds a message, which leaves with the others of this turn. */
  add(sending: Sending): void {
    const pktInfo = sending.control?.pktInfo
    const ways = sending.to === undefined || pktInfo !== undefined ? undefined : this.#ways(sending.to)
    if (ways === undefined) this.#queue.push(sending)
    else {
      sending.copies = ways.length
      for (const way of ways) this.#queue.push(new Copy(sending, way))
    }
  }

  /** Runs the listeners of a datagram. Messages that they add leave when they return, which saves a tick. */
  listen(listeners: () => void): void {
    this.#isListening = true
    try {
      listeners()
    } finally {
      this.#isListening = false
      this.flush()
    }
  }

  /** Sends what was added when this tick ends. */
  due(): void {
    if (this.#isDue || this.#isListening || this.#batch !== undefined) return
    this.#isDue = true
    process.nextTick(this.#flush)
  }

  readonly #flush = (): void => {
    this.#isDue = false
    this.flush()
  }

  /** Sends what was added. */
  flush(): void {
    if (this.#batch !== undefined || this.#queue.length === 0 || this.#handle.socket.closed) return
    const queue = this.#queue
    this.#queue = []
    const [only] = queue
    const begun = queue.length === 1 && only !== undefined ? this.#handle.trySend(only) : this.#handle.queue(queue)
    if (begun instanceof SendQueue) {
      this.#inBatch = queue
      this.#batch = begun
      this.#continueSending()
    } else if (only !== undefined) this.#settle(only, begun)
  }

  readonly #continueSending = (error?: DatagramSendError): void => {
    const batch = this.#batch
    if (batch === undefined) return
    if (error !== undefined) batch.refuse(error)
    const pause = batch.run()
    if (pause !== undefined) return this.#wait(pause)
    this.#batch = undefined
    const failed =
      batch.failed.length === 0 ? undefined : new Map(batch.failed.map(({ error, index }) => [index, error]))
    for (let i = 0; i < this.#inBatch.length; i++) {
      const queued = this.#inBatch[i]
      if (queued !== undefined) this.#settle(queued, failed?.get(i))
    }
    this.#inBatch = []
    if (this.#queue.length > 0) this.due()
  }

  #wait(pause: Pause): void {
    if (pause === "its next turn") setImmediate(() => this.#continueSending())
    else this.#handle.socket.onSendSpace(pause.roomAt, this.#continueSending)
  }

  #settle(queued: Queued, error: DatagramSendError | undefined): void {
    const sending = queued instanceof Copy ? queued.original : queued
    if (sending.result !== undefined && sending.result !== "sent") return
    if (error !== undefined) {
      sending.result = failure(sending, error)
      if (error.reason === "InvalidArgument" && sending.callback === undefined) this.#onInvalid(sending.result)
    } else if (sending.result === undefined) sending.result = "sent"
    if (sending.scope !== undefined) complete(sending)
  }

  /** Ends what waits: its callbacks get ECANCELED. */
  cancel(): void {
    const batch = this.#batch
    if (batch === undefined) return
    this.#batch = undefined
    for (const queued of [...this.#inBatch, ...this.#queue]) {
      const sending = queued instanceof Copy ? queued.original : queued
      sending.result ??= addressError("send", "ECANCELED", sending.address, sending.port)
      if (sending.scope !== undefined) complete(sending)
    }
    this.#inBatch = []
    this.#queue = []
  }
}

const sizeOf = (queued: Queued): number => (queued instanceof Copy ? queued.original.size : queued.size)

const failure = ({ address, port }: Sending, error: DatagramSendError): Error => {
  if (error.reason === "InvalidArgument") return invalidMessage(error.message)
  return addressError("send", codeOfSend(error), address, port)
}

/** Calls back in a later tick, with the storage of the call of `send`. */
export const complete = (sending: Sending): void => {
  const { callback, result, scope, size } = sending
  if (callback === undefined || result === undefined) return
  const args: Parameters<SendCallback> = result === "sent" ? [null, size] : [result]
  if (scope === undefined) process.nextTick(callback, ...args)
  else scope.runInAsyncScope(() => process.nextTick(callback, ...args))
}
