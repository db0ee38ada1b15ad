/**
 * From a host's name to endpoints that a socket of a family can send to.
 *
 * @since 0.1.0
 */
import dns from "node:dns"
import { networkInterfaces } from "node:os"
import { Codec, type Endpoint, endpoint, type Internet } from "@ancillary/control"
import { Array as Arrays, Data, Effect } from "effect"

/**
 * A name that led to no endpoint: nobody has it, or nobody of that family; no server answered; what was given is no name or no port.
 *
 * @category errors
 * @since 0.1.0
 */
export class HostNameError extends Data.TaggedError("HostNameError")<{
  readonly reason: "NotFound" | "NoAnswer" | "InvalidArgument" | "Other"
  readonly syscall: "getaddrinfo"
  /** `"ENOTFOUND"`, `"EAI_AGAIN"` …; `"INVALID"` where what was given is the reason. */
  readonly code: string
  /** As libuv numbers it, 0 where what was given is the reason. */
  readonly errno: number
  readonly host: string
  /** A sentence that ends with what to do. */
  readonly message: string
}> {}

/**
 * Looks a host up as the system does (its hosts file, its name servers): every endpoint that a socket of the family can send to, in the
 * system's order (RFC 6724); both kinds for `dual`.
 *
 * **Details**
 *
 * An address in either notation is taken as it is, and nothing is looked up. Interrupting it answers at once; the system's call, which nobody
 * can stop, ends later and unheard.
 *
 * **Gotchas**
 *
 * Old ways to write an IPv4 address (`127.1`, `0177.0.0.1`), which the system would take, are refused: what they mean depends on who reads them.
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
 *
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
      return Effect.fail(invalid("", `it cannot be read (${Codec.shown(cause)})`, "The argument"))
    }
    if (typeof host !== "string") return Effect.fail(invalid("", "it is not a text", Codec.shown(host)))
    if (typeof family !== "string" || !Object.hasOwn(families, family))
      return Effect.fail(invalid(host, `${Codec.shown(family)} is not a family: give "ipv4", "ipv6" or "dual"`))
    const make = (address: string) =>
      // An internet family's input is an address and a port, which the compiler does not see through EndpointInput<F>.
      endpoint<Internet>(family, { address, port }) as Endpoint<F> | Codec.Malformed
    // Where nobody is called so, and for the port's sake before anything is looked up.
    const literal = make(isAddress(host) ? numbered(host) : family === "ipv4" ? "0.0.0.0" : "::")
    if (Codec.isMalformed(literal)) return Effect.fail(invalid(host, literal.malformed))
    if (isAddress(host)) return Effect.succeed(Arrays.of(literal))
    return Effect.flatMap(lookup(host, families[family]), (addresses) => {
      const found = addresses.map(make).filter((one): one is Endpoint<F> => !Codec.isMalformed(one))
      return Arrays.isNonEmptyReadonlyArray(found)
        ? Effect.succeed(found)
        : Effect.fail(invalid(host, "the system has no address for it"))
    })
  }).pipe(Effect.withSpan("HostName.resolve"))

/** What `lookup` calls the families. */
const families = { ipv4: 4, ipv6: 6, dual: 0 } as const

/** Written as an address, well or badly: no host has a colon in its name, or a number for its last label. */
const isAddress = (host: string): boolean => /:|(^|\.)(\d+|0x[\da-f]*)\.?$/i.test(host)

/** With the index of an interface in place of its name behind `%`, which a link-local address of it has as its scope. */
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
    "Nobody has that name, or no address of that family: check the name, or ask for Datagram.dual's"
  ],
  EAI_AGAIN: ["NoAnswer", "No name server answered: check the network, and try again later"],
  EAI_FAIL: ["NoAnswer", "The name servers failed: try again later"]
}

const failed = (host: string, { code, errno }: { readonly code: string; readonly errno: number }): HostNameError => {
  const [reason, remedy] = reasons[code] ?? ["Other", "Look the code up in the manual page of the call"]
  const message = `Looking up ${Codec.shown(host)} failed (getaddrinfo: ${code} ${errno}). ${remedy}.`
  return new HostNameError({ reason, syscall: "getaddrinfo", code, errno, host, message })
}

const invalid = (host: string, why: string, shown = Codec.shown(host)): HostNameError =>
  new HostNameError({
    reason: "InvalidArgument",
    syscall: "getaddrinfo",
    code: "INVALID",
    errno: 0,
    host,
    message: `${shown} cannot be looked up: ${why}. Give a host's name or an IP address, and a port.`
  })
