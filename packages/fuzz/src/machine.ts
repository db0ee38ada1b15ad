import { networkInterfaces } from "node:os"

/** True if the host has IPv6 on loopback, which some containers lack. */
export const hasIpv6 = (): boolean =>
  Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"))
