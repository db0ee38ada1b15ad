/**
 * A client that asks and waits for answers: it sends again, and finds the request that an answer belongs to.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Family } from "@ancillary/control"
import type { ClientOptions, DatagramClient } from "./ClientTypes.ts"
import { makeClientWith } from "./internal/client.ts"
import { system } from "./internal/system.ts"
import type { Spec } from "./Spec.ts"

export type { ClientOptions, ClientStats, DatagramClient, Request, Transmission } from "./ClientTypes.ts"

/**
 * Opens a client socket, as `Datagram.client` does, and reads the answers to its requests. Rejects with `DatagramBindError` of reason
 * `InvalidArgument` if an option is invalid, and as `Datagram.client` does.
 *
 * @example
 * ```ts
 * import { Datagram, DatagramClient } from "@ancillary/socket"
 *
 * // The first two bytes of a request are repeated by its answer.
 * await using client = await DatagramClient.make(Datagram.ipv4, { key: ({ data }) => data.subarray(0, 2) })
 * const key = crypto.getRandomValues(new Uint8Array(2))
 * const to = { address: "127.0.0.1", port: 5300 }
 * try {
 *   const answer = await client.request({ key, data: key, to }, { retransmit: [100, 200], timeout: 400 })
 *   console.log(`${answer.data.length} bytes`)
 * } catch (error) {
 *   console.log(String(error))
 * }
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const make = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  options: ClientOptions<F, D>
): Promise<DatagramClient<F, D>> => makeClientWith(system, spec, options)
