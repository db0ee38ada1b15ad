/** Runs inside a namespace: sends to the address of its first argument, through that of the second if its headers are sticky. */
import { ExtensionHeader } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  withDestinationOptions,
  withHopByHopOptions,
  withStickyDestinationOptions,
  withStickyHopByHopOptions,
  withStickyRouteOptions,
  withStickyRoutingHeader
} from "@ancillary/effect3"
import { Effect } from "effect"

const [address = "::1", router = "::1"] = process.argv.slice(2)
const to = { address, port: 5397 }
const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))

// 0x3e: ignored if unknown, and its data may change on the path.
const option = (text: string) => ({ options: [{ type: 0x3e, data: bytes(text), alignment: { x: 4, y: 2 } as const }] })
const alert = { options: [ExtensionHeader.routerAlert(0)] }

const messages = Effect.gen(function* () {
  const socket = yield* Datagram.client(Datagram.ipv6.pipe(withHopByHopOptions(), withDestinationOptions()))
  yield* socket.send({ data: bytes("plain"), to })
  yield* socket.send({ data: bytes("alert"), to, control: { hopByHopOptions: alert } })
  yield* socket.send({
    data: bytes("both"),
    to,
    control: { hopByHopOptions: alert, destinationOptions: option("there") }
  })
}).pipe(Effect.scoped)

const route = { kind: "segments", addresses: ["::", router], tag: 7 } as const
const routed = withStickyRoutingHeader(route)
const behind = Datagram.ipv6.pipe(routed, withStickyDestinationOptions(option("last")))
const before = behind.pipe(withStickyHopByHopOptions(alert), withStickyRouteOptions(option("every")))
const sticky = Effect.gen(function* () {
  // Without a privilege only the route can be sent.
  yield* (yield* Datagram.client(Datagram.ipv6.pipe(routed))).send({ data: bytes("routed"), to })
  yield* (yield* Datagram.client(behind)).send({ data: bytes("behind"), to })
  const socket = yield* Datagram.client(before.pipe(withHopByHopOptions({ only: "send" })))
  yield* socket.send({ data: bytes("before"), to })
  yield* socket.send({ data: bytes("one message"), to, control: { hopByHopOptions: alert } })
}).pipe(Effect.scoped)

const program = Effect.zipRight(messages, sticky)
await Effect.runPromise(program.pipe(Effect.provide(LinuxSockets.layer)))
console.log("true")
