import { Codec, endpoint as toEndpoint, type Family, PktInfo, SocketAddress } from "@ancillary/control"
import { type Driver, type Fault, isFault } from "../driver/Driver.ts"
import { undoing } from "../driver/closing.ts"
import type { SentControl } from "./sentControl.ts"

/**
 * Returns the requested source of a send that failed because this host does not have the address.
 *
 * Linux: the error is ENETUNREACH on IPv4 and EINVAL on IPv6, as for other mistakes (trap 8). Therefore a new socket is bound to the
 * address, and EADDRNOTAVAIL is the proof. A send that succeeds does none of this.
 */
export const foreignSource = (
  driver: Driver,
  family: Family,
  control: SentControl | undefined,
  failed: Fault
): string | undefined => {
  if (!/^(WSA)?E(NETUNREACH|INVAL|ADDRNOTAVAIL)$/.test(failed.code)) return undefined
  const source = sourceOf(control?.value(PktInfo.key))
  if (source === undefined || family === "unix") return undefined
  // Any value, because a value that is not an address makes no endpoint.
  const at = toEndpoint(family, { address: source as string, port: 0 })
  if (Codec.isMalformed(at)) return undefined
  const socket = driver.open({ family: at.family, protocol: "udp" })
  if (isFault(socket)) return undefined
  const name = new Uint8Array(SocketAddress.size(driver.abi, at.family))
  SocketAddress.write(driver.abi, at, new DataView(name.buffer), 0)
  const refused = undoing(
    () => socket.close(),
    () => socket.bind(name)
  )
  socket.close()
  return refused !== undefined && /^(WSA)?EADDRNOTAVAIL$/.test(refused.code) ? String(at.address) : undefined
}

/** Reads the field of an object that a program made, which may throw. */
const sourceOf = (pktInfo: unknown): unknown => {
  try {
    return typeof pktInfo === "object" && pktInfo !== null && "source" in pktInfo ? pktInfo.source : undefined
  } catch {
    return undefined
  }
}
