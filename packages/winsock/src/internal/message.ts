/**
 * The memory of one WSAMSG: the structure, its array of WSABUFs, and their targets, in one block.
 *
 * ```text
 * WSAMSG  WSABUF[n]  name  control  buffer[0] … buffer[n-1]
 * ```
 *
 * A length of 0 always has a pointer of NULL or to this block. A NULL pointer always has a length of 0.
 */
import { type Abi, ControlBuffer, type Field } from "@ancillary/control"
import type { Address } from "./ws2_32.ts"

export interface Capacity {
  readonly name: number
  readonly buffers: ReadonlyArray<number>
  readonly control: number
}

const align = (bytes: number): number => (bytes + 15) & ~15

/** Returns the bytes of such a message, as a number that can be compared with a limit. */
const sum = (sizes: ReadonlyArray<number>): number => sizes.reduce((total, size) => total + align(size), 0)

export class Message {
  readonly abi: Abi
  readonly capacity: Capacity
  readonly address: Address
  released = false

  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #view: DataView
  readonly #vectors: number
  readonly #name: number
  readonly #control: number
  readonly #buffers: ReadonlyArray<number>
  readonly #pointer: Field

  constructor(
    abi: Abi,
    capacity: Capacity,
    allocate: (size: number) => { readonly bytes: Uint8Array<ArrayBuffer>; readonly address: Address }
  ) {
    this.abi = abi
    this.capacity = capacity
    this.#pointer = { at: 0, bytes: abi.pointerBytes }
    this.#vectors = align(abi.msghdr.size)
    this.#name = this.#vectors + align(capacity.buffers.length * abi.iovec.size)
    this.#control = this.#name + align(capacity.name)
    const first = this.#control + align(capacity.control)
    this.#buffers = capacity.buffers.map((_, index) => first + sum(capacity.buffers.slice(0, index)))
    const { address, bytes } = allocate(first + sum(capacity.buffers))
    this.address = address
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
    this.#point(abi.msghdr.buffers, this.#vectors)
    this.#buffers.forEach((at, index) => this.#point(this.#vectors + index * abi.iovec.size + abi.iovec.base, at))
    this.setName(undefined)
    this.setControl(new Uint8Array(0))
    this.#lengths(capacity.buffers)
  }

  /** Sets every length to its capacity, for a call that fills it. Data of an earlier call cannot be mistaken for a result. */
  prepare(dwFlags: number): void {
    const { capacity } = this
    this.#bytes.fill(0, this.#name, this.#control + capacity.control)
    this.#addressLength(capacity.name)
    this.#controlLength(capacity.control)
    this.#lengths(capacity.buffers)
    this.#write(this.abi.msghdr.flags, dwFlags)
  }

  /** Called after a call that returned nothing. */
  clear(): void {
    this.#addressLength(0)
    this.#controlLength(0)
  }

  get name(): Uint8Array | undefined {
    if (this.#pointerAt(this.abi.msghdr.name) === 0) return undefined
    // Winsock: namelen is an INT. Wine returns -1 if the name did not fit.
    const length = this.#read(this.abi.msghdr.nameLength) | 0
    return this.#bytes.subarray(this.#name, this.#name + Math.min(Math.max(length, 0), this.capacity.name))
  }
  setName(name: Uint8Array | undefined): void {
    if (name !== undefined) this.#bytes.set(name, this.#name)
    this.#addressLength(name?.length ?? 0)
  }

  get bufferCount(): number {
    return this.#read(this.abi.msghdr.bufferCount)
  }
  get buffers(): ReadonlyArray<Uint8Array> {
    const { iovec } = this.abi
    return this.#buffers.slice(0, this.bufferCount).map((at, index) => {
      const length = ControlBuffer.readField(this.#view, this.#vectors + index * iovec.size, iovec.length)
      return this.#bytes.subarray(at, at + length)
    })
  }
  setBuffers(pieces: ReadonlyArray<Uint8Array>): void {
    pieces.forEach((piece, index) => this.#bytes.set(piece, this.#buffers[index]))
    // An empty datagram has one buffer of 0 bytes, because an empty array is never passed.
    this.#lengths(pieces.length === 0 ? [0] : pieces.map((piece) => piece.length))
  }

  get control(): DataView | undefined {
    if (this.#pointerAt(this.abi.msghdr.control) === 0) return undefined
    const length = Math.min(this.#read(this.abi.msghdr.controlLength), this.capacity.control)
    return new DataView(this.#bytes.buffer, this.#control, length)
  }
  setControl(control: Uint8Array): void {
    this.#bytes.set(control, this.#control)
    this.#controlLength(control.length)
  }

  get dwFlags(): number {
    return this.#read(this.abi.msghdr.flags)
  }

  /** Releases the memory. Existing views of it are then empty. */
  release(): void {
    this.released = true
    structuredClone(this.#bytes.buffer, { transfer: [this.#bytes.buffer] })
  }

  #addressLength(length: number): void {
    this.#point(this.abi.msghdr.name, length === 0 ? undefined : this.#name)
    this.#write(this.abi.msghdr.nameLength, length)
  }
  #controlLength(length: number): void {
    this.#point(this.abi.msghdr.control, length === 0 ? undefined : this.#control)
    this.#write(this.abi.msghdr.controlLength, length)
  }
  #lengths(lengths: ReadonlyArray<number>): void {
    const { iovec, msghdr } = this.abi
    lengths.forEach((length, index) =>
      ControlBuffer.writeField(this.#view, this.#vectors + index * iovec.size, iovec.length, length)
    )
    this.#write(msghdr.bufferCount, lengths.length)
  }
  #point(at: number, to: number | undefined): void {
    ControlBuffer.writeField(this.#view, at, this.#pointer, to === undefined ? 0 : this.address + to)
  }
  #pointerAt(at: number): number {
    return ControlBuffer.readField(this.#view, at, this.#pointer)
  }
  #read(field: Field): number {
    return ControlBuffer.readField(this.#view, 0, field)
  }
  #write(field: Field, value: number): void {
    ControlBuffer.writeField(this.#view, 0, field, value)
  }
}
