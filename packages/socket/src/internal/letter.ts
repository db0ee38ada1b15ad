/**
 * One message that a program handed over to be sent, checked; and how far it got, where it goes out by several calls.
 */
import { Codec, type Endpoint, type Family, Segmentation } from "@ancillary/control"
import { type DatagramSendError, invalidSend } from "../DatagramError.ts"
import type { Fault } from "../Driver.ts"
import type { Core } from "./core.ts"
import { refusePing } from "./ping.ts"
import { type Otherwise, withoutSource } from "./reply.ts"

/** What a program hands to `send`, before its types: an object that was not checked by a compiler is checked here. */
interface Given {
  readonly data: unknown
  readonly to?: unknown
  readonly control?: unknown
  readonly segmentSize?: unknown
  readonly [withoutSource]?: Otherwise | undefined
}

export class Letter {
  /** Its place among those that were handed over together. */
  readonly index: number
  readonly to: Endpoint<Family> | undefined
  readonly pieces: ReadonlyArray<Uint8Array>
  readonly size: number
  /** Bytes of each of its datagrams; absent: it is one. */
  readonly segmentSize: number | undefined
  control: object | undefined
  /** What is tried once where the system refuses its source. */
  otherwise: Otherwise | undefined
  /** Bytes that went. */
  gone = 0
  /** Whether that is all, or nothing more will go. */
  ended = false
  /** What the kernel said when it was to cut: its segments go out one by one. */
  refusal: Fault | undefined

  constructor(
    index: number,
    to: Endpoint<Family> | undefined,
    control: object | undefined,
    pieces: ReadonlyArray<Uint8Array>,
    size: number,
    segmentSize: number | undefined,
    otherwise: Otherwise | undefined
  ) {
    this.index = index
    this.to = to
    this.control = control
    this.pieces = pieces
    this.size = size
    this.segmentSize = segmentSize
    this.otherwise = otherwise
  }

  /** So many bytes from an offset. */
  part(from: number, bytes: number): ReadonlyArray<Uint8Array> {
    return bytes === this.size ? this.pieces : cut(this.pieces, from, from + bytes)
  }

  /** How many datagrams lie between two offsets of it. */
  datagrams(from: number, to: number): number {
    const raw: unknown = this.control === undefined ? undefined : Reflect.get(this.control, Segmentation.key)
    const size = this.segmentSize ?? (typeof raw === "number" ? raw : undefined)
    return size === undefined ? 1 : Math.max(1, Math.ceil((to - from) / size))
  }
}

/** Reads each field once, and says what is wrong with the first that is. */
export const letter = (core: Core, index: number, message: unknown): Letter | DatagramSendError => {
  if (typeof message !== "object" || message === null)
    return invalidSend("message", `${Codec.shown(message)} is not a message: give { data, to }`)
  const { control, data, segmentSize, to, [withoutSource]: otherwise } = message as Given
  const pieces = piecesOf(data)
  if (pieces === undefined) return invalidSend("data", "the payload is a Uint8Array, or an array of them")
  let destination: Endpoint<Family> | undefined
  if (core.peer === undefined) {
    const parsed = core.outgoing.destinations.of(to)
    if (typeof parsed === "string") return invalidSend("to", parsed)
    destination = parsed
  } else if (to !== undefined)
    return invalidSend("to", `this socket is connected to ${core.peer} and sends to nobody else`)
  let size = 0
  for (const piece of pieces) size += piece.length
  const most = core.outgoing.largest((destination ?? core.peer)?.family)
  if (control !== undefined && (typeof control !== "object" || control === null))
    return invalidSend("control", `${Codec.shown(control)} is not a record of control messages`)
  if (segmentSize !== undefined) {
    const why = refuseSegments(core, segmentSize, control, most)
    if (why !== undefined) return invalidSend("segmentSize", why)
  } else if (size > most) {
    const why = `${size} bytes are more than the ${most} that fit into a datagram of this socket`
    return invalidSend("data", why, "MessageTooLarge")
  }
  const { family, protocol } = core.plan.kind
  const noPing = protocol === "icmp" && family !== "unix" ? refusePing(family, pieces) : undefined
  if (noPing !== undefined) return invalidSend("data", noPing)
  return new Letter(index, destination, control, pieces, size, segmentSize as number | undefined, otherwise)
}

const refuseSegments = ({ plan }: Core, size: unknown, control: object | undefined, most: number) => {
  if (plan.kind.protocol === "icmp") return "an echo request is one datagram: leave it out"
  if (!Codec.isInteger(size, 1, most))
    return `${Codec.shown(size)} is not a size of segments: an integer from 1 to ${most}`
  return control !== undefined && Reflect.get(control, Segmentation.key) !== undefined
    ? "it is given in 'control', too: give one of them"
    : undefined
}

const piecesOf = (data: unknown): ReadonlyArray<Uint8Array> | undefined => {
  if (data instanceof Uint8Array) return [data]
  return Array.isArray(data) && data.every((piece) => piece instanceof Uint8Array) ? data : undefined
}

/** What lies between two offsets, in as many views as it takes. */
const cut = (pieces: ReadonlyArray<Uint8Array>, from: number, to: number): ReadonlyArray<Uint8Array> => {
  const views: Array<Uint8Array> = []
  let at = 0
  for (const piece of pieces) {
    const [begin, end] = [Math.max(from - at, 0), Math.min(to - at, piece.length)]
    if (begin < end) views.push(piece.subarray(begin, end))
    at += piece.length
    if (at >= to) break
  }
  return views
}
