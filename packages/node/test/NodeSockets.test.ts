import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withPktInfo } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { onTestFinished } from "vitest"

it.scopedLive("the layer drives the sockets of the current system", () =>
  Effect.gen(function* () {
    const { driver } = yield* DatagramSockets
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "127.0.0.1", port: 0 })
    yield* socket.send({ data: Uint8Array.of(1), to: socket.localAddress })
    expect((yield* socket.receive).control.pktInfo.interfaceIndex).toBeGreaterThan(0)
    expect(driver.abi.platform).toBe(
      { linux: "linux", darwin: "darwin", win32: "winsock" }[process.platform as "linux"]
    )
  }).pipe(Effect.provide(NodeSockets.layer))
)

it.effect("a system without a driver is a typed error", () => {
  const real = Object.getOwnPropertyDescriptor(process, "platform")
  Object.defineProperty(process, "platform", { ...real, value: "sunos" })
  onTestFinished(() => void Object.defineProperty(process, "platform", real ?? {}))
  return Effect.map(Effect.flip(Effect.scoped(Layer.build(NodeSockets.layer))), ({ message }) => {
    expect(message).toBe("NodeSockets.layer: there is no driver for sunos. Run it on Linux, macOS or Windows.")
  })
})
