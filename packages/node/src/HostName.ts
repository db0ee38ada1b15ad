/**
 * Resolves a host name to endpoints that a socket of a family can send to.
 *
 * @since 0.1.0
 */
import dns from "node:dns"
import { networkInterfaces } from "node:os"
import { Codec, type Endpoint, endpoint, type Internet } from "@ancillary/control"
import { Array as Arrays, Data, Effect } from "effect"

/**
 * A name has no endpoint. Either no host has the name, or no host of that family, or no name server answered, or the
 * input is not a name and a port.
 *
 * @category errors
 * @since 0.1.0
 */
export class HostNameError extends Data.TaggedError("HostNameError")<{
  readonly reason: "NotFound" | "NoAnswer" | "InvalidArgument" | "Other"
  readonly syscall: "getaddrinfo"
  /** `"ENOTFOUND"`, `"EAI_AGAIN"` …; `"INVALID"` if the input is the reason. */
  readonly code: string
  /** The number of the code in libuv, 0 if the input is the reason. */
  readonly errno: number
  readonly host: string
  /** A sentence that ends with a remedy. */
  readonly message: string
}> {}

/**
 * Resolves a host name as the system does, with its hosts file and name servers. Returns every endpoint that a socket
 * of the family can send to, in the order of the system (RFC 6724). `dual` returns endpoints of both families.
 *
 * **Details**
 *
 * An address in either notation is returned without a lookup. An interruption returns at once. The call of the system
 * cannot be stopped; it ends later, and its result is ignored.
 *
 * **Gotchas**
 *
 * Old notations of an IPv4 address (`127.1`, `0177.0.0.1`), which the system would accept, are refused, because their
 * meaning depends on the reader.
 *
 * @example
 * ```ts
 * import { HostName } from "@ancillary/node"
 * import { Datagram } from "@ancillary/effect3"
 * import { Effect } from "effect"
 *
 * const ask = Effect.gen(function* () {
 *   const spec = Datagram.dual
 *   const [server] = yield* HostName.resolve(spec.family, { host: "localhost", port: 5300 })
 *   const socket = yield* Datagram.connect(spec, server)
 *   yield* socket.send({ data: new Uint8Array(1) })
 * })
 * ```
 * @see getaddrinfo(3)
 * @category constructors
 * @since 0.1.0
 */
export const resolve = <F extends Internet>(
  family: F,
  at: { readonly host: string; readonly port: number }
): Effect.Effect<Arrays.NonEmptyReadonlyArray<Endpoint<F>>, HostNameError> =>
  Effect.suspend((): Effect.Effect<Arrays.NonEmptyReadonlyArray<Endpoint<F>>, HostNameError> => {
    let host: string
    let port: number
    try {
      ;({ host, port } = at)
    } catch (cause) {
      return Effect.fail(invalid("", `it cannot be read (${Codec.format(cause)})`, "The argument"))
    }
    if (typeof host !== "string") return Effect.fail(invalid("", "it is not a text", Codec.format(host)))
    if (typeof family !== "string" || !Object.hasOwn(families, family))
      return Effect.fail(invalid(host, `${Codec.format(family)} is not a family: give "ipv4", "ipv6" or "dual"`))
    const make = (address: string) =>
      // The input of an internet family is an address and a port. The compiler cannot infer this through
      // EndpointInput<F>.
      endpoint<Internet>(family, { address, port }) as Endpoint<F> | Codec.Malformed
    // Parse the literal first: it validates the port before the DNS lookup.
    const literal = make(isAddress(host) ? numbered(host) : family === "ipv4" ? "0.0.0.0" : "::")
    if (Codec.isMalformed(literal)) return Effect.fail(invalid(host, literal.malformed))
    if (isAddress(host)) return Effect.succeed(Arrays.of(literal))
    // Node warns that a lookup of an empty name is deprecated (DEP0118), and finds nothing.
    if (host === "") return Effect.fail(invalid(host, noAddress))
    return Effect.flatMap(lookup(host, families[family]), (addresses) => {
      const found = addresses.map(make).filter((one): one is Endpoint<F> => !Codec.isMalformed(one))
      return Arrays.isNonEmptyReadonlyArray(found) ? Effect.succeed(found) : Effect.fail(invalid(host, noAddress))
    })
  }).pipe(Effect.withSpan("HostName.resolve"))

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

const lookup = (host: string, family: 0 | 4 | 6): Effect.Effect<ReadonlyArray<string>, HostNameError> =>
  Effect.async((resume) => {
    try {
      dns.lookup(host, { all: true, family, verbatim: true }, (error, found) => {
        if (error === null) resume(Effect.succeed(found.map(({ address }) => address)))
        else resume(Effect.fail(failed(host, { code: error.code ?? "UNKNOWN", errno: error.errno ?? 0 })))
      })
    } catch (cause) {
      resume(Effect.fail(invalid(host, cause instanceof Error ? cause.message : String(cause))))
    }
  })

const reasons: { readonly [code in string]?: readonly [HostNameError["reason"], string] } = {
  ENOTFOUND: [
    "NotFound",
    "No host has that name, or none has an address of that family: check the name, or resolve it for Datagram.dual"
  ],
  EAI_AGAIN: ["NoAnswer", "No name server answered: check the network, and try again later"],
  EAI_FAIL: ["NoAnswer", "The name servers failed: try again later"]
}

const failed = (host: string, { code, errno }: { readonly code: string; readonly errno: number }): HostNameError => {
  const [reason, remedy] = reasons[code] ?? ["Other", "Look the code up in the manual page of the call"]
  const message = `Looking up ${Codec.format(host)} failed (getaddrinfo: ${code} ${errno}). ${remedy}.`
  return new HostNameError({ reason, syscall: "getaddrinfo", code, errno, host, message })
}

const invalid = (host: string, why: string, shown = Codec.format(host)): HostNameError =>
  new HostNameError({
    reason: "InvalidArgument",
    syscall: "getaddrinfo",
    code: "INVALID",
    errno: 0,
    host,
    message: `${shown} cannot be looked up: ${why}. Give a host's name or an IP address, and a port.`
  })
