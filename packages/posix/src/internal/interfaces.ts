/**
 * Lists the host's interfaces by `getifaddrs(3)`, which has an entry for each address, and one for each interface on its link layer. macOS;
 * on Linux `routing.ts` reports more.
 */
import { type Abi, Codec, SocketAddress } from "@ancillary/control"
import type { Fault, NetworkInterface } from "@ancillary/engine/driver/Driver"
import { lastFault } from "./errno.ts"
import type { Address } from "./libc.ts"
import { read, text } from "@ancillary/native/memory"
import type { Host } from "./host.ts"

type Addresses = NetworkInterface["addresses"]

/** Fields of `struct ifaddrs`, with pointers as addresses. */
interface Entry {
  readonly next: Address
  readonly name: string
  readonly flags: number
  readonly address: Address
  readonly mask: Address
}

/** Seven words: next, name, flags (an unsigned int), address, netmask, broadcast address or peer, data. */
const entry = ({ pointerBytes }: Abi, at: Address): Entry => {
  const words = read(at, 5 * pointerBytes)
  const word = (index: number) =>
    pointerBytes === 8 ? Number(words.getBigUint64(8 * index, true)) : words.getUint32(4 * index, true)
  return {
    next: word(0),
    name: text(word(1)),
    flags: words.getUint32(2 * pointerBytes, true),
    address: word(3),
    mask: word(4)
  }
}

export const interfaces = (host: Host): ReadonlyArray<NetworkInterface> | Fault => {
  const { abi, libc, numbers } = host
  const list = new DataView(new ArrayBuffer(8))
  if (libc.getifaddrs(new Uint8Array(list.buffer)) < 0) return lastFault("getifaddrs")
  const first = Number(list.getBigUint64(0, true))
  try {
    const indices = new Map<string, number>()
    const found = new Map<number, NetworkInterface & { readonly addresses: Array<Addresses[number]> }>()
    for (let at = first; at !== 0;) {
      const { address, flags, mask, name, next } = entry(abi, at)
      at = next
      const index = indices.get(name) ?? libc.if_nametoindex(name)
      indices.set(name, index)
      // It was removed after it was listed.
      if (index === 0) continue
      // Linux: an address with a label is listed under the label, which has the index of its interface.
      let one = found.get(index)
      if (one === undefined) {
        const has = (flag: number) => (flags & flag) !== 0
        one = {
          index,
          name,
          addresses: [],
          up: has(numbers.IFF_UP),
          loopback: has(numbers.IFF_LOOPBACK),
          multicast: has(numbers.IFF_MULTICAST)
        }
        found.set(index, one)
      }
      one.addresses.push(...addressesOf(abi, address, mask))
    }
    return [...found.values()]
  } finally {
    libc.freeifaddrs(first)
  }
}

/** Returns the address of an entry, or nothing for the link layer, for another family, and for an interface without an address. */
const addressesOf = (abi: Abi, at: Address, mask: Address): Addresses => {
  if (at === 0) return []
  const family = familyOf(abi, at)
  if (family === undefined) return []
  const size = abi.sockaddr[family]
  const named = SocketAddress.read(abi, read(at, size), 0, size)
  if (Codec.isMalformed(named) || named.family === "unix") return []
  return [{ address: named.address, prefix: mask === 0 ? widths[family] : prefixOf(abi, family, mask) }]
}

const widths = { ipv4: 32, ipv6: 128 } as const
/** Offsets of the address in `sockaddr_in` and `sockaddr_in6`. */
const addressAt = { ipv4: 4, ipv6: 8 } as const

const familyOf = ({ family, sockaddr }: Abi, at: Address): "ipv4" | "ipv6" | undefined => {
  const head = read(at, 2)
  const number = sockaddr.lengthByte ? head.getUint8(1) : head.getUint16(0, true)
  return number === family.ipv4 ? "ipv4" : number === family.ipv6 ? "ipv6" : undefined
}

/** Number of bits that are set in a netmask. */
const prefixOf = ({ sockaddr }: Abi, family: "ipv4" | "ipv6", mask: Address): number => {
  const from = addressAt[family]
  const whole = from + widths[family] / 8
  // Darwin: a mask ends after its last byte that is not zero, and its first byte is its length.
  const length = sockaddr.lengthByte ? Math.min(read(mask, 1).getUint8(0), whole) : whole
  const bytes = read(mask, length)
  let bits = 0
  for (let at = from; at < length; at++) bits += ones(bytes.getUint8(at))
  return bits
}

const ones = (byte: number): number => byte.toString(2).replaceAll("0", "").length
