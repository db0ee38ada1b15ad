/** Payload bytes as the engine holds them, whatever class or property a program put in front of them. */

type Getter = (this: unknown) => unknown

/** Returns a built-in getter, which no subclass, property or proxy replaces. */
const own = (key: PropertyKey): Getter => {
  const prototype: object = Reflect.getPrototypeOf(Uint8Array.prototype) ?? {}
  const getter = Reflect.getOwnPropertyDescriptor(prototype, key)?.get
  if (getter === undefined) throw new TypeError(`This engine has no getter %TypedArray%.prototype.${String(key)}.`)
  return getter
}
const tag = own(Symbol.toStringTag)
const length = own("length")
const offset = own("byteOffset")
const buffer = own("buffer")

/** True if a value is a `Uint8Array`, of any class and realm. A proxy is not one, because it has no bytes. */
export const isBytes = (value: unknown): value is Uint8Array => tag.call(value) === "Uint8Array"

/** Bytes that the memory of an array has now; 0 if it is detached or was shrunk. */
export const sizeOf = (bytes: Uint8Array): number => length.call(bytes) as number

/** Bytes that the memory of all pieces has now. */
export const sizeOfAll = (pieces: ReadonlyArray<Uint8Array>): number => {
  let size = 0
  for (const piece of pieces) size += sizeOf(piece)
  return size
}

/** A plain view of a part. `subarray` would call the constructor of a subclass. */
export const part = (bytes: Uint8Array, from: number, to: number): Uint8Array =>
  new Uint8Array(buffer.call(bytes) as ArrayBuffer, (offset.call(bytes) as number) + from, to - from)

const nothing = new Uint8Array(0)

/** Returns the reason why an array without bytes cannot be sent: its memory is gone. An empty array is valid. */
const lost = (bytes: Uint8Array): string | undefined => {
  try {
    nothing.set(bytes)
    return undefined
  } catch {
    return "the memory of the payload is detached or was shrunk: send a copy of what is transferred or resized"
  }
}

const notBytes = "the payload is a Uint8Array, or an array of them"

/** Returns the buffers of a payload in an array of the engine's own, or the reason why the payload is invalid. */
export const piecesOf = (data: unknown): ReadonlyArray<Uint8Array> | string => {
  if (isBytes(data)) return (sizeOf(data) === 0 ? lost(data) : undefined) ?? [data]
  if (!Array.isArray(data)) return notBytes
  const given: ReadonlyArray<unknown> = data
  const pieces: Array<Uint8Array> = []
  const count = given.length
  for (let i = 0; i < count; i++) {
    const piece = given[i]
    if (!isBytes(piece)) return notBytes
    const why = sizeOf(piece) === 0 ? lost(piece) : undefined
    if (why !== undefined) return why
    pieces.push(piece)
  }
  return pieces
}
