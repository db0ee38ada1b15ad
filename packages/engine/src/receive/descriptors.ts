/**
 * The descriptors that datagrams bring. Each always has an owner, or is closed. Only Unix sockets have them.
 *
 * The kernel installs every descriptor that fits into a control buffer, requested or not. The padding behind one descriptor has room for a
 * second, and unused room of other messages for more. Therefore the buffer itself is searched. A descriptor that no `Descriptor` of the
 * datagram holds is closed immediately.
 */
import {
  type Abi,
  type ReceiveFormat,
  ControlBuffer,
  Descriptor,
  isUnsupported,
  PidFd,
  Rights
} from "@ancillary/control"
import type { Driver } from "../driver/Driver.ts"
import type { MaybeShape } from "../spec/Maybe.ts"

/**
 * The record of a datagram's control messages, by key. A descriptor in it is a bare value, an element of an array, or in the shape of a
 * value that may be missing.
 */
type Carried = { readonly [key: string]: unknown }

/** The descriptors that the kernel installed for a record. */
const carriedBy = new WeakMap<Carried, ReadonlyArray<Descriptor>>()
const none: ReadonlyArray<Descriptor> = []

/** The socket that an untaken descriptor belongs to. */
const owners = new WeakMap<Descriptor, Descriptors>()

export class Descriptors {
  readonly #driver: Driver
  readonly #cursor: ControlBuffer.Cursor
  readonly #carriers: ReadonlyArray<ReceiveFormat<unknown>>
  /** Untaken descriptors, and whether the next read closes them. */
  readonly #untaken = new Map<Descriptor, "until the next read" | "until released">()

  readonly #maybe: MaybeShape

  constructor(driver: Driver, maybe: MaybeShape) {
    this.#driver = driver
    this.#maybe = maybe
    this.#cursor = new ControlBuffer.Cursor(driver.abi)
    this.#carriers = carriersOf(driver.abi)
  }

  /** Assigns the descriptors of a control buffer. The socket owns those that the datagram holds; the others are closed. */
  settle(carried: Carried | undefined, view: DataView, at: number, bytes: number): void {
    let installed: Set<number> | undefined
    this.#cursor.reset(view, at, bytes)
    while (this.#cursor.next()) {
      for (const { level, payload, type } of this.#carriers) {
        if (type !== this.#cursor.type || level !== this.#cursor.level) continue
        installed ??= new Set()
        const value = payload.read(view, this.#cursor.payloadAt, this.#cursor.payloadLength)
        for (const { number } of descriptorsIn(value)) installed.add(number)
      }
    }
    if (installed === undefined) return
    if (carried !== undefined) {
      // The kernel did not install such a number. A codec of the program returned it.
      const descriptors = Object.values(carried)
        .flatMap((value) => descriptorsIn(this.#maybe.get(value)))
        .filter(({ number }) => installed.delete(number))
      for (const descriptor of descriptors) {
        this.#untaken.set(descriptor, "until the next read")
        owners.set(descriptor, this)
      }
      carriedBy.set(carried, descriptors)
    }
    for (const number of installed) this.#driver.release(number)
  }

  /** True if there are untaken descriptors. */
  get some(): boolean {
    return this.#untaken.size > 0
  }

  /** Starts a read: closes the untaken descriptors of earlier datagrams. */
  next(): void {
    for (const [descriptor, how] of this.#untaken) if (how === "until the next read") this.#close(descriptor)
  }

  /**
   * Sets the lifetime of a datagram's untaken descriptors. Those of a datagram that was put back or is being handled outlive the next read.
   */
  keep(carried: Carried, how: "until the next read" | "until released"): void {
    for (const descriptor of carriedBy.get(carried) ?? none)
      if (this.#untaken.has(descriptor)) this.#untaken.set(descriptor, how)
  }

  /** Transfers a descriptor to its taker. Returns the function that closes it, or `undefined` if the socket does not own it any more. */
  give(descriptor: Descriptor): (() => void) | undefined {
    if (!this.#untaken.delete(descriptor)) return undefined
    descriptor.become("taken")
    return () => {
      descriptor.become("closed")
      this.#driver.release(descriptor.number)
    }
  }

  /** Closes these descriptors if the socket still owns them. */
  drop(carried: Carried): void {
    for (const descriptor of carriedBy.get(carried) ?? none) this.#close(descriptor)
  }

  /** Closes the descriptors that are neither taken nor held, after the callback of a loop has returned. */
  handled(carried: Carried): void {
    if (this.#untaken.size === 0) return
    for (const descriptor of carriedBy.get(carried) ?? none)
      if (this.#untaken.get(descriptor) === "until the next read") this.#close(descriptor)
  }

  close(): void {
    for (const descriptor of this.#untaken.keys()) this.#close(descriptor)
  }

  #close(descriptor: Descriptor): void {
    if (!this.#untaken.delete(descriptor)) return
    descriptor.become("closed")
    this.#driver.release(descriptor.number)
  }
}

/**
 * Takes a descriptor from its socket. Returns the function that closes it, or `undefined` if the socket does not have it any more.
 *
 * @category sockets
 * @since 0.1.0
 */
export const take = (descriptor: Descriptor): (() => void) | undefined => owners.get(descriptor)?.give(descriptor)

/**
 * Keeps the descriptors of a datagram through reads. Returns the function that closes those that were not taken.
 *
 * @category sockets
 * @since 0.1.0
 */
export const retain = (carried: Carried): (() => void) => {
  const owner = (carriedBy.get(carried) ?? none)
    .map((descriptor) => owners.get(descriptor))
    .find((owner) => owner !== undefined)
  owner?.keep(carried, "until released")
  return () => owner?.drop(carried)
}

/** Formats of the messages that bring descriptors, declared or not. */
const carriersOf = (abi: Abi): ReadonlyArray<ReceiveFormat<unknown>> =>
  [Rights, PidFd].flatMap((message): ReadonlyArray<ReceiveFormat<unknown>> => {
    const cell = message.cell(abi.platform, "unix")
    return isUnsupported(cell) || cell.receive === undefined || isUnsupported(cell.receive) ? [] : cell.receive
  })

const descriptorsIn = (value: unknown): ReadonlyArray<Descriptor> => {
  if (value instanceof Descriptor) return [value]
  return Array.isArray(value) ? value.filter((each) => each instanceof Descriptor) : none
}
