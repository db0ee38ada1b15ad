/**
 * A payload that leaves as several datagrams of one size: cut by the kernel where it can and will, as much of it in one call as that takes; else
 * one datagram for each segment.
 */
import { ControlBuffer, type SendFormat, type Endpoint, type Family } from "@ancillary/control"
import { type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import { maximumPayload as largestOf, type Plan } from "../plan/Plan.ts"
import { breaksSegments } from "../plan/windowsBuilds.ts"
import { bare } from "../errors/causes.ts"
import { segmentMessage, segmentSpace, sizeOf } from "../plan/segmentMessage.ts"

/** Linux: as many as every kernel takes that cuts at all (128 since 6.9). Windows takes 512. */
export const maximumSegments = 64
/** Hosts that refused, of which the longest known gives way. */
const maximumRefusals = 256
/**
 * Datagrams to such a host after which cutting is tried again: the MTU or the route may be another by then. One call in so many that fails costs less than
 * a hundredth. It is counted and not timed, so a host that is rarely written to costs nothing.
 */
const trust = 1024

/** From which size on the segments to a host were refused, and datagrams until that is forgotten. */
interface Refused {
  readonly from: number
  left: number
}

/**
 * Linux: EIO, a network card that makes no checksums (before 6.10); EINVAL, the same of other kernels, and tunnels; EMSGSIZE, a segment above the MTU of
 * the route, where a plain datagram is fragmented. What else is about the datagram says so again when it goes out alone.
 */
const refusals = new Set(["EIO", "EINVAL", "EMSGSIZE", "EOPNOTSUPP", "ENOTSUP", "ENOPROTOOPT"])

export class Segments {
  #plan: Plan
  #native: NativeSocket
  #message: SendFormat<number> | undefined
  #space: number
  #cuts: boolean | undefined
  /** By host. */
  #refused = new Map<string, Refused>()

  constructor(plan: Plan, native: NativeSocket, build: number | undefined) {
    this.#plan = plan
    this.#native = native
    this.#message = segmentMessage(plan)
    this.#space = segmentSpace(plan)
    if (breaksSegments(plan, build)) this.#cuts = false
  }

  /** How many segments one call takes: one where the kernel does not cut. */
  get most(): number {
    return this.#kernelCuts() ? maximumSegments : 1
  }

  /** Bytes that go out with the next call, of `rest` bytes in segments of `size`: one segment, or several that the kernel cuts. */
  take(rest: number, size: number, to: Endpoint<Family> | undefined): number {
    const largest = largestOf[to?.family ?? "ipv4"]
    if (rest <= size || !this.#kernelCuts() || this.#isRefused(to, size)) return Math.min(rest, size)
    return Math.min(rest, size * Math.max(1, Math.min(maximumSegments, Math.floor(largest / size))))
  }

  /** Writes the message behind `length` bytes of others, and answers the bytes of all; nothing where the C library takes no more of them. */
  write(view: DataView, at: number, length: number, size: number): number | undefined {
    const { abi } = this.#plan
    const total = length + this.#space
    if (this.#message === undefined || total > (abi.controlLimit ?? total)) return undefined
    const { level, payload, type } = this.#message
    const from = ControlBuffer.writeHeader(abi, view, at + length, level, type, sizeOf(this.#message))
    for (let i = from + payload.write(view, from, size); i < at + total; i++) view.setUint8(i, 0)
    return total
  }

  /**
   * Writes behind `length` bytes of others that a datagram is whole, and answers the bytes of all: an option that the program or the socket's maker set
   * would have the kernel cut it otherwise.
   */
  keepWhole(
    view: DataView,
    at: number,
    length: number,
    size: number,
    isPart: boolean,
    to: Endpoint<Family> | undefined
  ): number {
    if (!this.#kernelCuts()) return length
    // Linux: 0 switches the option off for this datagram, and nothing of it can be refused.
    if (this.#plan.abi.platform === "linux") return this.write(view, at, length, 0) ?? length
    // Winsock: no value is documented to do so. A size that is not reached leaves the datagram whole, if the way to the host takes sizes at all.
    return isPart || this.#refused.has(hostOf(to)) ? length : (this.write(view, at, length, size) ?? length)
  }

  /** Whether a call that carried several segments failed by that. */
  isRefusal({ code }: Fault): boolean {
    return refusals.has(bare(code))
  }

  /** A host whose segments go out one by one from here on: a smaller size may yet be taken where only the size was at fault. */
  remember(to: Endpoint<Family> | undefined, size: number, { code }: Fault): void {
    const host = hostOf(to)
    const from = Math.min(bare(code) === "EMSGSIZE" ? size : 1, this.#refused.get(host)?.from ?? size)
    this.#refused.delete(host)
    this.#refused.set(host, { from, left: trust })
    if (this.#refused.size <= maximumRefusals) return
    for (const longest of this.#refused.keys()) {
      this.#refused.delete(longest)
      return
    }
  }

  #isRefused(to: Endpoint<Family> | undefined, size: number): boolean {
    if (this.#refused.size === 0) return false
    const host = hostOf(to)
    const refused = this.#refused.get(host)
    if (refused === undefined || size < refused.from) return false
    if (--refused.left > 0) return true
    this.#refused.delete(host)
    return false
  }

  // Linux before 4.18, Windows before 10 2004, Wine: the message is ignored, and all would go out as one datagram. Who knows it has an option of its number.
  #kernelCuts(): boolean {
    if (this.#message === undefined) return false
    const { level, type } = this.#message
    return (this.#cuts ??= !isFault(this.#native.getOption(level, type, new Uint8Array(4))))
  }
}

/** The MTU is one of the way to a host, whatever the port. */
const hostOf = (to: Endpoint<Family> | undefined): string =>
  to === undefined || to.family === "unix" ? "" : String(to.address)
