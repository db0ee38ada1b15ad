/** The largest packet that crosses a path without fragments: each router that cannot forward a probe reports the size that it can. */
import type { Probes } from "./probes.ts"

export interface Limit {
  /** Bytes of a packet, IP header included. */
  readonly mtu: number
  /** The router that reported it. Absent if it is the MTU of this host's own link. */
  readonly router: string | undefined
}

export interface PathMtu {
  /** Bytes of the largest packet that no router has refused. */
  readonly mtu: number
  /** The limits in the order of the path, each below the one before. */
  readonly limits: ReadonlyArray<Limit>
  /** True if a packet of that size has arrived. */
  readonly confirmed: boolean
}

const largest = 65_535
/** The smallest MTU of a link: RFC 791, RFC 8200 section 5. */
const smallest = { ipv4: 68, ipv6: 1280 }
/** Bytes of the headers of IP and UDP. */
const headers = { ipv4: 28, ipv6: 48 }

/** Discovers the path MTU (RFC 1191, RFC 8201). A probe that is lost is sent three times, each with `patience` milliseconds. */
export const pathMtu = async (probes: Probes, patience = 1000): Promise<PathMtu> => {
  const { family } = probes.destination
  const limits: Array<Limit> = []
  let [mtu, lost] = [largest, 0]
  while (lost < 3) {
    const [probe] = await probes.send([mtu - headers[family]], { patience })
    const report = probe?.report
    if (report === undefined) lost++
    // Only the destination refuses a port.
    else if (report.code === "ECONNREFUSED") return { mtu, limits, confirmed: true }
    // A report that raises the size, or lowers it below every link, is wrong or forged.
    else if (report.mtu === undefined || report.mtu >= mtu || report.mtu < smallest[family]) break
    else {
      mtu = report.mtu
      lost = 0
      limits.push({ mtu, router: report.origin === "local" ? undefined : String(report.offender) })
    }
  }
  return { mtu, limits, confirmed: false }
}
