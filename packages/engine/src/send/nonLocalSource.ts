import { Codec, endpoint as toEndpoint, type Family, PktInfo, SocketAddress } from "@ancillary/control"
import { type Driver, type Fault, isFault } from "../driver/Driver.ts"
import { undoing } from "../driver/closing.ts"
import type { SentControl } from "./sentControl.ts"

/**
 * The source that was asked for, where a send failed because it is no address of this host.
 *
 * Linux: that is ENETUNREACH on IPv4 and EINVAL on IPv6, which other mistakes are too (trap 8), so a socket that is opened for the question is
 * bound to it: EADDRNOTAVAIL answers. Nothing of this is done for a send that succeeds.
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
  // Any value: what is no address makes no endpoint.
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

/** The field of an object that a program made: it may throw. */
const sourceOf = (pktInfo: unknown): unknown => {
  try {
    return typeof pktInfo === "object" && pktInfo !== null && "source" in pktInfo ? pktInfo.source : undefined
  } catch {
    return undefined
  }
}
