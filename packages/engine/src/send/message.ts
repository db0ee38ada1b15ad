/**
 * One validated message to be sent, and its progress if it needs several calls.
 *
 * All values of the program are read here, each field once, before memory is filled. Its getters, proxies and definitions may throw, or
 * send.
 */
import { Codec, type Endpoint, type Family, Segmentation } from "@ancillary/control"
import type { DatagramSendError } from "../errors/DatagramError.ts"
import type { Fault } from "../driver/Driver.ts"
import type { Plan } from "../plan/Plan.ts"
import type { Destinations } from "./addressCache.ts"
import type { Refusal } from "./encoder.ts"
import { notSent } from "./notSent.ts"
import { part, piecesOf, sizeOf, sizeOfAll } from "../driver/payload.ts"
import { validatePing } from "./ping.ts"
import { type Fallback, withoutSource } from "./reply.ts"
import { SentControl } from "./sentControl.ts"

/** The socket that messages are validated for. */
export interface MessageSocket {
  readonly plan: Plan
  readonly peer: Endpoint<Family> | undefined
  readonly outgoing: {
    readonly destinations: Destinations
    readonly largest: (peer: "ipv4" | "ipv6" | "unix" | undefined) => number
  }
}

/** The argument of `send` without its types. It is validated here if no compiler did it. */
interface Given {
  readonly data: unknown
  readonly to?: unknown
  readonly control?: unknown
  readonly segmentSize?: unknown
  readonly [withoutSource]?: Fallback | undefined
}

export class PendingMessage {
  /** Position among the messages of one call. */
  readonly index: number
  readonly to: Endpoint<Family> | undefined
  readonly pieces: ReadonlyArray<Uint8Array>
  readonly size: number
  /** GSO, USO: size in bytes of each of its datagrams. If absent, the payload is one datagram. */
  readonly segmentSize: number | undefined
  control: SentControl | undefined
  /** Fallback that is tried once if the system refuses its source. */
  fallback: Fallback | undefined
  #bytesSent = 0
  #isDone = false
  #gsoError: Fault | undefined

  constructor(
    index: number,
    to: Endpoint<Family> | undefined,
    control: SentControl | undefined,
    pieces: ReadonlyArray<Uint8Array>,
    size: number,
    segmentSize: number | undefined,
    fallback: Fallback | undefined
  ) {
    this.index = index
    this.to = to
    this.control = control
    this.pieces = pieces
    this.size = size
    this.segmentSize = segmentSize
    this.fallback = fallback
  }

  /** Number of bytes that were sent. */
  get bytesSent(): number {
    return this.#bytesSent
  }
  /** True if all bytes were sent, or if no more will be sent. */
  get isDone(): boolean {
    return this.#isDone
  }
  /** Error of the kernel when it was to split the payload. The segments are then sent one by one. */
  get gsoError(): Fault | undefined {
    return this.#gsoError
  }

  /** Marks the bytes before `end` as sent. */
  markSent(end: number): void {
    this.#bytesSent = end
    this.#gsoError = undefined
    if (end >= this.size) this.#isDone = true
  }

  /** Marks the message as done; no more bytes are sent. */
  finish(): void {
    this.#isDone = true
  }

  /** Records that the kernel does not split the payload. */
  cutRefused(error: Fault): void {
    this.#gsoError = error
  }

  /** Takes the fallback after the system refused its source. It can be taken once. */
  takeFallback(fault: Fault): Fallback | undefined {
    const { fallback } = this
    if (fallback?.code !== fault.code) return undefined
    this.fallback = undefined
    return fallback
  }

  /** Returns `bytes` bytes from an offset. */
  part(from: number, bytes: number): ReadonlyArray<Uint8Array> {
    return bytes === this.size ? this.pieces : cut(this.pieces, from, from + bytes)
  }

  /** Returns the reason if the payload has changed since it was validated, because it may have waited. */
  changed(): Refusal | undefined {
    const size = sizeOfAll(this.pieces)
    if (size === this.size) return undefined
    const why = `the payload had ${this.size} bytes and has ${size}: its memory was detached or resized before it was sent; send a copy`
    return { field: "data", why, unsupported: false }
  }

  /** Returns the number of datagrams between two offsets. */
  datagrams(from: number, to: number): number {
    const raw = this.control?.value(Segmentation.key)
    const size = this.segmentSize ?? (typeof raw === "number" ? raw : undefined)
    return size === undefined ? 1 : Math.max(1, Math.ceil((to - from) / size))
  }
}

/** Encodes the control data of messages that are sent together. */
interface ControlEncoder {
  readonly encode: (control: object, family: "ipv4" | "ipv6" | "unix") => SentControl | Refusal
}

/** Reads each field once. Returns the first invalid one with the reason. */
export const validateMessage = (
  core: MessageSocket,
  index: number,
  message: unknown,
  encoder: ControlEncoder
): PendingMessage | DatagramSendError => {
  if (typeof message !== "object" || message === null)
    return notSent(core, "message", `${Codec.format(message)} is not a message: give { data, to }`)
  const given: Given = message as Given
  let pieces: ReadonlyArray<Uint8Array> | string
  let to: unknown
  let control: unknown
  let segmentSize: unknown
  let fallback: Fallback | undefined
  let field = "data"
  try {
    pieces = piecesOf(given.data)
    field = "to"
    to = given.to
    field = "control"
    control = given.control
    fallback = given[withoutSource]
    field = "segmentSize"
    segmentSize = given.segmentSize
  } catch (cause) {
    return notSent(core, field, `it cannot be read (${Codec.format(cause)}): give a plain value`)
  }
  if (typeof pieces === "string") return notSent(core, "data", pieces)
  let destination: Endpoint<Family> | undefined
  if (core.peer === undefined) {
    const parsed = core.outgoing.destinations.of(to)
    if (typeof parsed === "string") return notSent(core, "to", parsed)
    destination = parsed
  } else if (to !== undefined)
    return notSent(core, "to", `this socket is connected to ${core.peer} and sends only to that peer`)
  const size = sizeOfAll(pieces)
  const peer = destination ?? core.peer
  const most = core.outgoing.largest(peer?.family)
  if (control !== undefined && (typeof control !== "object" || control === null))
    return notSent(core, "control", `${Codec.format(control)} is not a record of control messages`)
  if (segmentSize !== undefined) {
    const why = refuseSegments(core, segmentSize, most)
    if (why !== undefined) return notSent(core, "segmentSize", why)
  } else if (size > most) {
    const why = `${size} bytes are more than the ${most} that fit into a datagram of this socket`
    return notSent(core, "data", why, "MessageTooLarge")
  }
  const { family, protocol } = core.plan.kind
  const noPing = protocol === "icmp" && family !== "unix" ? validatePing(family, pieces) : undefined
  if (noPing !== undefined) return notSent(core, "data", noPing)
  const sent = control === undefined || peer === undefined ? undefined : encoder.encode(control, peer.family)
  if (sent !== undefined && !(sent instanceof SentControl)) return refused(core, sent)
  if (segmentSize !== undefined && sent?.value(Segmentation.key) !== undefined)
    return notSent(core, "segmentSize", "it is given in 'control', too: give one of them")
  return new PendingMessage(index, destination, sent, pieces, size, segmentSize as number | undefined, fallback)
}

/** The error of a message that cannot be sent. */
export const refused = (core: MessageSocket, { field, unsupported, why }: Refusal): DatagramSendError =>
  notSent(core, field, why, unsupported ? "Unsupported" : "InvalidArgument")

const refuseSegments = ({ plan }: MessageSocket, size: unknown, most: number) => {
  if (plan.kind.protocol === "icmp") return "an echo request is one datagram: leave it out"
  return Codec.isInteger(size, 1, most)
    ? undefined
    : `${Codec.format(size)} is not a size of segments: an integer from 1 to ${most}`
}

/** Returns the bytes between two offsets, in as many views as needed. */
const cut = (pieces: ReadonlyArray<Uint8Array>, from: number, to: number): ReadonlyArray<Uint8Array> => {
  const views: Array<Uint8Array> = []
  let at = 0
  for (const piece of pieces) {
    const size = sizeOf(piece)
    const [begin, end] = [Math.max(from - at, 0), Math.min(to - at, size)]
    if (begin < end) views.push(part(piece, begin, end))
    at += size
    if (at >= to) break
  }
  return views
}
