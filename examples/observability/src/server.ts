/** A server whose handlers succeed, fail, take too long, or are too many. The first byte of a datagram decides. */
import { Datagram, serveLayer, withPktInfo } from "@ancillary/effect"
import { Effect, Layer, Metric } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())

export const serverLayer = (port: number) =>
  serveLayer(
    spec,
    { address: "0.0.0.0", port },
    (asked, socket): Effect.Effect<void, { readonly _tag: string }> => {
      switch (asked.data[0]) {
        case 0x66: // f
          return Effect.fail({ _tag: "Refused" })
        case 0x73: // s
          return Effect.sleep("1 second")
        default:
          return Datagram.reply(socket, asked, asked.data)
      }
    },
    { concurrency: 16, overflow: "drop", timeLimit: "200 millis", traced: true }
  ).pipe(Layer.provide(Layer.succeed(Metric.CurrentMetricAttributes, { server: "echo" })))
