/** The arguments of `send`: any of the orders of `node:dgram`, or an object of options. */
import { invalidType, isConnected, outOfBounds } from "./errors.ts"
import type { RemoteInfo } from "./remoteInfo.ts"
import type { SendCallback, SendControl } from "./sending.ts"
import { checkString, portOf } from "./validate.ts"

/**
 * A payload: text is sent as UTF-8.
 *
 * @category models
 * @since 0.1.0
 */
export type Payload = string | NodeJS.ArrayBufferView
/**
 * A payload, or parts that leave as one datagram.
 *
 * @category models
 * @since 0.1.0
 */
export type Message = Payload | ReadonlyArray<Payload>

/**
 * Options of `send`.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendOptions {
  /** Destination port. Not on a connected socket. */
  readonly port?: number | undefined
  /** Destination address or host name. Absent: this host. */
  readonly address?: string | undefined
  /** The datagram that this one answers: it goes back to its sender, from the address and the interface at which that arrived. */
  readonly to?: RemoteInfo | undefined
  /** Control messages that go with the datagram. */
  readonly control?: SendControl | undefined
  /** Bytes of each datagram: the payload leaves as several, the last one may be shorter. */
  readonly segmentSize?: number | undefined
}

export interface Arguments {
  readonly data: Uint8Array | ReadonlyArray<Uint8Array>
  readonly size: number
  readonly port: number | undefined
  /** As the program gave it; nothing and a text without characters stand for this host. */
  readonly address: string | null | undefined
  readonly callback: SendCallback | undefined
  readonly options: SendOptions | undefined
}

const kinds = "of type string or an instance of Buffer, TypedArray, or DataView"

const viewOf = (payload: unknown, name = "buffer", shown = payload): Uint8Array => {
  if (typeof payload === "string") return Buffer.from(payload)
  if (payload instanceof Uint8Array) return payload
  if (!ArrayBuffer.isView(payload)) throw invalidType(name, kinds, shown)
  return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)
}

/** The bytes from an offset, which are counted in UTF-8 for a text. */
const sliceOf = (payload: unknown, offset: unknown, length: unknown): Uint8Array => {
  const view = viewOf(payload)
  const [from, size] = [Number(offset) >>> 0, Number(length) >>> 0]
  if (from > view.byteLength) throw outOfBounds("offset")
  if (from + size > view.byteLength) throw outOfBounds("length")
  return view.subarray(from, from + size)
}

const empty = new Uint8Array(0)

const isOptions = (value: unknown): value is SendOptions =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * Reads the arguments. On a socket that is not connected a port is required; on one that is, there must be none.
 */
export const read = (connected: boolean, given: ReadonlyArray<unknown>): Arguments => {
  let [message, offset, length, port, address, callback] = given
  let options: SendOptions | undefined
  if (isOptions(offset) && (length === undefined || typeof length === "function")) {
    options = offset
    callback = length
    port = options.port
    address = options.address
    if (connected && (port !== undefined || address !== undefined || options.to !== undefined)) throw isConnected()
  } else if (connected) {
    if (typeof length === "number") {
      message = sliceOf(message, offset, length)
      if (typeof port === "function") {
        callback = port
        port = undefined
      }
    } else callback = offset
    if (port || address) throw isConnected()
  } else if (address || (port && typeof port !== "function")) message = sliceOf(message, offset, length)
  else {
    callback = port
    port = offset
    address = length
  }
  const data = Array.isArray(message)
    ? message.map((part: unknown) => viewOf(part, "buffer list arguments", message as unknown))
    : viewOf(message)
  const target = connected || options?.to !== undefined ? undefined : portOf(port)
  if (typeof address === "function") {
    callback = address
    address = undefined
  } else if (address !== undefined && address !== null) checkString(address, "address")
  return {
    data: Array.isArray(data) && data.length === 0 ? empty : data,
    size: Array.isArray(data) ? data.reduce((sum, part) => sum + part.byteLength, 0) : data.byteLength,
    port: target,
    address: address as string | null | undefined,
    callback: typeof callback === "function" ? (callback as SendCallback) : undefined,
    options
  }
}
