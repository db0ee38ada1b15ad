/**
 * A client that asks and waits for answers: it sends again, and finds the request that an answer belongs to.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Family } from "@ancillary/control"
import type { NeedsAll, Spec } from "@ancillary/engine/spec/Spec"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ClientOptions, DatagramClient } from "./ClientTypes.ts"
import * as Datagram from "./Datagram.ts"
import type { DatagramBindError, DatagramUnsupportedError } from "./DatagramError.ts"
import type { DatagramSockets } from "./DatagramSockets.ts"
import { withOwnScope } from "./internal/ownScope.ts"
import { checkClientOptions, requesting } from "./internal/requests.ts"

export type { ClientOptions, ClientStats, DatagramClient, Request } from "./ClientTypes.ts"

/**
 * Opens a client socket, as `Datagram.client` does, and reads the answers to its requests. Its scope closes it.
 *
 * @example
 * ```ts
 * import { Datagram, DatagramClient } from "@ancillary/effect"
 * import { Effect } from "effect"
 *
 * // The first two bytes of a request are repeated by its answer.
 * const ask = Effect.gen(function* () {
 *   const client = yield* DatagramClient.make(Datagram.ipv4, { key: ({ data }) => data.subarray(0, 2) })
 *   const key = crypto.getRandomValues(new Uint8Array(2))
 *   const answer = yield* client.request({ key, data: key, to: { address: "127.0.0.1", port: 5300 } })
 *   return answer.data
 * })
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const make = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  options: ClientOptions<F, D>
): Effect.Effect<
  DatagramClient<F, D>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const checked = yield* checkClientOptions(options)
    const socket = yield* Datagram.client(spec)
    return yield* requesting(socket, checked)
  }).pipe(withOwnScope, Effect.withSpan("DatagramClient.make"))
