/** From the event loop's report to the listeners of `message`, one datagram after the other. */
import type { AsyncResource } from "node:async_hooks"
import { InternetEndpoint, type Endpoint, type Family } from "@ancillary/control"
import { type Outcome, ReceivedDatagram } from "@ancillary/engine/socket"
import type { Addresses } from "./addresses.ts"
import { codeOf } from "./errors.ts"
import type { Handle } from "./handle.ts"
import { RemoteInfo } from "./remoteInfo.ts"

/** Whom what was received is given to. Functions of the program run in them, and may throw or close the socket. */
export interface Receiver {
  readonly onMessage: (data: Buffer, info: RemoteInfo) => void
  readonly onFault: (code: string) => void
  /** A message without a callback was refused, because the program gave it a wrong value. */
  readonly onInvalid: (error: Error) => void
}

/** Reads while the socket is open. */
export class Receiving {
  readonly #handle: Handle
  readonly #addresses: Addresses
  readonly #receiver: Receiver
  readonly #resource: AsyncResource
  /** Received, and not emitted. */
  #queue: Array<Outcome> = []
  #next = 0
  /** The sender of the last datagram, and its text: most datagrams come from the one before. */
  #from: Endpoint<Family> | undefined
  #text = ""
  /** Datagrams that were emitted, and that could not be read. */
  received = 0
  faults = 0

  constructor(handle: Handle, addresses: Addresses, receiver: Receiver, resource: AsyncResource) {
    this.#handle = handle
    this.#addresses = addresses
    this.#receiver = receiver
    this.#resource = resource
    this.#wait()
  }

  readonly #readable = (closed: boolean): void => {
    if (closed) return
    let failed: string | undefined
    const more = this.#handle.socket.receiveEach(this.#take, undefined, (error) => (failed = codeOf(error)))
    if (typeof more !== "boolean") failed = codeOf(more)
    if (failed !== undefined) return this.#fail(failed)
    if (this.#queue.length === 0) return this.#wait()
    this.#resource.runInAsyncScope(this.#emitAll)
  }

  readonly #take = (outcome: Outcome): boolean => this.#queue.push(outcome) > 0

  /** Waits for the next report, or for a pause that is due. */
  #wait(): void {
    const { socket } = this.#handle
    if (!socket.closed) socket.wait(socket.due() ?? "readable", this.#readable)
  }

  #fail(code: string): void {
    this.#wait()
    this.#resource.runInAsyncScope(this.#receiver.onFault, undefined, code)
  }

  /**
   * Emits each datagram as if it had been received alone. The event loop runs the ticks and microtasks of its listeners before the next
   * immediate. That one also runs if a listener throws.
   */
  readonly #emitAll = (): void => {
    for (let i = 1; i < this.#queue.length; i++) setImmediate(this.#again)
    this.#emitNext()
  }

  readonly #again = (): void => this.#emitNext()

  #emitNext(): void {
    const outcome = this.#queue[this.#next++]
    if (this.#next >= this.#queue.length) {
      this.#queue = []
      this.#next = 0
      this.#wait()
    }
    if (this.#handle.socket.closed) return
    if (outcome instanceof ReceivedDatagram) this.#emit(outcome)
    else this.faults++
  }

  #emit(datagram: ReceivedDatagram): void {
    const { data, from } = datagram
    this.received++
    if (!(from instanceof InternetEndpoint)) return
    if (from !== this.#from) {
      this.#from = from
      this.#text = this.#addresses.text(this.#handle.type, from.address)
    }
    const info = new RemoteInfo(this.#text, this.#handle.type, from.port, datagram, this.#addresses)
    this.#receiver.onMessage(Buffer.from(data.buffer, data.byteOffset, data.byteLength), info)
  }
}
