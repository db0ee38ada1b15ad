// A server is a resource: ready when the effect returns, stopped by its scope.
import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, serve, withPktInfo } from "@ancillary/effect3"
import { Effect, Layer } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())

const dns = Layer.scopedDiscard(
  serve(spec, { address: "0.0.0.0", port: 53 }, (asked, socket) => Datagram.reply(socket, asked, asked.data), {
    concurrency: 64,
    shutdown: "5 seconds"
  })
)
export const main = () => Effect.runPromise(Layer.launch(dns.pipe(Layer.provide(NodeSockets.layer))))
