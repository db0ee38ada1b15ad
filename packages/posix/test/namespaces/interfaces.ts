/** Runs inside a namespace. Prints the interface on which traffic of this host arrives, and the one over which a datagram leaves. */
import { readFileSync } from "node:fs"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, type DatagramSendError, DatagramSockets, withBindToDevice, withPktInfo } from "@ancillary/effect3"
import { type Driver, isFault } from "@ancillary/engine/driver/Driver"
import { Effect, Either } from "effect"

const about = (device: string, what: string) => Number(readFileSync(`/sys/class/net/${device}/${what}`, "utf8"))
const index = (device: string) => about(device, "ifindex")
const left = (device: string) => about(device, "statistics/tx_packets")
const data = Uint8Array.of(1)

/** The bare kernel: a driver whose sockets do not report the interface that they are bound to. */
const bareKernel = (driver: Driver): Driver => ({
  ...driver,
  open: (kind) => {
    const socket = driver.open(kind)
    if (isFault(socket)) return socket
    return {
      ...socket,
      getOption: (level, option, into) => (option === 62 ? into.fill(0).length : socket.getOption(level, option, into))
    }
  }
})
const layers = {
  bareKernel: DatagramSockets.layer(Effect.map(LinuxSockets.driver(), bareKernel), LinuxSockets.capabilities),
  ours: LinuxSockets.layer
}

const own = Effect.gen(function* () {
  const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 0 })
  yield* socket.send({ data, to: { address: "10.77.1.1", port: socket.localAddress.port } })
  const { control, delivery } = yield* socket.receive
  return { arrivedOn: control.pktInfo.interfaceIndex, destination: String(control.pktInfo.destination), delivery }
})

const code = (sent: Either.Either<void, DatagramSendError>) =>
  Either.match(sent, { onLeft: (error) => [error.code, error.message], onRight: () => "sent" })

/** Sends from a socket on sA over sB: the result of the send, and true if a datagram left over sB. */
const escape = Effect.gen(function* () {
  const spec = Datagram.ipv4.pipe(withPktInfo(), withBindToDevice("sA"))
  const socket = yield* Datagram.bind(spec, { address: "0.0.0.0", port: 0 })
  const before = left("sB")
  const control = { pktInfo: { interfaceIndex: index("sB") } }
  const sent = yield* Effect.either(socket.send({ data, to: { address: "10.77.2.2", port: 9 }, control }))
  return { sent: code(sent), leftByOther: left("sB") > before }
})
const escape6 = Effect.gen(function* () {
  const spec = Datagram.ipv6.pipe(withPktInfo(), withBindToDevice("sA"))
  const socket = yield* Datagram.bind(spec, { address: "::", port: 0 })
  const control = { pktInfo: { interfaceIndex: index("sB") } }
  const to = { address: `fe80::77:2%${index("sB")}`, port: 9 }
  return code(yield* Effect.either(socket.send({ data, to, control })))
})

/** Over an interface without a route to the destination. */
const astray = Effect.gen(function* () {
  const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 0 })
  const control = { pktInfo: { interfaceIndex: index("sB") } }
  return code(yield* Effect.either(socket.send({ data, to: { address: "10.77.1.2", port: 9 }, control })))
})

const program = Effect.gen(function* () {
  return {
    indices: { lo: index("lo"), sA: index("sA"), sB: index("sB") },
    own: yield* Effect.provide(own, layers.ours),
    bareKernel: {
      escape: yield* Effect.provide(escape, layers.bareKernel),
      escape6: yield* Effect.provide(escape6, layers.bareKernel),
      astray: yield* Effect.provide(astray, layers.bareKernel)
    },
    ours: {
      escape: yield* Effect.provide(escape, layers.ours),
      escape6: yield* Effect.provide(escape6, layers.ours)
    }
  }
})
console.log(JSON.stringify(await Effect.runPromise(Effect.scoped(program))))
