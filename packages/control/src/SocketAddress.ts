/**
 * `sockaddr_in`, `sockaddr_in6` and `sockaddr_un`: the socket addresses of endpoints.
 *
 * Ports, IPv4 and IPv6 addresses are big-endian in every ABI. The family and the zone (`sin6_scope_id`) are in host
 * byte order.
 *
 * @see ip(7), ipv6(7), unix(7); ws2def.h, ws2ipdef.h
 * @since 0.1.0
 */
import type { Abi } from "./Abi.ts"
import type { Malformed } from "./Codec.ts"
import { InternetEndpoint, UnixEndpoint } from "./Endpoint.ts"
import { isInteger, offsetOf, format, within } from "./internal/bounds.ts"
import { fromUtf8, utf8 } from "./internal/utf8.ts"
import { Ipv4Address } from "./Ipv4Address.ts"
import { Ipv6Address } from "./Ipv6Address.ts"

type AnyEndpoint = InternetEndpoint<"ipv4"> | InternetEndpoint<"ipv6"> | UnixEndpoint

/** Offset of `sun_path`, which holds a path or an abstract name. */
const sunPath = 2

/**
 * Bytes of a slot for the socket addresses of a family.
 *
 * **Details**
 *
 * A Unix address may exceed `sockaddr_un` by one byte, because Linux ends a path of 108 bytes with a NUL.
 *
 * @category sizes
 * @since 0.1.0
 */
export const size = (abi: Abi, family: "ipv4" | "ipv6" | "unix"): number => {
  if (family !== "ipv4" && family !== "ipv6" && family !== "unix")
    throw new TypeError(`${format(family)} is not the family of a name: give "ipv4", "ipv6" or "unix".`)
  return abi.sockaddr[family] + (family === "unix" ? 1 : 0)
}

/**
 * Writes a socket address at an offset and returns its length in bytes. The slot must have `size` bytes, and all of
 * them are written. Throws a `RangeError` for an offset that is not an integer of 0 or more. Also throws it for a path
 * that `validateUnixPath` refuses.
 *
 * **Details**
 *
 * If `mapped` is true, an IPv4 endpoint is written as `::ffff:a.b.c.d`, the form that a socket for both families
 * requires.
 *
 * @category encoding
 * @since 0.1.0
 */
export const write = (abi: Abi, endpoint: AnyEndpoint, view: DataView, at: number, mapped = false): number => {
  offsetOf(at)
  if (endpoint.family === "unix") return writeUnix(abi, endpoint, view, at)
  const asIpv6 = endpoint.family === "ipv6" || mapped
  const length = asIpv6 ? abi.sockaddr.ipv6 : abi.sockaddr.ipv4
  for (let i = 0; i < length; i += 4) view.setUint32(at + i, 0)
  writeFamily(abi, view, at, asIpv6 ? abi.family.ipv6 : abi.family.ipv4, length)
  view.setUint16(at + 2, endpoint.port)
  if (!asIpv6) {
    view.setUint32(at + 4, endpoint.address.value)
    return length
  }
  const address = endpoint.address instanceof Ipv4Address ? Ipv6Address.fromIpv4(endpoint.address) : endpoint.address
  writeIpv6(view, at + 8, address)
  view.setUint32(at + 24, address.zone, true)
  return length
}

/**
 * Reads the socket address that the kernel wrote at an offset. An IPv4-mapped IPv6 address is read as an IPv4 endpoint.
 * Throws a `RangeError` if the offset or the length is not an integer of 0 or more. Also throws it if the address does
 * not fit the view.
 *
 * **Details**
 *
 * If a Unix name is not UTF-8, each byte from 0x80 is read as the character U+DC00 above it. `write` writes that
 * character as the byte again.
 *
 * @category decoding
 * @since 0.1.0
 */
export const read = (abi: Abi, view: DataView, at: number, length: number): AnyEndpoint | Malformed => {
  if (!isInteger(length, 0, view.byteLength - offsetOf(at)))
    within("The length of a socket address", length, 0, Math.max(0, view.byteLength - at))
  // Linux: length 0 is a sender without a name (a Unix socket that was never bound), not a fault.
  if (length === 0) return new UnixEndpoint(undefined)
  if (length < 2) return { malformed: `a socket address of ${length} bytes has no family`, offset: at }
  const family = abi.sockaddr.lengthByte ? view.getUint8(at + 1) : view.getUint16(at, true)
  if (family === abi.family.ipv4) {
    if (length < abi.sockaddr.ipv4) return { malformed: `a sockaddr_in of ${length} bytes`, offset: at }
    return new InternetEndpoint("ipv4", new Ipv4Address(view.getUint32(at + 4)), view.getUint16(at + 2))
  }
  if (family === abi.family.ipv6) {
    if (length < abi.sockaddr.ipv6) return { malformed: `a sockaddr_in6 of ${length} bytes`, offset: at }
    const address = readIpv6(view, at + 8, view.getUint32(at + 24, true))
    const mapped = address.toIpv4()
    const port = view.getUint16(at + 2)
    return mapped === undefined
      ? new InternetEndpoint("ipv6", address, port)
      : new InternetEndpoint("ipv4", mapped, port)
  }
  if (family === abi.family.unix) return readUnix(view, at, length)
  return { malformed: `a socket address of family ${family}`, offset: at }
}

/**
 * Reads the 16 bytes of an `in6_addr`. Throws a `RangeError` for an offset that is not an integer of 0 or more.
 *
 * @category decoding
 * @since 0.1.0
 */
export const readIpv6 = (view: DataView, at: number, zone = 0): Ipv6Address =>
  new Ipv6Address(
    view.getUint32(offsetOf(at)),
    view.getUint32(at + 4),
    view.getUint32(at + 8),
    view.getUint32(at + 12),
    zone
  )

/**
 * Writes the 16 bytes of an `in6_addr`. Throws a `RangeError` for an offset that is not an integer of 0 or more.
 *
 * @category encoding
 * @since 0.1.0
 */
export const writeIpv6 = (view: DataView, at: number, address: Ipv6Address): void => {
  view.setUint32(offsetOf(at), address.a)
  view.setUint32(at + 4, address.b)
  view.setUint32(at + 8, address.c)
  view.setUint32(at + 12, address.d)
}

/**
 * Returns the reason why a Unix name does not fit into `sun_path`, or `undefined` if it fits.
 *
 * @category validation
 * @since 0.1.0
 */
export const validateUnixPath = (abi: Abi, path: string): string | undefined => {
  if (typeof path !== "string") return `${format(path)} is not a text`
  const room = abi.sockaddr.unix - sunPath
  const bytes = utf8(path).length
  if (bytes > room) return `the path takes ${bytes} bytes, a Unix socket name has room for ${room}`
  return !path.startsWith("\0") && path.includes("\0") ? "a path cannot contain a NUL" : undefined
}

const writeFamily = (abi: Abi, view: DataView, at: number, family: number, length: number): void => {
  if (abi.sockaddr.lengthByte) {
    view.setUint8(at, length)
    view.setUint8(at + 1, family)
  } else view.setUint16(at, family, true)
}

const writeUnix = (abi: Abi, endpoint: UnixEndpoint, view: DataView, at: number): number => {
  const path = utf8(endpoint.path ?? "")
  if (path.length > abi.sockaddr.unix - sunPath)
    throw new RangeError(`${validateUnixPath(abi, endpoint.path ?? "")}: give a shorter one.`)
  const abstract = endpoint.path?.startsWith("\0") === true
  for (let i = 0; i < abi.sockaddr.unix + 1; i++) view.setUint8(at + i, i < sunPath ? 0 : (path[i - sunPath] ?? 0))
  // Linux: every byte of an abstract name counts, so the length ends with its last byte. A path ends with its NUL.
  const length =
    sunPath + path.length + (abstract || path.length === 0 || path.length === abi.sockaddr.unix - sunPath ? 0 : 1)
  writeFamily(abi, view, at, abi.family.unix, length)
  return length
}

const readUnix = (view: DataView, at: number, length: number): UnixEndpoint => {
  if (length <= sunPath) return new UnixEndpoint(undefined)
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at + sunPath, length - sunPath)
  if (bytes[0] === 0) return new UnixEndpoint(fromUtf8(bytes))
  const end = bytes.indexOf(0)
  return new UnixEndpoint(fromUtf8(end < 0 ? bytes : bytes.subarray(0, end)))
}
