/** Binds a socket and serves it. */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import type { DatagramServer, Handler, ServeOptions } from "../ServerTypes.ts"
import type { Spec } from "../Spec.ts"
import type { Opening } from "./opening.ts"
import { checkOptions, checkSocket } from "./serveOptions.ts"
import { Serving } from "./serving.ts"
import { makeSocket } from "./socket.ts"

export const serveWith = async <F extends Family, D extends ControlMessage.Any, R>(
  opening: Opening,
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  handler: Handler<F, D>,
  options: ServeOptions | undefined
): Promise<DatagramServer<F, D>> => {
  const checked = checkOptions(handler, options)
  checked.signal?.throwIfAborted()
  const socket = await opening.bind(spec, at)
  if (checked.signal?.aborted === true) {
    socket.close()
    throw checked.signal.reason
  }
  const core = checkSocket(socket)
  return new Serving(core, checked, { socket: makeSocket<F, D>(core, checked.sendTimeout), owned: true }).server(socket)
}
