import { type Endpoint, type Family, Ipv6Address, PktInfo, readAddress } from "@ancillary/control"
import { type Driver, type Fault, isFault } from "../driver/Driver.ts"
import type { SentControl } from "./sentControl.ts"

/** An interface that a message names, and the field that names it. */
export interface MissingInterface {
  readonly field: "to" | "control.pktInfo"
  readonly index: number
}

/**
 * Returns the interface index that a send failed with, if this host does not have it.
 *
 * Linux: the error is ENODEV for packet information, ENETUNREACH for the zone of a destination, and EINVAL for that of a source. Other
 * mistakes have the same codes, so the interfaces are listed. A send that succeeds does none of this.
 */
export const missingInterface = (
  driver: Driver,
  to: Endpoint<Family> | undefined,
  control: SentControl | undefined,
  { code }: Fault
): MissingInterface | undefined => {
  if (!/^(WSA)?E(NODEV|NXIO|NETUNREACH|HOSTUNREACH|INVAL|ADDRNOTAVAIL)$/.test(code)) return undefined
  const named: Array<MissingInterface> = []
  const zone = to === undefined || to.family !== "ipv6" ? 0 : to.address.zone
  if (zone !== 0) named.push({ field: "to", index: zone })
  for (const index of indexesOf(control?.value(PktInfo.key))) named.push({ field: "control.pktInfo", index })
  if (named.length === 0) return undefined
  const interfaces = driver.interfaces()
  return isFault(interfaces) ? undefined : named.find((each) => interfaces.every(({ index }) => index !== each.index))
}

/** Returns the indexes in an object that a program made, which may throw when it is read. */
const indexesOf = (pktInfo: unknown): ReadonlyArray<number> => {
  try {
    if (typeof pktInfo !== "object" || pktInfo === null) return []
    const { interfaceIndex, source } = pktInfo as { readonly interfaceIndex?: unknown; readonly source?: unknown }
    const address = readAddress(source)
    const zone = address instanceof Ipv6Address ? address.zone : 0
    return [interfaceIndex, zone].flatMap((index) => (typeof index === "number" && index !== 0 ? [index] : []))
  } catch {
    return []
  }
}
