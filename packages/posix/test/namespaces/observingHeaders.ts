/** Runs inside a namespace: binds, prints a line when it listens, and prints the extension headers of each datagram as a line of JSON. */
import type { ExtensionHeader } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  withDestinationOptions,
  withHopByHopOptions,
  withHopLimit,
  withPktInfo,
  withRoutingHeader
} from "@ancillary/effect3"
import { Console, Effect, Stream } from "effect"

const optionsOf = (headers: ReadonlyArray<ExtensionHeader.OptionsHeader>) =>
  headers.map(({ bytes, nextHeader, options }) => ({
    nextHeader,
    options: options.map(({ data, type }) => [type, Buffer.from(data).toString("hex")]),
    bytes: Buffer.from(bytes).toString("hex")
  }))

const spec = Datagram.ipv6.pipe(
  withHopLimit(),
  withPktInfo(),
  withHopByHopOptions({ only: "receive" }),
  withDestinationOptions({ only: "receive" }),
  withRoutingHeader()
)
const program = Effect.gen(function* () {
  const socket = yield* Datagram.bind(spec, { address: "::", port: 5397 })
  yield* Console.log("listening")
  yield* Stream.runForEach(socket.datagrams, ({ control, data }) =>
    Console.log(
      JSON.stringify({
        text: String.fromCharCode(...data),
        destination: control.pktInfo.destination,
        hopLimit: control.hopLimit,
        hopByHopOptions: optionsOf(control.hopByHopOptions),
        destinationOptions: optionsOf(control.destinationOptions),
        routes: control.routingHeader.map((header) =>
          header.kind === "segments"
            ? { kind: header.kind, segmentsLeft: header.segmentsLeft, addresses: header.addresses, tag: header.tag }
            : { kind: header.kind }
        )
      })
    )
  )
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
