/** Addresses of interfaces that a server can be bound to. */
import type { Family, Ipv4Address, Ipv6Address } from "@ancillary/control"
import type { NetworkInterface } from "../driver/Driver.ts"

/**
 * Returns the addresses of an interface that a socket of a family can be bound to: no tentative and no duplicate one.
 *
 * @category models
 * @since 0.1.0
 */
export const usableAddresses = (
  family: Family,
  { addresses }: NetworkInterface
): ReadonlyArray<Ipv4Address | Ipv6Address> =>
  addresses
    .filter(({ duplicate, tentative }) => duplicate !== true && tentative !== true)
    .map(({ address }) => address)
    .filter((address) => family === "dual" || address.family === family)
