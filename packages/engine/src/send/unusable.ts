import type { Endpoint, Family } from "@ancillary/control"
import { type Driver, type Fault, isFault } from "../driver/Driver.ts"

/** The cause and the remedy. */
type Advice = readonly [cause: string, remedy: string]

/**
 * Returns advice about a local address that cannot be bound to yet, or never. Returns `undefined` if this host does not have the address.
 *
 * Linux: during duplicate address detection, bind(2) fails with EADDRNOTAVAIL for an IPv6 address, as for an address of another host.
 */
export const unusable = (driver: Driver, { code }: Fault, local: Endpoint<Family> | undefined): Advice | undefined => {
  const remedy = interfaceRemedy({ code }, local)
  if (remedy !== undefined) return remedy
  if (!/^(WSA)?EADDRNOTAVAIL$/.test(code) || local === undefined || local.family === "unix") return undefined
  const interfaces = driver.interfaces()
  if (isFault(interfaces)) return undefined
  for (const { addresses, name } of interfaces)
    for (const { address, duplicate, tentative } of addresses) {
      if (!address.equals(local.address)) continue
      if (duplicate === true)
        return [
          `Another host has this address, so ${name} does not use it (duplicate)`,
          "Give one of the two another address"
        ]
      if (tentative === true)
        return [
          `${name} still checks this address for duplicates (tentative)`,
          "Bind again in a second or two, or declare withFreebind() on Linux"
        ]
    }
  return undefined
}

/** Remedy for an address that exists on every interface and was given without an interface. */
export const interfaceRemedy = ({ code }: Pick<Fault, "code">, at: Endpoint<Family> | undefined): Advice | undefined =>
  at?.family === "ipv6" && at.address.isLinkLocal && at.address.zone === 0 && /^(WSA)?E(INVAL|ADDRNOTAVAIL)$/.test(code)
    ? ["A link-local address requires its interface", `Write ${at.address}%eth0, with the name or the index of yours`]
    : undefined
