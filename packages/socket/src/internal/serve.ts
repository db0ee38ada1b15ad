/** Binds sockets and serves them. */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import type { Opener } from "@ancillary/engine/socket"
import type { DatagramSocket } from "../DatagramSocket.ts"
import type { DatagramServer, DatagramServers, Handler, ServeOptions } from "../ServerTypes.ts"
import type { Spec } from "../Spec.ts"
import { bindNow, type Opening } from "./opening.ts"
import { type Checked, checkAddresses, checkOptions, checkSocket } from "./serveOptions.ts"
import { type Given, Serving } from "./serving.ts"
import { makeSocket } from "./socket.ts"

export const serveWith = async <F extends Family, D extends ControlMessage.Any, R>(
  opening: Opening,
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  handler: Handler<F, D>,
  options: ServeOptions | undefined
): Promise<DatagramServer<F, D>> => {
  const checked = checkOptions(handler, options)
  const socket = bindUnlessAborted(await opening.opener, spec, at, checked.signal)
  return new Serving(checked, true).serve([givenOf(socket, checked)]).server(socket)
}

export const serveAllWith = async <F extends Family, D extends ControlMessage.Any, R>(
  opening: Opening,
  spec: Spec<F, D, R>,
  addresses: ReadonlyArray<EndpointInput<F>>,
  handler: Handler<F, D>,
  options: ServeOptions | undefined
): Promise<DatagramServers<F, D>> => {
  const checked = checkOptions(handler, options)
  const each = checkAddresses<F>(addresses)
  const opener = await opening.opener
  const sockets: Array<DatagramSocket<F, D>> = []
  try {
    for (const at of each) sockets.push(bindUnlessAborted(opener, spec, at, checked.signal))
  } catch (error) {
    for (const socket of sockets) socket.close()
    throw error
  }
  return new Serving(checked, true).serve(sockets.map((socket) => givenOf(socket, checked))).servers(sockets)
}

/**
 * Binds a socket. If the signal is aborted, it throws its reason, and nothing is open. It returns no promise: before the program continued after
 * one, the signal could abort, and no server would listen to it yet.
 */
export const bindUnlessAborted = <F extends Family, D extends ControlMessage.Any, R>(
  opener: Opener,
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  signal: AbortSignal | undefined
): DatagramSocket<F, D> => {
  signal?.throwIfAborted()
  const socket = bindNow(opener, spec, at)
  // A field of the address may have aborted it.
  if (signal?.aborted !== true) return socket
  socket.close()
  throw signal.reason
}

/** The socket that handlers get is another one, because its sends have the limit `sendTimeout`. */
export const givenOf = <F extends Family, D extends ControlMessage.Any>(
  socket: DatagramSocket<F, D>,
  { sendTimeout }: Checked
): Given => {
  const core = checkSocket(socket)
  return { core, socket: makeSocket<F, D>(core, sendTimeout) }
}
