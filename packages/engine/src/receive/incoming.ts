/** Decodes a slot of the arena to a datagram. On the per-datagram path: plain loops, and no allocation that the datagram does not keep. */
import {
  type Abi,
  Codec,
  type Endpoint,
  type Family,
  Ipv4Address,
  type PacketInfo,
  SocketAddress
} from "@ancillary/control"
import { type Arena, ReceiveFlags } from "../driver/Arena.ts"
import type { Driver } from "../driver/Driver.ts"
import { oncePerPlan } from "../plan/memoize.ts"
import * as Plan from "../plan/Plan.ts"
import type { AnyMaybe } from "../spec/Maybe.ts"
import type { Connection } from "../socket/connection.ts"
import { type DatagramFault, faultOf, tooLarge } from "./DatagramFault.ts"
import { ControlFault, type Decode, decoder } from "./decoder.ts"

/**
 * A datagram without its static types. It is a `Datagram<F, D>` of the spec that was bound.
 *
 * @category sockets
 * @since 0.1.0
 */
export class ReceivedDatagram {
  readonly data: Uint8Array
  readonly from: Endpoint<Family>
  readonly control: { readonly [key: string]: unknown }
  readonly delivery: "unicast" | "multicast" | "broadcast" | "unknown"
  readonly truncated: AnyMaybe<{ readonly size: AnyMaybe<number> }>

  constructor(
    data: Uint8Array,
    from: Endpoint<Family>,
    control: { readonly [key: string]: unknown },
    delivery: ReceivedDatagram["delivery"],
    truncated: ReceivedDatagram["truncated"]
  ) {
    this.data = data
    this.from = from
    this.control = control
    this.delivery = delivery
    this.truncated = truncated
  }

  /** Returns the datagram with a copy of its payload, if the payload is borrowed. */
  copied(): ReceivedDatagram {
    return new ReceivedDatagram(this.data.slice(), this.from, this.control, this.delivery, this.truncated)
  }
}

/**
 * The result of one received datagram: the datagram, or its fault.
 *
 * @category sockets
 * @since 0.1.0
 */
export type Outcome = ReceivedDatagram | DatagramFault

/** Maximum number of datagrams of one receive call for readers without a limit of their own. */
export const batchSlots = 64

/** Taken out of their modules once, because V8 looks up a member of a module by a call, for each datagram. */
const { isMalformed } = Codec
const { read: readName } = SocketAddress

const layoutsOf = oncePerPlan((plan) => {
  const receive = Plan.receiveArena(plan, batchSlots)
  return { receive, borrow: { ...receive, purpose: "borrow" as const } }
})

export class Incoming {
  readonly arena: Arena

  #plan: Plan.Plan
  #decode: Decode
  #connection: Connection
  #names: Names
  /** The last packet information and its delivery. While the bytes are unchanged, datagrams get the same object. */
  #info: PacketInfo<Family> | undefined
  #delivery: ReceivedDatagram["delivery"] = "unknown"

  constructor(options: {
    readonly driver: Driver
    readonly plan: Plan.Plan
    readonly connection: Connection
    readonly purpose: "receive" | "borrow"
  }) {
    const { connection, driver, plan, purpose } = options
    this.#plan = plan
    this.#decode = decoder(plan)
    this.#connection = connection
    this.#names = new Names(plan.abi)
    // Last step of the constructor, because an error in a later step would leave the arena in use.
    this.arena = driver.arena(layoutsOf(plan)[purpose])
  }

  /**
   * Decodes a slot. Returns its datagram, its fault, or `undefined` if the spec drops it. With `borrowed` the payload is a view, valid
   * until the next receive.
   */
  read(slot: number, borrowed: boolean): Outcome | undefined {
    const { arena } = this
    const { peer, sender } = this.#connection
    const { family, maybe, receiveBytes, scatter, splitCoalesced, truncation } = this.#plan
    const addressLength = arena.addressLength(slot)
    // Winsock: the address is only valid on unconnected sockets. Linux: a Unix socket without a bound address has none.
    const from =
      addressLength > 0 || family === "unix"
        ? this.#names.read(arena.view, arena.addressAt(slot), addressLength)
        : (sender ?? { malformed: "the system reported no sender address", offset: 0 })
    if (isMalformed(from)) return faultOf(maybe, "ControlMalformed", undefined, undefined, from.malformed)
    // A datagram that arrived between `bind` and `connect` may be from another sender. The two sockets of a pair have no addresses, and no
    // other socket can send to them.
    if (peer !== undefined && sender?.equals(from) === false) return undefined
    const flags = arena.flags(slot)
    const length = arena.dataLength(slot)
    const cut = (flags & ReceiveFlags.dataTruncated) !== 0
    if (cut && truncation === "drop") return undefined
    if (cut && truncation === "fail") {
      return tooLarge(maybe, from, length > receiveBytes ? length : undefined, receiveBytes)
    }
    const lost = (flags & ReceiveFlags.controlTruncated) !== 0
    const control = this.#decode(arena.view, arena.controlAt(slot), arena.controlLength(slot), from.family, lost)
    if (control instanceof ControlFault) return faultOf(maybe, control.reason, control.key, from, control.why)
    const kept = Math.min(length, receiveBytes)
    const data = borrowed ? arena.borrow(slot, kept) : arena.copy(slot, kept)
    if (scatter !== undefined && !splitCoalesced) control["parts"] = split(data, scatter)
    const truncated = cut ? maybe.some({ size: length > receiveBytes ? maybe.some(length) : maybe.none }) : maybe.none
    return new ReceivedDatagram(data, from, control, this.#deliveryOf(flags, control), truncated)
  }

  #deliveryOf(flags: number, control: { readonly [key: string]: unknown }): ReceivedDatagram["delivery"] {
    if ((flags & ReceiveFlags.multicast) !== 0) return "multicast"
    if ((flags & ReceiveFlags.broadcast) !== 0) return "broadcast"
    // Optional packet information has the shape of the plan.
    const given = control["pktInfo"]
    if (given !== undefined && given === this.#info) return this.#delivery
    const info = this.#plan.maybe.get(given) as PacketInfo<Family> | undefined
    if (info === undefined || info !== this.#info) {
      this.#info = info
      this.#delivery = deliveryBy(this.#plan.abi, info)
    }
    return this.#delivery
  }
}

const deliveryBy = ({ platform }: Abi, info: PacketInfo<Family> | undefined): ReceivedDatagram["delivery"] => {
  if (info?.destination === undefined) return platform === "winsock" ? "unicast" : "unknown"
  const { destination, local } = info
  if (destination.isMulticast) return "multicast"
  if (!(destination instanceof Ipv4Address)) return "unicast"
  if (destination.equals(Ipv4Address.broadcast)) return "broadcast"
  // Linux: ipi_spec_dst is the address of this host that would reply. If it is not the destination, the destination was a broadcast
  // address. It is not valid on a ping socket, nor for datagrams that were queued before it was requested.
  if (local === undefined) return platform === "winsock" ? "unicast" : "unknown"
  return local.equals(destination) ? "unicast" : "broadcast"
}

/**
 * Decodes socket addresses. If the bytes equal those of the last address, its result is used again. Most datagrams have the sender of the
 * previous one.
 */
class Names {
  #abi: Abi
  /** Made for the first address, because many sockets wait for years. */
  #bytes: Int32Array | undefined
  #length = 0
  #last: Endpoint<Family> | undefined

  constructor(abi: Abi) {
    this.#abi = abi
  }

  read(view: DataView, at: number, length: number): Endpoint<Family> | Codec.Malformed {
    const words = length >> 2
    const bytes = (this.#bytes ??= new Int32Array(7))
    if (this.#last !== undefined && length === this.#length) {
      let word = 0
      while (word < words && view.getInt32(at + word * 4, true) === bytes[word]) word++
      if (word === words) return this.#last
    }
    const name = readName(this.#abi, view, at, length)
    // Do not cache Unix paths or addresses whose length is not a multiple of 4.
    this.#last = isMalformed(name) || words * 4 !== length || words > bytes.length ? undefined : name
    this.#length = length
    for (let word = 0; word < words && word < bytes.length; word++) bytes[word] = view.getInt32(at + word * 4, true)
    return name
  }
}

/** Views of the parts of a payload. If the payload is shorter than its parts, the last ones are short or empty. */
export const split = (data: Uint8Array, sizes: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  let at = 0
  return sizes.map((size) => data.subarray(at, (at += size)))
}
