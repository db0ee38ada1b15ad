/** ICMP error messages as any host could send them, true or not, from a raw socket on loopback. Needs CAP_NET_RAW. */
import { Effect, type Scope } from "effect"
import { fromDescriptor } from "../src/internal/socket.ts"
import { linux } from "../src/internal/platform.ts"
import { LinuxSockets } from "@ancillary/effect3/node"
import { addressOf, int, libc, type BareSocket, ok, sendTo } from "./bareKernel.ts"

type Family = "ipv4" | "ipv6"

const SOCK_RAW = 3
const protocols = { ipv4: 1, ipv6: 58 } as const
const ones = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
const source = { ipv4: [127, 0, 0, 1], ipv6: ones } as const
/** No other test sends there: the kernel remembers the path MTU of a destination. */
const destination = { ipv4: [127, 77, 0, 1], ipv6: ones } as const

/** RFC 1071. */
const sum = (bytes: Uint8Array): number => {
  let total = 0
  for (let at = 0; at < bytes.length; at += 2) total += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return ~total & 0xffff
}

/** An extension of these objects (each with its own header), its checksum right unless one is given. */
export const extension = (objects: ReadonlyArray<number>, checksum?: number): Uint8Array => {
  const bytes = Uint8Array.of(0x20, 0, 0, 0, ...objects)
  new DataView(bytes.buffer).setUint16(2, checksum ?? sum(bytes))
  return bytes
}

/** The quote of a datagram to 127.77.0.1 or ::1, between two ports: the headers of IP and UDP, and the start of the payload. */
export const quoteOf = (
  family: Family,
  { data, from, to }: { readonly from: number; readonly to: number; readonly data: Uint8Array }
): Uint8Array => {
  const addresses = [...source[family], ...destination[family]]
  const udp = 8 + data.length
  const total = 20 + udp
  const ip =
    family === "ipv4"
      ? [0x45, 0, total >> 8, total & 255, 0, 1, 0, 0, 1, 17, 0, 0, ...addresses]
      : [0x60, 0, 0, 0, udp >> 8, udp & 255, 17, 1, ...addresses]
  return Uint8Array.of(...ip, from >> 8, from & 255, to >> 8, to & 255, udp >> 8, udp & 255, 0, 0, ...data)
}

/** An ICMP message with a quote. `rest` is the second word of its header. */
export const icmp = (family: Family, { code, quote, rest = [0, 0, 0, 0], type }: IcmpMessage): Uint8Array => {
  const bytes = Uint8Array.of(type, code, 0, 0, ...rest, ...quote)
  // The kernel writes the checksum of ICMPv6, which covers the addresses.
  if (family === "ipv4") new DataView(bytes.buffer).setUint16(2, sum(bytes))
  return bytes
}

export interface IcmpMessage {
  readonly type: number
  readonly code: number
  readonly rest?: ReadonlyArray<number> | undefined
  readonly quote: Uint8Array
}

/** A quote that is padded to 128 bytes, with an extension after it, and the word of the header that contains its length. */
export const extended = (
  family: Family,
  quote: Uint8Array,
  behind: Uint8Array
): { readonly rest: ReadonlyArray<number>; readonly quote: Uint8Array } => {
  const filled = Math.max(128, quote.length)
  const all = new Uint8Array(filled + behind.length)
  all.set(quote)
  all.set(behind, filled)
  return { rest: family === "ipv4" ? [0, filled / 4, 0, 0] : [filled / 8, 0, 0, 0], quote: all }
}

/** Levels and options: hop limit, class byte. */
const header = { ipv4: [0, 2, 0, 1], ipv6: [41, 16, 41, 67] } as const

/** Sends ICMP messages to loopback, with these fields in their headers. */
export const forger = (
  family: Family,
  fields?: { readonly hopLimit: number; readonly trafficClass: number }
): Effect.Effect<(message: IcmpMessage) => void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const driver = yield* Effect.orDie(LinuxSockets.driver())
    const fd = libc.socket(driver.abi.family[family], SOCK_RAW | linux.openFlags, protocols[family])
    const socket = fromDescriptor({ abi: driver.abi, libc, numbers: linux }, fd, { family, protocol: "udp" })
    yield* Effect.addFinalizer(() => Effect.sync(() => socket.close()))
    const [hopLevel, hopLimit, classLevel, trafficClass] = header[family]
    if (fields !== undefined) {
      ok(socket.setOption(hopLevel, hopLimit, int(fields.hopLimit)))
      ok(socket.setOption(classLevel, trafficClass, int(fields.trafficClass)))
    }
    const at: BareSocket = { driver, socket, family, port: 0 }
    return (message) => void ok(sendTo(at, addressOf(at), icmp(family, message)))
  })
