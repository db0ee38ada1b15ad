// A family that is chosen at run time. Messages of both are declared once, and received, sent and answered alike.
import type { HopLimit, InternetEndpoint, PktInfo } from "@ancillary/control"
import { NodeSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  serve,
  type Spec,
  withDefaultHopLimit,
  withHopLimit,
  withPktInfo,
  withReceiveBufferSize
} from "@ancillary/effect3"
import { Effect } from "effect"

export const program = (v6: boolean) =>
  Effect.gen(function* () {
    const spec: Spec<"ipv4" | "ipv6", HopLimit> = (v6 ? Datagram.ipv6 : Datagram.ipv4).pipe(withHopLimit())
    const informed: Spec<"ipv4" | "ipv6", HopLimit | PktInfo> = spec.pipe(
      withPktInfo(),
      Datagram.combine(withDefaultHopLimit(9), withReceiveBufferSize(65_536))
    )
    const at = { address: v6 ? "::1" : "127.0.0.1", port: 0 }
    const socket = yield* Datagram.bind(informed, at)
    yield* socket.send({ data: new Uint8Array(1), to: socket.localAddress, control: { hopLimit: 3 } })
    const { control, from } = yield* socket.receive
    const hops: number = control.hopLimit
    const peer: InternetEndpoint<"ipv4"> | InternetEndpoint<"ipv6"> = from
    const reading = yield* serve(informed, at, (asked, own) => Datagram.reply(own, asked, asked.data))
    const connected = yield* Datagram.connect(v6 ? Datagram.ipv6 : Datagram.ipv4, at)
    yield* connected.send({ data: new Uint8Array(1) })
    return { hops, peer, reading }
  })
export const main = () => Effect.runPromise(program(true).pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))
