/** The members of one socket of the engine for programs: reading, sending, options and counters. */
import { Codec, type ControlMessage, type Family } from "@ancillary/control"
import { receiveClosed } from "@ancillary/engine/errors/DatagramError"
import {
  ConnectedSocket as EngineConnected,
  type Conversation,
  OpenSocket,
  type Outcome,
  type ReceivedDatagram,
  receiveInvalid,
  type SocketEvent,
  statsOf
} from "@ancillary/engine/socket"
import type { SocketOption } from "@ancillary/engine/spec/option/definition"
import { errorOf } from "../DatagramError.ts"
import type { ConnectedSocket, DatagramSocket, DatagramStats, Membership, Waiting } from "../DatagramSocket.ts"
import { EventQueue, Steps, takeDatagram, takeOutcome } from "./iterating.ts"
import { peek, receive, receiveBatch, receiveScattered, receiveUpTo, receiveWithin } from "./receiving.ts"
import { type Patience, send, sendAll, trySend } from "./sending.ts"
import { abortable, signalOf } from "./waiting.ts"

/** The key of the method that `console.log` of Node calls. */
const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/** Members of every socket. Their static types come from the spec, because decode and encode were compiled from it. */
class Members {
  readonly #core: Conversation
  readonly #patience: Patience
  #eventQueue: EventQueue | undefined

  constructor(core: Conversation, patience: Patience) {
    this.#core = core
    this.#patience = patience
  }

  /** The socket of the engine, or `undefined` for an object that a program made itself. */
  static coreOf(socket: object): Conversation | undefined {
    return #core in socket ? socket.#core : undefined
  }

  get family(): Family {
    return this.#core.plan.family
  }
  get localAddress(): Conversation["localAddress"] {
    return this.#core.localAddress
  }
  get peer(): Conversation["peer"] {
    return this.#core.peer
  }
  get closed(): boolean {
    return this.#core.closed
  }
  get declined(): Conversation["declined"] {
    return this.#core.declined
  }
  get descriptor(): number {
    if (this.#core.closed) throw errorOf(receiveClosed())
    return this.#core.descriptor
  }

  /** The text that `console.log` of Node prints. */
  [inspect](): string {
    const { closed, localAddress, peer } = this.#core
    return `DatagramSocket ${String(localAddress)}${peer === undefined ? "" : ` to ${String(peer)}`}${closed ? ", closed" : ""}`
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ReceivedDatagram> {
    return new Steps(this.#core, takeDatagram(this.#core), undefined)
  }
  datagrams(options?: Waiting): AsyncIterableIterator<ReceivedDatagram> {
    return new Steps(this.#core, takeDatagram(this.#core), signalOf(this.#core, options))
  }
  outcomes(options?: Waiting): AsyncIterableIterator<Outcome> {
    return new Steps(this.#core, takeOutcome(this.#core), signalOf(this.#core, options))
  }
  events(options?: Waiting): AsyncIterableIterator<SocketEvent> {
    this.#eventQueue ??= new EventQueue(this.#core)
    return new Steps(this.#core, this.#eventQueue.take, signalOf(this.#core, options))
  }

  receive(options?: Waiting): Promise<ReceivedDatagram> {
    return receive(this.#core, options)
  }
  receiveWithin(milliseconds: number, options?: Waiting): Promise<ReceivedDatagram | undefined> {
    return receiveWithin(this.#core, milliseconds, options)
  }
  receiveScattered(sizes: ReadonlyArray<number>, options?: Waiting): Promise<ReceivedDatagram> {
    return receiveScattered(this.#core, sizes, options)
  }
  peek(options?: Waiting): Promise<ReceivedDatagram> {
    return peek(this.#core, options)
  }
  receiveBatch(options?: Waiting): Promise<ReadonlyArray<ReceivedDatagram>> {
    return receiveBatch(this.#core, options)
  }
  receiveUpTo(maximum: number, options?: Waiting): Promise<ReadonlyArray<ReceivedDatagram>> {
    return receiveUpTo(this.#core, maximum, options)
  }
  forEach(f: (datagram: ReceivedDatagram) => void, options?: Waiting): Promise<void> {
    return loop(this.#core, f, options, false)
  }
  forEachBorrowed(f: (datagram: ReceivedDatagram) => void, options?: Waiting): Promise<void> {
    return loop(this.#core, f, options, true)
  }

  send(message: unknown, options?: Waiting): Promise<void> {
    return send(this.#core, message, options, this.#patience)
  }
  trySend(message: unknown): ReturnType<typeof trySend> {
    return trySend(this.#core, message)
  }
  sendAll(messages: ReadonlyArray<unknown>, options?: Waiting): ReturnType<typeof sendAll> {
    return sendAll(this.#core, messages, options, this.#patience)
  }

  setOption<A>(option: SocketOption<A, Family, unknown>, value: A): void {
    const failed = this.#core.setOption(option, value)
    if (failed !== undefined) throw errorOf(failed)
  }
  getOption<A>(option: SocketOption<A, Family, unknown>): A {
    const got = this.#core.getOption(option)
    if ("error" in got) throw errorOf(got.error)
    return got.value
  }
  limits(): object {
    const granted = this.#core.limits()
    if ("segments" in granted) return granted
    throw errorOf(granted)
  }
  stats(): DatagramStats {
    return statsOf(this.#core)
  }
}

/** A loop without a promise for each datagram. It runs in the event loop's callback. */
const loop = (
  core: Conversation,
  f: (datagram: ReceivedDatagram) => void,
  options: Waiting | undefined,
  borrowed: boolean
): Promise<void> =>
  new Promise((resolve, reject) => {
    const signal = signalOf(core, options)
    if (signal?.aborted === true) return reject(signal.reason)
    if (typeof f !== "function")
      throw errorOf(receiveInvalid(core, "f", `${Codec.format(f)} is not a function: give one that takes a datagram`))
    let settle = (): void => undefined
    abortable(
      signal,
      (ended) =>
        core.forEach(
          f,
          (end) => {
            if ("defect" in end) settle = () => reject(end.defect)
            else if (end.error.reason !== "Closed") settle = () => reject(errorOf(end.error))
            else settle = resolve
            ended()
          },
          borrowed
        ),
      () => settle(),
      () => reject(signal?.reason)
    )
  })

/** A socket with its own handle. */
class Owned extends Members {
  readonly #core: OpenSocket

  constructor(core: OpenSocket, patience: Patience) {
    super(core, patience)
    this.#core = core
  }

  close(): void {
    this.#core.close()
  }
  [Symbol.dispose](): void {
    this.#core.close()
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#core.close()
  }

  join(group: unknown, options?: unknown): Membership {
    return membership(this.#core.join(group, options))
  }
  block(group: unknown, source: unknown, options?: unknown): Membership {
    return membership(this.#core.block(group, source, options))
  }
  leave(group: unknown, options?: unknown): void {
    const failed = this.#core.leave(group, options)
    if (failed !== undefined) throw errorOf(failed)
  }
  connect(peer: unknown): Connection {
    const connected = this.#core.connect(peer)
    if (connected instanceof EngineConnected) return new Connection(connected)
    throw errorOf(connected)
  }
}

/** A bound socket while it is connected. Its end disconnects the socket. */
class Connection extends Members {
  readonly #core: EngineConnected

  constructor(core: EngineConnected) {
    super(core, undefined)
    this.#core = core
  }

  close(): void {
    const failed = this.#core.disconnect()
    if (failed !== undefined) process.emitWarning(failed, "DatagramWarning")
  }
  [Symbol.dispose](): void {
    this.close()
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

const membership = (joined: ReturnType<OpenSocket["join"]>): Membership => {
  if (!("end" in joined)) throw errorOf(joined)
  let isHeld = true
  const leave = () => {
    if (isHeld) joined.end()
    isHeld = false
  }
  return { leave, [Symbol.dispose]: leave }
}

/** Makes the socket of a program. `patience` limits the waits of its sends. */
export const makeSocket = <F extends Family, D extends ControlMessage.Any>(
  core: OpenSocket,
  patience?: Patience
): DatagramSocket<F, D> => new Owned(core, patience) as unknown as DatagramSocket<F, D>

/** Makes the connected socket of a program. */
export const makeConnected = <F extends Family, D extends ControlMessage.Any>(
  core: OpenSocket
): ConnectedSocket<F, D> => new Owned(core, undefined) as unknown as ConnectedSocket<F, D>

/** Returns the engine's socket, or `undefined` for a value that is not a socket. */
export const coreOf = (socket: unknown): Conversation | undefined => {
  try {
    return typeof socket === "object" && socket !== null ? Members.coreOf(socket) : undefined
  } catch {
    return undefined
  }
}

/** Returns the engine's socket that owns the handle. */
export const openSocketOf = (socket: unknown): OpenSocket | undefined => {
  const core = coreOf(socket)
  return core instanceof OpenSocket ? core : undefined
}
