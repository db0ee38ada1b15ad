/** The routers on a path: each probe may cross one router more than the one before, and the router where it ends reports itself. */
import type { ErrorReport } from "@ancillary/socket"
import type { Probe, Probes } from "./probes.ts"

export interface Hop {
  readonly hopLimit: number
  readonly probes: ReadonlyArray<Probe>
  /** True if the destination answered, or if a router reported that it is unreachable. */
  readonly last: boolean
}

const maximum = 30
/** Bytes of payload. */
const size = 32

/** Finds the routers one by one. Waits for a silent one up to `patience` milliseconds. */
export async function* trace(probes: Probes, patience = 1000): AsyncGenerator<Hop> {
  for (let hopLimit = 1; hopLimit <= maximum; hopLimit++) {
    const sent = await probes.send([size, size, size], { hopLimit, patience })
    const last = sent.some(({ report }) => report !== undefined && !isOnTheWay(report))
    yield { hopLimit, probes: sent, last }
    if (last) return
  }
}

/** True for "time exceeded": type 11 of ICMP, type 3 of ICMPv6. Every other report comes from the end of the path. */
const isOnTheWay = ({ icmp, origin }: ErrorReport): boolean => icmp?.type === (origin === "icmp" ? 11 : 3)

/** The line of a hop: routers, round trips in milliseconds, labels of MPLS. `*` is a probe without a report. */
export const lineOf = ({ hopLimit, probes }: Hop): string => {
  let router = ""
  const words = probes.map(({ report, sentAt }) => {
    if (report === undefined) return "*"
    const from = String(report.offender ?? "this host")
    const name = from === router ? "" : `${from}${labelsOf(report)}  `
    router = from
    const { icmp, timestamp } = report
    const refusal = isOnTheWay(report) || report.code === "ECONNREFUSED" ? "" : ` ICMP ${icmp?.type}/${icmp?.code}`
    const trip = sentAt === undefined || timestamp === undefined ? "?" : (Number(timestamp - sentAt) / 1e6).toFixed(3)
    return `${name}${trip} ms${refusal}`
  })
  return `${String(hopLimit).padStart(2)}  ${words.join("  ")}`
}

/** As traceroute prints them. */
const labelsOf = ({ extensions }: ErrorReport): string => {
  const labels = extensions.flatMap((extension) => (extension.kind === "mplsLabelStack" ? extension.labels : []))
  if (labels.length === 0) return ""
  const texts = labels.map(
    ({ bottomOfStack, label, trafficClass, ttl }) => `L=${label},E=${trafficClass},S=${bottomOfStack ? 1 : 0},T=${ttl}`
  )
  return ` <MPLS:${texts.join("/")}>`
}
