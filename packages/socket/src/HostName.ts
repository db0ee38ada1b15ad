/**
 * Resolves a host name to endpoints that a socket of a family can send to.
 *
 * @since 0.1.0
 */
import type { Endpoint, Internet } from "@ancillary/control"
import { type HostNameFault, resolveHost } from "@ancillary/node"

/**
 * A name has no endpoint. Either no host has the name, or no host of that family, or no name server answered, or the input is not a name and
 * a port.
 *
 * @category errors
 * @since 0.1.0
 */
export class HostNameError extends Error {
  readonly reason: HostNameFault["reason"]
  readonly syscall = "getaddrinfo"
  /** The code as Node names it: `"ENOTFOUND"`, `"EAI_AGAIN"`. `"ERR_INVALID_ARG_VALUE"` if the input is the reason. */
  readonly code: string
  /** The number of the code in Node. `undefined` if the input is the reason. */
  readonly errno: number | undefined
  readonly host: string

  constructor(fault: HostNameFault) {
    super(fault.message)
    this.name = "HostNameError"
    this.reason = fault.reason
    this.code = fault.code === "INVALID" ? "ERR_INVALID_ARG_VALUE" : fault.code
    this.errno = fault.errno === 0 ? undefined : fault.errno
    this.host = fault.host
  }
}

/**
 * Resolves a host name as the system does, with its hosts file and name servers. Returns every endpoint that a socket of the family can send
 * to, at least one, in the order of the system (RFC 6724). `dual` returns endpoints of both families.
 *
 * **Details**
 *
 * An address in either notation is returned without a lookup. Rejects with a `HostNameError`. The call of the system cannot be stopped, so
 * it has no signal.
 *
 * **Gotchas**
 *
 * Old notations of an IPv4 address (`127.1`, `0177.0.0.1`), which the system would accept, are refused, because their meaning depends on the
 * reader.
 *
 * @example
 * ```ts
 * import { Datagram, HostName } from "@ancillary/socket"
 *
 * const [server] = await HostName.resolve("dual", { host: "localhost", port: 5300 })
 * const socket = await Datagram.connect(Datagram.dual, server)
 * await socket.send({ data: new Uint8Array(1) })
 * socket.close()
 * ```
 * @see getaddrinfo(3)
 * @category constructors
 * @since 0.1.0
 */
export const resolve = async <F extends Internet>(
  family: F,
  at: { readonly host: string; readonly port: number }
): Promise<readonly [Endpoint<F>, ...Array<Endpoint<F>>]> => {
  const found = await resolveHost(family, at)
  if ("message" in found) throw new HostNameError(found)
  return found
}
