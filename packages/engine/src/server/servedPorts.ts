/** Ports whose datagrams may come from a server, and not from a client: the well-known ones, and those that this process serves. */

/** Ports below are not chosen for clients (RFC 6335: System Ports). */
const wellKnown = 1024

/** Number of servers of this process on each port. */
let served: Uint16Array | undefined

/**
 * Adds the port of a server, until the returned function is called.
 *
 * @category servers
 * @since 0.1.0
 */
export const addServedPort = (port: number): (() => void) => {
  const ports = (served ??= new Uint16Array(65_536))
  ports[port] = (ports[port] ?? 0) + 1
  let isAdded = true
  return () => {
    if (isAdded) ports[port] = (ports[port] ?? 1) - 1
    isAdded = false
  }
}

/**
 * Returns true if a peer with that port may be a server.
 *
 * @category servers
 * @since 0.1.0
 */
export const isServedPort = (port: number): boolean => port < wellKnown || (served?.[port] ?? 0) > 0
