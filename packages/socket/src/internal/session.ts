/** One session for its program: its datagrams, its answers and its end. */
import { Codec, type Endpoint, type Family } from "@ancillary/control"
import type { SessionKey, SessionState } from "@ancillary/engine/server"
import { answerPath, type OpenSocket, ReceivedDatagram, receiveInvalid } from "@ancillary/engine/socket"
import { type DatagramSendError, DatagramSessionError, errorOf } from "../DatagramError.ts"
import type { Waiting } from "../DatagramSocket.ts"
import { Steps } from "./iterating.ts"
import { attempting, checkMilliseconds } from "./receiving.ts"
import { begin, trySend } from "./sending.ts"
import { abortable, type Event, signalOf } from "./waiting.ts"

/** The longest time that a timer of Node takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

/** The server of a session. */
export interface SessionServer {
  readonly core: OpenSocket
  /** True if answers have the address that was asked as their source. */
  readonly asAsked: boolean
  /** True when it stops: sessions that wait for a datagram end. */
  readonly isStopping: boolean
  /** Marks a session as proven. */
  readonly prove: (state: SessionState<ReceivedDatagram>) => void
}

type Reason = DatagramSessionError["reason"]

const sentences: { readonly [reason in Reason]: string } = {
  Idle: "it received nothing for its idle time. Raise `idle`, or let the peer send sooner",
  Evicted: "a new one took its place. Raise `maximum`, or validate peers",
  Stopped: "its server stops. End its program when its signal aborts",
  Ended: "its program has ended. Receive and send before it ends"
}

const reasons = { idle: "Idle", evicted: "Evicted", stopped: "Stopped" } as const

export class ServedSession {
  readonly #state: SessionState<ReceivedDatagram>
  readonly #server: SessionServer
  /** Made on demand, because most sessions wait only for datagrams. */
  #abort: AbortController | undefined
  #error: DatagramSessionError | undefined
  #isOver = false

  constructor(state: SessionState<ReceivedDatagram>, server: SessionServer) {
    this.#state = state
    this.#server = server
    state.stop = () => this.end()
  }

  get key(): SessionKey {
    return this.#state.key
  }
  get peer(): Endpoint<Family> {
    return this.#state.path.from
  }
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#isOver) this.#abort.abort(this.#ended)
    }
    return this.#abort.signal
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ReceivedDatagram> {
    return new Steps(this.#server.core, this.#next, undefined)
  }
  datagrams(options?: Waiting): AsyncIterableIterator<ReceivedDatagram> {
    return new Steps(this.#server.core, this.#next, signalOf(this.#server.core, options))
  }

  receive(options?: Waiting): Promise<ReceivedDatagram> {
    return attempting<ReceivedDatagram>(this.#server.core, options, () => {
      const found = this.#take()
      if (found === undefined) throw this.#ended
      return found
    })
  }

  receiveWithin(milliseconds: number, options?: Waiting): Promise<ReceivedDatagram | undefined> {
    return new Promise((resolve, reject) => {
      const { core } = this.#server
      const signal = signalOf(core, options)
      if (signal?.aborted === true) return reject(signal.reason)
      const limit = checkMilliseconds(core, milliseconds)
      let timer: ReturnType<typeof setTimeout> | undefined
      let cancel = (): void => {}
      const end = (settle: () => void) => {
        clearTimeout(timer)
        settle()
      }
      const attempt = (): void => {
        const found = this.#take()
        if (found === undefined) return end(() => reject(this.#ended))
        if (!("begin" in found)) return end(() => resolve(found))
        cancel = abortable(signal, found.begin, attempt, () => end(() => reject(signal?.reason)))
      }
      if (limit !== Infinity)
        timer = setTimeout(
          () => {
            cancel()
            resolve(this.#state.take())
          },
          Math.min(Math.max(limit, 0), longestTimer)
        )
      attempt()
    })
  }

  send(data: unknown, options?: Waiting): Promise<void> {
    try {
      const { core } = this.#server
      const signal = signalOf(core, options)
      if (signal?.aborted === true) return Promise.reject(signal.reason)
      const message = this.#answer(data)
      if ("syscall" in message) return Promise.reject(errorOf(message))
      return begin(core, message, () => this.#endOf(signal), undefined)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  trySend(data: unknown): DatagramSendError | undefined {
    const message = this.#answer(data)
    return "syscall" in message ? errorOf(message) : trySend(this.#server.core, message)
  }

  migrate(datagram: unknown): void {
    if (!(datagram instanceof ReceivedDatagram)) {
      const why = `${Codec.format(datagram)} is not a datagram: give one that the session received`
      throw errorOf(receiveInvalid(this.#server.core, "datagram", why))
    }
    const { control, delivery, from } = datagram
    this.#state.path = { control, delivery, from }
  }

  validate(): void {
    const { from } = this.#state.path
    if (from.family !== "unix") this.#server.core.guard?.validate(from)
    this.#server.prove(this.#state)
  }

  /** Ends the session: its signal aborts, and its waits end. The state has the reason, if the program did not end it. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#abort?.abort(this.#ended)
    this.#state.wake()
  }

  /** Ends the session because its server stops. */
  stop(): void {
    if (!this.#isOver) this.#state.end = "stopped"
    this.end()
  }

  get #ended(): DatagramSessionError {
    if (this.#error === undefined) {
      const { end, path } = this.#state
      const reason: Reason = end === undefined ? "Ended" : reasons[end]
      this.#error = DatagramSessionError.of(
        reason,
        `The session of ${String(path.from)} ended, because ${sentences[reason]}.`
      )
    }
    return this.#error
  }

  #answer(data: unknown) {
    const { asAsked, core } = this.#server
    return answerPath({ socket: core, localAddress: core.localAddress }, asAsked, this.#state.path, data)
  }

  /** The signal that ends a send that waits. A session that is over may still send, to take leave of its peer. */
  #endOf(signal: AbortSignal | undefined): AbortSignal | undefined {
    if (this.#isOver) return signal
    return signal === undefined ? this.signal : AbortSignal.any([signal, this.signal])
  }

  /** Takes a datagram, or returns the wait for one. Returns `undefined` if the session is over. */
  #take(): ReceivedDatagram | Event | undefined {
    if (this.#isOver) return undefined
    const datagram = this.#state.take()
    if (datagram !== undefined) return datagram
    if (this.#server.isStopping) {
      this.stop()
      return undefined
    }
    return this.#arrival
  }

  readonly #arrival: Event = { begin: (f) => this.#state.onDatagram(f) }

  readonly #next = () => {
    const found = this.#take()
    return found === undefined || "begin" in found ? found : ({ value: found, done: false } as const)
  }
}
