import { Datagram } from "@ancillary/effect3"
import { WinsockSockets, WsaMsg, WsaSocket } from "@ancillary/effect3/node"
import * as winsock from "@ancillary/winsock"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"

describe.runIf(process.platform !== "win32")("on a system other than Windows", () => {
  it.scoped("a layer, a socket and a message fail with that reason, and an import succeeds", () =>
    Effect.gen(function* () {
      const bind = Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
      const errors = [
        yield* Effect.flip(Effect.provide(bind, WinsockSockets.layer)),
        yield* Effect.flip(WsaSocket.open("ipv4")),
        yield* Effect.flip(WsaMsg.make({ buffers: [1], control: 0 }))
      ]
      for (const error of errors) expect(error._tag).toBe("DatagramUnsupportedError")
      expect(errors[0]?.message).toBe(
        `WinsockSockets.layer: this is ${process.platform}, and Winsock is of Windows. ` +
          "NodeSockets.layer picks the layer of the system at hand."
      )
    })
  )
  it("a plain socket and message return a reason and throw no exception", async () => {
    const why = `this is ${process.platform}, and Winsock is of Windows`
    expect(winsock.WsaSocket.open("ipv4")).toMatchObject({ feature: "WsaSocket.open", why })
    expect(winsock.WsaMsg.make({ buffers: [1], control: 0 })).toMatchObject({ feature: "WsaMsg.make", why })
    const fault = winsock.WsaMsg.make({ buffers: [], control: 0 })
    expect(winsock.isWsaFault(fault) && fault).toMatchObject({ reason: "InvalidArgument", code: "INVALID", errno: 0 })
  })
  it.scoped("an invalid message is rejected before any system call", () =>
    Effect.gen(function* () {
      const wrong = [
        { buffers: [], control: 0 },
        { buffers: [-1], control: 0 },
        { buffers: [1.5], control: 0 },
        { buffers: [1], control: 2 ** 31 },
        { name: Number.NaN, buffers: [1], control: 0 }
      ]
      for (const capacity of wrong) {
        const error = yield* Effect.flip(WsaMsg.make(capacity))
        expect(error).toMatchObject({ _tag: "WsaError", reason: "InvalidArgument", errno: 0 })
      }
    })
  )
})
