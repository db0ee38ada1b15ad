/**
 * The descriptors that datagrams bring: each belongs to somebody at any time, or is closed. Unix sockets alone have them.
 *
 * The kernel installs what fits into a control buffer, whoever asked for it: the padding behind one descriptor takes a second, and what other
 * messages left free takes more. So the buffer itself is searched, and what no `Descriptor` of the datagram holds is closed at once.
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

/** The record of a datagram's control messages, by key. A descriptor is a bare value there, in an array, or in the shape of one that may be missing. */
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
  /** Whose descriptors nobody has taken yet, and whether the next read closes them. */
  readonly #untaken = new Map<Descriptor, "until the next read" | "until told">()

  readonly #maybe: MaybeShape

  constructor(driver: Driver, maybe: MaybeShape) {
    this.#driver = driver
    this.#maybe = maybe
    this.#cursor = new ControlBuffer.Cursor(driver.abi)
    this.#carriers = carriersOf(driver.abi)
  }

  /** Of all that a control buffer brought, what the datagram holds is the socket's from here on; the rest is closed. */
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
      // A number that was not installed is not the kernel's: a codec of the program made it up.
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

  /** Whether there are any that nobody has taken. */
  get some(): boolean {
    return this.#untaken.size > 0
  }

  /** A read begins: what earlier ones handed over and nobody took is closed. */
  next(): void {
    for (const [descriptor, how] of this.#untaken) if (how === "until the next read") this.#close(descriptor)
  }

  /** How long those of a datagram are kept that nobody takes: what was given back, or is being handled, outlasts a read. */
  keep(carried: Carried, how: "until the next read" | "until told"): void {
    for (const descriptor of carriedBy.get(carried) ?? none)
      if (this.#untaken.has(descriptor)) this.#untaken.set(descriptor, how)
  }

  /** Hands one over for good: what closes it then, or nothing where it is not the socket's any more. */
  give(descriptor: Descriptor): (() => void) | undefined {
    if (!this.#untaken.delete(descriptor)) return undefined
    descriptor.become("taken")
    return () => {
      descriptor.become("closed")
      this.#driver.release(descriptor.number)
    }
  }

  /** Closes those of these that are still the socket's. */
  drop(carried: Carried): void {
    for (const descriptor of carriedBy.get(carried) ?? none) this.#close(descriptor)
  }

  /** The callback of a loop has returned: closes what is neither taken nor held. */
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
export const hold = (carried: Carried): (() => void) => {
  const owner = (carriedBy.get(carried) ?? none)
    .map((descriptor) => owners.get(descriptor))
    .find((owner) => owner !== undefined)
  owner?.keep(carried, "until told")
  return () => owner?.drop(carried)
}

/** How descriptors come: the messages that bring them, whether they are declared or not. */
const carriersOf = (abi: Abi): ReadonlyArray<ReceiveFormat<unknown>> =>
  [Rights, PidFd].flatMap((message): ReadonlyArray<ReceiveFormat<unknown>> => {
    const cell = message.cell(abi.platform, "unix")
    return isUnsupported(cell) || cell.receive === undefined || isUnsupported(cell.receive) ? [] : cell.receive
  })

const descriptorsIn = (value: unknown): ReadonlyArray<Descriptor> => {
  if (value instanceof Descriptor) return [value]
  return Array.isArray(value) ? value.filter((each) => each instanceof Descriptor) : none
}
