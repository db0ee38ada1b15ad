/**
 * From a slot of the arena to a datagram. On the per-datagram path: plain loops, nothing allocated that the datagram does not keep.
 */
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
import * as Plan from "../plan/Plan.ts"
import type { AnyMaybe } from "../spec/Maybe.ts"
import type { Connection } from "../socket/connection.ts"
import { type DatagramFault, faultOf, tooLarge } from "./DatagramFault.ts"
import { ControlFault, type Decode, decoder } from "./decoder.ts"

/**
 * A datagram before its types: `Datagram<F, D>` for the spec that was bound.
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

  /** With its own payload, for one that is borrowed. */
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

/** Datagrams that one call asks for where a reader takes what comes. */
export const batchSlots = 64

export class Incoming {
  readonly arena: Arena

  #plan: Plan.Plan
  #decode: Decode
  #connection: Connection
  #names: Names
  /** The packet information last seen, and its delivery: while its bytes are the same, it is the same object. */
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
    // Last: nothing that is made after it could leave it in use.
    this.arena = driver.arena({ ...Plan.receiveArena(plan, batchSlots), purpose })
  }

  /**
   * What a slot holds: a datagram, what is wrong with it, or nothing where the spec drops it. `borrowed`: its payload stays where it is, until
   * the next receive.
   */
  read(slot: number, borrowed: boolean): Outcome | undefined {
    const { arena } = this
    const { peer, sender } = this.#connection
    const { family, maybe, receiveBytes, scatter, splitCoalesced, truncation } = this.#plan
    const addressLength = arena.addressLength(slot)
    // Winsock: the name is of use for unconnected sockets only. Linux: a Unix socket that was never bound has none.
    const from =
      addressLength > 0 || family === "unix"
        ? this.#names.read(arena.view, arena.addressAt(slot), addressLength)
        : (sender ?? { malformed: "the system does not say who sent it", offset: 0 })
    if (Codec.isMalformed(from)) return faultOf(maybe, "ControlMalformed", undefined, undefined, from.malformed)
    // What came in between `bind` and `connect` may be somebody else's. The two of a pair have no names, and nobody else reaches them.
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
    // Packet information that is declared as optional has the shape of the plan.
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
  // Linux: ipi_spec_dst is the address of this host that answers; where that is not the destination, the destination was a broadcast one. It says
  // nothing of what was queued before it was asked for, nor on a ping socket.
  if (local === undefined) return platform === "winsock" ? "unicast" : "unknown"
  return local.equals(destination) ? "unicast" : "broadcast"
}

/** Reads names; the last one again where its bytes are the same, because most datagrams come from who sent the one before. */
class Names {
  #abi: Abi
  #bytes = new Int32Array(7)
  #length = 0
  #last: Endpoint<Family> | undefined

  constructor(abi: Abi) {
    this.#abi = abi
  }

  read(view: DataView, at: number, length: number): Endpoint<Family> | Codec.Malformed {
    const words = length >> 2
    if (this.#last !== undefined && length === this.#length) {
      let word = 0
      while (word < words && view.getInt32(at + word * 4, true) === this.#bytes[word]) word++
      if (word === words) return this.#last
    }
    const name = SocketAddress.read(this.#abi, view, at, length)
    // Neither a path, nor a name that is no whole number of words.
    this.#last = Codec.isMalformed(name) || words * 4 !== length || words > this.#bytes.length ? undefined : name
    this.#length = length
    for (let word = 0; word < words && word < this.#bytes.length; word++)
      this.#bytes[word] = view.getInt32(at + word * 4, true)
    return name
  }
}

/** Views of a payload, part by part; the last ones are short or empty where it was. */
export const split = (data: Uint8Array, sizes: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  let at = 0
  return sizes.map((size) => data.subarray(at, (at += size)))
}
