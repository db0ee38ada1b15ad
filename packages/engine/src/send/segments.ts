/**
 * Sends one payload as several datagrams of one size (GSO, USO). If the kernel can split it, one call takes as much as the kernel accepts.
 * Otherwise each segment is sent as one datagram.
 */
import { ControlBuffer, type SendFormat, type Endpoint, type Family } from "@ancillary/control"
import { type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import { maximumPayload as largestOf, type Plan } from "../plan/Plan.ts"
import { breaksSegments } from "../plan/windowsBuilds.ts"
import { bare } from "../errors/causes.ts"
import { segmentMessage, segmentSpace, sizeOf } from "../plan/segmentMessage.ts"

/** Linux: the maximum of all kernels that split payloads (128 since 6.9). The maximum on Windows is 512. */
export const maximumSegments = 64
/** Maximum number of hosts that are remembered after a refusal. The oldest is forgotten first. */
const maximumRefusals = 256
/**
 * Number of datagrams to such a host after which a split by the kernel is tried again. The MTU or the route may have changed by then. One
 * failed call in so many costs less than a hundredth. Datagrams are counted instead of time, so a host that rarely gets datagrams costs
 * nothing.
 */
const trust = 1024

/** Segment size from which a host's segments were refused, and datagrams until that is forgotten. */
interface Refused {
  readonly from: number
  left: number
}

/**
 * Linux: EIO, a network card without checksums (before 6.10). EINVAL, the same on other kernels, and tunnels. EMSGSIZE, a segment above the
 * MTU of the route, where a plain datagram is fragmented. An error of the datagram itself occurs again when it is sent alone.
 */
const refusals = new Set(["EIO", "EINVAL", "EMSGSIZE", "EOPNOTSUPP", "ENOTSUP", "ENOPROTOOPT"])

export class Segments {
  #plan: Plan
  #native: NativeSocket
  #message: SendFormat<number> | undefined
  #space: number
  #cuts: boolean | undefined
  /** Refused segment sizes by host. */
  #refused = new Map<string, Refused>()

  constructor(plan: Plan, native: NativeSocket, build: number | undefined) {
    this.#plan = plan
    this.#native = native
    this.#message = segmentMessage(plan)
    this.#space = segmentSpace(plan)
    if (breaksSegments(plan, build)) this.#cuts = false
  }

  /** Maximum number of segments for one call. It is 1 if the kernel does not split payloads. */
  get most(): number {
    return this.#kernelCuts() ? maximumSegments : 1
  }

  /** Returns the bytes of the next call, of `rest` bytes in segments of `size`: one segment, or several that the kernel splits. */
  take(rest: number, size: number, to: Endpoint<Family> | undefined): number {
    const largest = largestOf[to?.family ?? "ipv4"]
    if (rest <= size || !this.#kernelCuts() || this.#isRefused(to, size)) return Math.min(rest, size)
    return Math.min(rest, size * Math.max(1, Math.min(maximumSegments, Math.floor(largest / size))))
  }

  /** Writes the message after `length` bytes of others. Returns the total bytes, or `undefined` if the C library accepts no more. */
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
   * Marks a datagram as whole, after `length` bytes of other messages. Returns the total bytes. Otherwise an option that the program or the
   * socket's maker set would make the kernel split it.
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
    // Linux: 0 turns the option off for this datagram. The kernel cannot refuse it.
    if (this.#plan.abi.platform === "linux") return this.write(view, at, length, 0) ?? length
    // Winsock: no value is documented to turn it off. A segment size that is not exceeded leaves the datagram whole, if the path to the
    // host accepts segment sizes.
    return isPart || this.#refused.has(hostOf(to)) ? length : (this.write(view, at, length, size) ?? length)
  }

  /** True if the split was the reason why a call with several segments failed. */
  isRefusal({ code }: Fault): boolean {
    return refusals.has(bare(code))
  }

  /** Remembers a host whose segments are sent one by one from now on. If only the size was wrong, a smaller size may still be accepted. */
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

  // Linux before 4.18, Windows before 10 2004, Wine: the message is ignored, and the payload would be sent as one datagram. A system that
  // supports it has an option of the same number.
  #kernelCuts(): boolean {
    if (this.#message === undefined) return false
    const { level, type } = this.#message
    return (this.#cuts ??= !isFault(this.#native.getOption(level, type, new Uint8Array(4))))
  }
}

/** The MTU belongs to the path to a host, whatever the port. */
const hostOf = (to: Endpoint<Family> | undefined): string =>
  to === undefined || to.family === "unix" ? "" : String(to.address)
