/** Slots of an arena, as a kernel reads and writes them. */
import { Codec, ControlBuffer, InternetEndpoint, Ipv6Address, SocketAddress } from "@ancillary/control"
import { type Arena, type NativeArena, ReceiveFlags } from "@ancillary/engine/driver/Arena"
import type { Personality } from "../personality.ts"
import type { ControlFate } from "../pressure.ts"
import type { End } from "./socket.ts"

/** The contents of a slot. */
export interface Delivery {
  /** The peer, in the notation of the socket. Absent: an entry without a name. */
  readonly from: End | undefined
  readonly control: ReadonlyArray<ControlBuffer.RawMessage>
  readonly fate: ControlFate
  readonly data: Uint8Array
  readonly kind: "unicast" | "broadcast" | "multicast"
}

export class Slots {
  readonly #personality: Personality
  readonly #stride: number

  constructor(personality: Personality) {
    const { abi } = personality
    this.#personality = personality
    this.#stride = abi.mmsghdr?.size ?? abi.msghdr.size
  }

  prepare(arena: Arena, slots: number): void {
    native(arena).prepare(slots, 0)
  }

  write(arena: Arena, slot: number, { control, data, fate, from, kind }: Delivery): void {
    const { abi, reportsTrueSize } = this.#personality
    const { bytes, layout, view } = arena
    const header = slot * this.#stride
    const room = Math.min(data.length, layout.dataBytes)
    bytes.set(data.subarray(0, room), arena.dataAt(slot))
    const nameLength = from === undefined ? 0 : this.name(from, bytes, arena.addressAt(slot), layout.addressBytes)
    view.setUint32(header + abi.msghdr.nameLength.at, nameLength, true)
    const messages = fate === "missing" ? [] : control
    const bound = typeof fate === "string" ? layout.controlBytes : this.#bytesOf(messages, fate.part)
    const { isTruncated, length } = this.#writeControl(arena, slot, messages, Math.min(layout.controlBytes, bound))
    view.setUint32(header + abi.msghdr.controlLength.at, length, true)
    let flags = 0
    if (data.length > room) flags |= ReceiveFlags.dataTruncated
    if (isTruncated) flags |= ReceiveFlags.controlTruncated
    if (abi.platform === "winsock" && kind !== "unicast") flags |= ReceiveFlags[kind]
    native(arena).received(slot, reportsTrueSize ? data.length : room, flags)
  }

  /** Linux: a message that does not fit is cut, and only its header must fit. */
  #writeControl(
    { bytes, controlAt, view }: Arena,
    slot: number,
    messages: ReadonlyArray<ControlBuffer.RawMessage>,
    bound: number
  ): { readonly length: number; readonly isTruncated: boolean } {
    const { abi } = this.#personality
    const header = ControlBuffer.headerSize(abi)
    const base = controlAt(slot)
    let used = 0
    let isTruncated = false
    for (const { level, payload, type } of messages) {
      const room = bound - used - header
      if (room < 0) {
        isTruncated = true
        continue
      }
      if (payload.length > room) isTruncated = true
      const cut = payload.subarray(0, room)
      const at = ControlBuffer.writeHeader(abi, view, base + used, level, type, cut.length)
      bytes.set(cut, at)
      used = Math.min(bound, used + ControlBuffer.space(abi, cut.length))
    }
    // Winsock: of truncated control data nothing is handed out.
    return { length: isTruncated && abi.platform === "winsock" ? 0 : used, isTruncated }
  }

  /** Bytes of a part of some messages, fewer than all of them have. */
  #bytesOf(messages: ReadonlyArray<ControlBuffer.RawMessage>, part: number): number {
    const { abi } = this.#personality
    let used = 0
    let whole = 0
    for (const { payload } of messages) {
      whole = used + ControlBuffer.headerSize(abi) + payload.length
      used += ControlBuffer.space(abi, payload.length)
    }
    return Math.floor(whole * part)
  }

  /** Writes a `sockaddr`, cut to its room, and returns its whole length. */
  name({ address, port }: End, into: Uint8Array, at: number, room: number): number {
    const { abi } = this.#personality
    const named = new Uint8Array(abi.sockaddr[address.family])
    const end =
      address.family === "ipv4"
        ? new InternetEndpoint("ipv4", address, port)
        : new InternetEndpoint("ipv6", address, port)
    SocketAddress.write(abi, end, new DataView(named.buffer), 0)
    into.set(named.subarray(0, room), at)
    return named.length
  }

  /** Reads a `sockaddr`. Returns nothing if it is not one of the Internet. */
  end(bytes: Uint8Array, at: number, length: number): End | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (length < 2 || at + length > bytes.length) return undefined
    const end = SocketAddress.read(this.#personality.abi, view, at, length)
    if (Codec.isMalformed(end) || end.family === "unix") return undefined
    // An IPv4 address in the mapped notation is one of IPv6 here.
    const isIpv6 = view.getUint16(at, true) === this.#personality.abi.family.ipv6
    const { address, port } = end
    return { address: isIpv6 && address.family === "ipv4" ? Ipv6Address.fromIpv4(address) : address, port }
  }
}

const native = (arena: Arena): NativeArena => arena as NativeArena
