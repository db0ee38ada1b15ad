/**
 * A server that runs one program for each session: for each peer, or for each connection ID in the datagrams.
 *
 * @since 0.1.0
 */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import { serveSessionsWith } from "./internal/sessions.ts"
import { system } from "./internal/system.ts"
import type { DatagramServer } from "./ServerTypes.ts"
import type { SessionOptions, SessionProgram } from "./SessionTypes.ts"
import type { Spec } from "./Spec.ts"

export type { Session, SessionKey, SessionOptions, SessionProgram } from "./SessionTypes.ts"

/**
 * Binds a socket and runs a program for each session. Resolves with the server when the socket is bound.
 *
 * **Details**
 *
 * A session begins with the first datagram of a key, which its program then receives. The session ends when the promise of its program
 * settles, when it received nothing for `idle`, when it is evicted by a new session, or when the server stops. The next datagram of the key
 * begins another session.
 *
 * If a session ends before its program, its signal aborts, its loops end, and its waits reject with a `DatagramSessionError`. A program
 * that goes on counts as running until it has ended.
 *
 * If a program throws or rejects, only its own session ends. `onError` gets the error, and `stats().sessions` counts every end.
 *
 * When the server is closed, reading stops. Sessions that wait for a datagram end at once. The others have the time `shutdown`, and then
 * their signals abort. Rejects as `serve` does.
 *
 * @example
 * ```ts
 * import { Datagram, serveSessions, withPktInfo } from "@ancillary/socket"
 *
 * // Numbers the datagrams of each peer.
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * await using server = await serveSessions(spec, { address: "0.0.0.0", port: 5300 }, async (session) => {
 *   let n = 0
 *   for await (const _ of session) await session.send(Uint8Array.of(n++))
 * })
 * await server.finished
 * ```
 * @see docs/servers.md
 * @category constructors
 * @since 0.1.0
 */
export const serveSessions = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  program: SessionProgram<F, D>,
  options?: SessionOptions<F, D>
): Promise<DatagramServer<F, D>> => serveSessionsWith(system, spec, at, program, options)
