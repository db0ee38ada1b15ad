/** Integers of options as system calls read and return them. */
import type { ErrorName } from "./errors.ts"
import type { SocketState } from "./socket.ts"

/** An option with a number as its value. */
export interface NumberOption {
  readonly get: (socket: SocketState) => number
  /** Returns the error, or nothing. */
  readonly set: (socket: SocketState, value: number) => ErrorName | undefined
}

/** Fields of an object that are numbers. */
type Numbers<A> = { readonly [K in keyof A]: A[K] extends number ? K : never }[keyof A]

/** An option that is a field, with the check of its value. */
export const field = <A>(
  of: (socket: SocketState) => A,
  name: Numbers<A>,
  check: (value: number, socket: SocketState) => number | ErrorName
): NumberOption => ({
  get: (socket) => of(socket)[name] as number,
  set: (socket, value) => {
    const checked = check(value, socket)
    if (typeof checked === "string") return checked
    ;(of(socket) as { [K in Numbers<A>]: number })[name] = checked
    return undefined
  }
})

export const flag = (value: number): number => (value === 0 ? 0 : 1)

/** A number from `least` to `most`, and `instead` for -1. */
export const within =
  (least: number, most: number, instead?: number) =>
  (value: number): number | ErrorName =>
    value === -1 && instead !== undefined ? instead : value < least || value > most ? "EINVAL" : value

export const integer = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return bytes.length >= 4 ? view.getInt32(0, true) : bytes.length > 0 ? view.getUint8(0) : 0
}

export const integerBytes = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value >>> 0, true)
  return bytes
}

/** An interface index in network byte order, as an option of the host's order returns it. */
export const swapped = (value: number): number =>
  (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0
