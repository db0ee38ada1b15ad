/**
 * Resolves a host name to endpoints that a socket of a family can send to.
 *
 * @since 0.1.0
 */
import type { Endpoint, Internet } from "@ancillary/control"
import { type HostNameFault, resolveHost } from "@ancillary/node"
import type * as Arrays from "effect/Array"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/**
 * A name has no endpoint. Either no host has the name, or no host of that family, or no name server answered, or the
 * input is not a name and a port.
 *
 * @category errors
 * @since 0.1.0
 */
export class HostNameError extends Data.TaggedError("HostNameError")<HostNameFault> {}

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
 * import { HostName } from "@ancillary/effect/node"
 * import { Datagram } from "@ancillary/effect"
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
  Effect.promise(() => resolveHost(family, at)).pipe(
    Effect.flatMap((found) => ("message" in found ? Effect.fail(new HostNameError(found)) : Effect.succeed(found))),
    Effect.withSpan("HostName.resolve")
  )
