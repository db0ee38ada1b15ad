/** Validates payloads of ping sockets. The kernel accepts only echo requests, and fails with EINVAL for others. */
import { Codec, type Endpoint, type Family, IcmpEcho, InternetEndpoint } from "@ancillary/control"
import { part, sizeOf } from "../driver/payload.ts"

/** Returns the reason why a payload is not an echo request, or `undefined`. Its buffers may be split at any offset. */
export const validatePing = (family: "ipv4" | "ipv6", pieces: ReadonlyArray<Uint8Array>): string | undefined => {
  const head = new Uint8Array(IcmpEcho.headerSize)
  let size = 0
  for (const piece of pieces) {
    const bytes = Math.min(sizeOf(piece), head.length - size)
    if (bytes > 0) head.set(part(piece, 0, bytes), size)
    size += bytes
    if (size === head.length) break
  }
  const echo = IcmpEcho.decode(family, head.subarray(0, size))
  const why = Codec.isMalformed(echo) ? echo.malformed : echo.kind === "reply" ? "replies are the kernel's" : undefined
  return why === undefined
    ? undefined
    : `${why}: a ping socket sends echo requests alone, as IcmpEcho.encode makes them`
}

/**
 * The host of an endpoint, as a ping socket has it: replies come from port 0.
 *
 * @category sockets
 * @since 0.1.0
 */
export const hostOf = (peer: Endpoint<Family>): Endpoint<Family> => {
  switch (peer.family) {
    case "ipv4":
      return new InternetEndpoint("ipv4", peer.address, 0)
    case "ipv6":
      return new InternetEndpoint("ipv6", peer.address, 0)
    default:
      return peer
  }
}
