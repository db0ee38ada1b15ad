/** From a host name to an address of the socket's family. */
import dns from "node:dns"
import { isIP } from "node:net"

/**
 * Called with an error, or with an address.
 *
 * @category models
 * @since 0.1.0
 */
export type LookupCallback = (error: Error | null, address: string, family: number) => void

/**
 * A function such as `dns.lookup`.
 *
 * @category models
 * @since 0.1.0
 */
export type Lookup = (hostname: string, family: 4 | 6, callback: LookupCallback) => void

/** Returns whether the address of a default lookup is known without one: it is one of the socket's family. */
export const isLiteral = (address: string, family: 4 | 6): boolean => isIP(address) === family

/** Looks a name up in the system, unless it is an address. Calls back in a later tick. */
export const systemLookup: Lookup = (hostname, family, callback) => {
  if (isLiteral(hostname, family)) process.nextTick(callback, null, hostname, family)
  // Read at each call: programs replace it.
  else dns.lookup(hostname, family, callback as never)
}
