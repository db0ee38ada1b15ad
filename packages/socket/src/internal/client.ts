/** The requests of a client: transmission by a schedule, and the answer that ends it. */
import { Codec, type ControlMessage, type Endpoint, type Family } from "@ancillary/control"
import { invalidBind, invalidSend } from "@ancillary/engine/errors/DatagramError"
import { copyRequest, readKey, type RequestCounters, RequestTable, type SessionKey } from "@ancillary/engine/server"
import type { LoopEnd, OpenSocket, ReceivedDatagram } from "@ancillary/engine/socket"
import type { ClientOptions, ClientStats, DatagramClient } from "../ClientTypes.ts"
import { DatagramRequestError, type DatagramSendError, errorOf } from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import type { Spec } from "../Spec.ts"
import type { Opening } from "./opening.ts"
import { begin } from "./sending.ts"
import { checkSocket, isDuration } from "./serveOptions.ts"
import { type CheckedTransmission, defaults, readTransmission } from "./transmission.ts"
import { signalOf, whenAborted } from "./waiting.ts"

/** The longest time that a timer of Node takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

interface CheckedClient extends CheckedTransmission {
  readonly key: (datagram: unknown) => unknown
}

const checkClientOptions = (given: unknown): CheckedClient => {
  let key: unknown
  try {
    key = (given as { readonly key?: unknown } | null | undefined)?.key
  } catch {
    throw errorOf(invalidBind("options: reading them threw. Give a plain object.", "options"))
  }
  if (typeof key !== "function")
    throw errorOf(invalidBind(`key: ${Codec.format(key)} is not a function. Give one that returns a key.`, "key"))
  const read = readTransmission(given, defaults)
  if ("why" in read) throw errorOf(invalidBind(`${read.option}: ${read.why}.`, read.option))
  return { ...read, key: key as CheckedClient["key"] }
}

/** One request that waits. */
interface Asked {
  readonly message: unknown
  readonly key: SessionKey
  readonly to: Endpoint<Family>
  readonly transmission: CheckedTransmission
  readonly signal: AbortSignal | undefined
}

export class Client {
  readonly socket: unknown
  readonly #core: OpenSocket
  readonly #options: CheckedClient
  readonly #table: RequestTable<ReceivedDatagram>
  /** Functions that end the requests that wait, because the socket cannot be read. */
  readonly #waiting = new Set<(error: unknown) => void>()
  #unread: { readonly error: unknown } | undefined

  constructor(core: OpenSocket, socket: unknown, options: CheckedClient) {
    this.#core = core
    this.socket = socket
    this.#options = options
    this.#table = new RequestTable((address) => core.isBroadcastAddress(address))
    core.forEach(this.#receive, this.#end)
  }

  /** Returns the counters and the socket of a client, or `undefined` for another value. */
  static partsOf(given: object): { readonly counters: RequestCounters; readonly core: OpenSocket } | undefined {
    return #core in given ? { counters: given.#table.counters, core: given.#core } : undefined
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

  stats(): ClientStats {
    const { counters } = this.#table
    return {
      started: BigInt(counters.started),
      answered: BigInt(counters.answered),
      unanswered: BigInt(counters.unanswered),
      cancelled: BigInt(counters.cancelled),
      failed: BigInt(counters.failed),
      waiting: BigInt(counters.waiting),
      retransmitted: BigInt(counters.retransmitted),
      received: BigInt(counters.received),
      late: BigInt(counters.late),
      duplicate: BigInt(counters.duplicate),
      foreign: BigInt(counters.foreign),
      unknown: BigInt(counters.unknown)
    }
  }

  request(message: unknown, options?: unknown): Promise<ReceivedDatagram> {
    return new Promise((resolve, reject) => {
      const signal = signalOf(this.#core, options as { readonly signal?: AbortSignal } | undefined)
      if (signal?.aborted === true) return reject(signal.reason)
      if (this.#unread !== undefined) return reject(this.#unread.error)
      this.#ask(this.#read(message, options, signal), resolve, reject)
    })
  }

  /** Reads a request, or throws for its first invalid part. */
  #read(message: unknown, options: unknown, signal: AbortSignal | undefined): Asked {
    const transmission = readTransmission(options, this.#options)
    if ("why" in transmission) throw this.#invalid(transmission.option, transmission.why)
    let given: { readonly key?: unknown; readonly to?: unknown }
    try {
      const { key, to } = message as typeof given
      given = { key, to }
    } catch {
      throw this.#invalid("request", "reading it threw. Give a plain object")
    }
    const key = readKey(given.key)
    if (key === undefined)
      throw this.#invalid("key", `${Codec.format(given.key)} is not a key. Give a text, a number, a bigint or bytes`)
    const to = this.#core.outgoing.destinations.of(given.to)
    if (to === undefined || typeof to === "string")
      throw this.#invalid("to", `${to ?? "it is missing"}. Give an address and a port`)
    try {
      return { message: copyRequest(message as object, to), key, to, transmission, signal }
    } catch {
      throw this.#invalid("request", "reading it threw. Give a plain object")
    }
  }

  #invalid(field: string, why: string): DatagramSendError {
    return errorOf(invalidSend(field, why, "InvalidArgument", this.#core.plan.abi.platform))
  }

  /** Sends a request until it has an end, and settles its promise. */
  #ask(
    { key, message, signal, to, transmission }: Asked,
    resolve: (answer: ReceivedDatagram) => void,
    reject: (error: unknown) => void
  ): void {
    const table = this.#table
    let transmissions = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    /** Ends a send that waits for space. */
    let sending: AbortController | undefined
    const settle = (): void => {
      clearTimeout(timer)
      ignore()
      this.#waiting.delete(onFailure)
      sending?.abort()
    }
    const end = (how: "unanswered" | "cancelled" | "failed", error: () => unknown): void => {
      if (!table.end(key, request, how)) return
      settle()
      reject(error())
    }
    const request = {
      to,
      onAnswer: (answer: ReceivedDatagram) => {
        settle()
        resolve(answer)
      }
    }
    const onAbort = () => end("cancelled", () => signal?.reason)
    const onFailure = (error: unknown) => end("failed", () => error)
    const onTimeout = () => end("unanswered", () => new DatagramRequestError(to))
    const wait = (milliseconds: number, f: () => void): void => {
      if (milliseconds !== Infinity) timer = setTimeout(f, Math.min(milliseconds, longestTimer))
    }
    const transmit = (): void => {
      try {
        const sent = begin(this.#core, message, () => (sending ??= new AbortController()).signal, undefined)
        sent.then(onSent, onFailure)
      } catch (error) {
        onFailure(error)
      }
    }
    const again = (): void => {
      table.counters.retransmitted++
      transmit()
    }
    const onSent = (): void => {
      transmissions++
      if (!this.#waiting.has(onFailure)) return
      let next: unknown
      try {
        next = transmission.next(transmissions)
      } catch (cause) {
        return onFailure(this.#invalid("retransmit", `it threw (${Codec.format(cause)}). Return milliseconds`))
      }
      if (next === undefined) wait(transmission.timeout, onTimeout)
      else if (isDuration(next)) wait(next, again)
      else onFailure(this.#invalid("retransmit", `it returned ${Codec.format(next)}. Return milliseconds, 0 or more`))
    }
    // The fields of the request may have aborted it.
    if (signal?.aborted === true) return reject(signal.reason)
    const ignore = signal === undefined ? () => {} : whenAborted(signal, onAbort)
    if (!table.add(key, request)) {
      ignore()
      const shown = typeof key === "bigint" ? `${key}n` : Codec.format(key)
      return reject(this.#invalid("key", `a request with the key ${shown} waits already. Choose another one`))
    }
    this.#waiting.add(onFailure)
    transmit()
  }

  readonly #receive = (datagram: ReceivedDatagram): void => {
    let key: SessionKey | undefined
    try {
      key = readKey(this.#options.key(datagram))
    } catch {
      key = undefined
    }
    this.#table.receive(key, datagram)
  }

  readonly #end = (end: LoopEnd): void => {
    const error = "defect" in end ? end.defect : errorOf(end.error)
    this.#unread = { error }
    for (const fail of this.#waiting) fail(error)
  }
}

export const makeClientWith = async <F extends Family, D extends ControlMessage.Any, R>(
  opening: Opening,
  spec: Spec<F, D, R>,
  options: ClientOptions<F, D>
): Promise<DatagramClient<F, D>> => {
  const checked = checkClientOptions(options)
  const socket: DatagramSocket<F, D> = await opening.client(spec)
  // The spec decides the type of the answers, because decode was compiled from it.
  return new Client(checkSocket(socket), socket, checked) as unknown as DatagramClient<F, D>
}
