/** Looks a host name up, as the system does. */
import dns from "node:dns"
import { networkInterfaces } from "node:os"
import { Codec, type Endpoint, endpoint, type Internet } from "@ancillary/control"

/**
 * A name without an endpoint, as a record. Either no host has the name, or no host of that family, or no name server answered, or the input is not
 * a name and a port.
 *
 * @category errors
 * @since 0.1.0
 */
export interface HostNameFault {
  readonly reason: "NotFound" | "NoAnswer" | "InvalidArgument" | "Other"
  readonly syscall: "getaddrinfo"
  /** `"ENOTFOUND"`, `"EAI_AGAIN"` …; `"INVALID"` if the input is the reason. */
  readonly code: string
  /** The number of the code in libuv, 0 if the input is the reason. */
  readonly errno: number
  readonly host: string
  /** A sentence that ends with a remedy. */
  readonly message: string
}

/**
 * Returns every endpoint that a socket of the family can send to, in the order of the system (RFC 6724), at least one. `dual` returns endpoints of
 * both families. If no endpoint is found, it returns a `HostNameFault`. An address in either notation is returned without a lookup.
 *
 * The old notations of an IPv4 address (`127.1`, `0177.0.0.1`) are refused, because their meaning depends on the reader.
 *
 * @see getaddrinfo(3)
 * @category constructors
 * @since 0.1.0
 */
export const resolveHost = async <F extends Internet>(
  family: F,
  at: { readonly host: string; readonly port: number }
): Promise<readonly [Endpoint<F>, ...Array<Endpoint<F>>] | HostNameFault> => {
  let host: string
  let port: number
  try {
    ;({ host, port } = at)
  } catch (cause) {
    return invalid("", `it cannot be read (${Codec.format(cause)})`, "The argument")
  }
  if (typeof host !== "string") return invalid("", "it is not a text", Codec.format(host))
  if (typeof family !== "string" || !Object.hasOwn(families, family))
    return invalid(host, `${Codec.format(family)} is not a family: give "ipv4", "ipv6" or "dual"`)
  const make = (address: string) =>
    // The input of an internet family is an address and a port. The compiler cannot infer this through EndpointInput<F>.
    endpoint<Internet>(family, { address, port }) as Endpoint<F> | Codec.Malformed
  // Parse the literal first: it validates the port before the DNS lookup.
  const literal = make(isAddress(host) ? numbered(host) : family === "ipv4" ? "0.0.0.0" : "::")
  if (Codec.isMalformed(literal)) return invalid(host, literal.malformed)
  if (isAddress(host)) return [literal]
  // Node warns that a lookup of an empty name is deprecated (DEP0118), and finds nothing.
  if (host === "") return invalid(host, noAddress)
  const addresses = await lookup(host, families[family])
  if (!Array.isArray(addresses)) return addresses
  const [first, ...others] = addresses.map(make).filter((one): one is Endpoint<F> => !Codec.isMalformed(one))
  return first === undefined ? invalid(host, noAddress) : [first, ...others]
}

const noAddress = "the system has no address for it"

/** Families in the numbering of `lookup`. */
const families = { ipv4: 4, ipv6: 6, dual: 0 } as const

/** True for a text in the notation of an address, valid or not: no host name has a colon, or a number as its last label. */
const isAddress = (host: string): boolean => /:|(^|\.)(\d+|0x[\da-f]*)\.?$/i.test(host)

/** Replaces the interface name after `%` by its index, which is the scope of a link-local address. */
const numbered = (host: string): string => {
  const [address = "", zone = ""] = host.split("%", 2)
  const scope = networkInterfaces()[zone]?.find((one) => one.family === "IPv6" && one.scopeid > 0)
  return scope?.family === "IPv6" ? `${address}%${scope.scopeid}` : host
}

const lookup = (host: string, family: 0 | 4 | 6): Promise<Array<string> | HostNameFault> =>
  new Promise((resolve) => {
    try {
      dns.lookup(host, { all: true, family, verbatim: true }, (error, found) => {
        if (error === null) resolve(found.map(({ address }) => address))
        else resolve(failed(host, { code: error.code ?? "UNKNOWN", errno: error.errno ?? 0 }))
      })
    } catch (cause) {
      resolve(invalid(host, cause instanceof Error ? cause.message : String(cause)))
    }
  })

const reasons: { readonly [code in string]?: readonly [HostNameFault["reason"], string] } = {
  ENOTFOUND: [
    "NotFound",
    "No host has that name, or none has an address of that family: check the name, or resolve it for Datagram.dual"
  ],
  EAI_AGAIN: ["NoAnswer", "No name server answered: check the network, and try again later"],
  EAI_FAIL: ["NoAnswer", "The name servers failed: try again later"]
}

const failed = (host: string, { code, errno }: { readonly code: string; readonly errno: number }): HostNameFault => {
  const [reason, remedy] = reasons[code] ?? ["Other", "Look the code up in the manual page of the call"]
  const message = `Looking up ${Codec.format(host)} failed (getaddrinfo: ${code} ${errno}). ${remedy}.`
  return { reason, syscall: "getaddrinfo", code, errno, host, message }
}

const invalid = (host: string, why: string, shown = Codec.format(host)): HostNameFault => ({
  reason: "InvalidArgument",
  syscall: "getaddrinfo",
  code: "INVALID",
  errno: 0,
  host,
  message: `${shown} cannot be looked up: ${why}. Give a host's name or an IP address, and a port.`
})
