import type { Family } from "@ancillary/control"

/** The families whose rows a socket uses: a `dual` one is an IPv6 socket that is told everything for both. */
export const families = (family: Family): ReadonlyArray<"ipv4" | "ipv6" | "unix"> =>
  family === "dual" ? ["ipv6", "ipv4"] : [family]

/** What a spec began with, as a program writes it. */
export const constructorOf = ({ family, protocol }: { readonly family: Family; readonly protocol: string }): string =>
  protocol === "icmp" ? `Datagram.icmp${family === "ipv4" ? 4 : 6}` : `Datagram.${family}`
