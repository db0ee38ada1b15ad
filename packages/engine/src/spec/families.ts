import type { Family } from "@ancillary/control"

/** The families whose table rows a socket uses. A `dual` socket is an IPv6 socket whose options are set for both families. */
export const families = (family: Family): ReadonlyArray<"ipv4" | "ipv6" | "unix"> =>
  family === "dual" ? ["ipv6", "ipv4"] : [family]

/** Formats the constructor of a spec, as a program writes it. */
export const constructorOf = ({ family, protocol }: { readonly family: Family; readonly protocol: string }): string =>
  protocol === "icmp" ? `Datagram.icmp${family === "ipv4" ? 4 : 6}` : `Datagram.${family}`
