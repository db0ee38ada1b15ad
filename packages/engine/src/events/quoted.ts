/** Splits the quote of an ICMP error message into the datagram and the extension. A router may have added the extension (RFC 4884). */
import { Codec, type ExtendedError, IcmpExtension } from "@ancillary/control"

export interface Quoted {
  readonly datagram: Uint8Array
  readonly extensions: ReadonlyArray<IcmpExtension.IcmpExtension>
}

/** Headers that the kernel removes from the quote: IP without options, and UDP. A ping socket keeps the header of ICMP. */
const ipHeader = { icmp: 20, icmp6: 40 } as const
const udpHeader = 8
/** Bytes to which a router fills the quote if an extension follows (RFC 4884 section 5.1). */
const filled = 128

/** Types of ICMP messages that may have an extension (RFC 4884 section 4). */
const extensible = { icmp: [3, 11, 12], icmp6: [1, 3] } as const

/**
 * Splits a quote. `largest` is the size of the largest payload that the socket has sent, in bytes. Zeros beyond it, before an extension,
 * are a router's padding.
 */
export const takeApart = (
  error: ExtendedError,
  quote: Uint8Array,
  { largest, protocol }: { readonly largest: number; readonly protocol: "udp" | "icmp" | "unix" }
): Quoted => {
  const { extension, origin, type } = error
  if (origin !== "icmp" && origin !== "icmp6") return { datagram: quote, extensions: [] }
  if (extension !== undefined) {
    const read = extension.valid ? IcmpExtension.decode(quote.subarray(extension.at)) : []
    return { datagram: withoutFilling(quote, extension.at, largest), extensions: Codec.isMalformed(read) ? [] : read }
  }
  // Linux before 5.9 does not report the offset of the extension. No Linux reports it if the router omits it, as routers older than RFC
  // 4884 do. The offset is then this one.
  const at = filled - ipHeader[origin] - (protocol === "udp" ? udpHeader : 0)
  const mayBe = extensible[origin].some((each) => each === type) && quote.length > at + 2 * IcmpExtension.headerSize
  const read = mayBe ? IcmpExtension.decode(quote.subarray(at)) : []
  // A payload of the program is not mistaken for an extension, because an extension has a correct checksum.
  if (Codec.isMalformed(read) || read.length === 0 || (quote[at + 2] === 0 && quote[at + 3] === 0))
    return { datagram: quote, extensions: [] }
  return { datagram: withoutFilling(quote, at, largest), extensions: read }
}

const withoutFilling = (quote: Uint8Array, end: number, largest: number): Uint8Array => {
  let length = Math.min(end, quote.length)
  while (length > largest && quote[length - 1] === 0) length--
  return quote.slice(0, length)
}
