import { describe, expect, it } from "vitest"
import { bound, called, closed, type Kit, message, open, thrown, turns } from "../kit.ts"

export const abort = (kit: Kit): unknown =>
  describe("the signal of createSocket", () => {
    it("closes the socket when it is aborted", async () => {
      const controller = new AbortController()
      const socket = await bound(kit, { type: "udp4", signal: controller.signal })
      const end = called((done) => socket.once("close", done))
      controller.abort()
      await end
      expect(thrown(() => socket.address()).code).toBe("ERR_SOCKET_DGRAM_NOT_RUNNING")
    })

    it("that was aborted before closes the socket at once", async () => {
      const socket = open(kit, { type: "udp4", signal: AbortSignal.abort() })
      await called((done) => socket.once("close", done))
      expect(thrown(() => socket.bind(0)).code).toBe("ERR_SOCKET_DGRAM_NOT_RUNNING")
    })

    it("closes a socket that was never bound", async () => {
      const controller = new AbortController()
      const socket = open(kit, { type: "udp4", signal: controller.signal })
      const end = called((done) => socket.once("close", done))
      controller.abort()
      await end
    })

    it("emits close and no error", async () => {
      const controller = new AbortController()
      const socket = await bound(kit, { type: "udp4", signal: controller.signal })
      const events: Array<string> = []
      socket.on("error", () => events.push("error"))
      socket.on("close", () => events.push("close"))
      controller.abort(new Error("a reason"))
      await turns(2)
      expect(events).toStrictEqual(["close"])
    })

    it("of a closed socket does nothing", async () => {
      const controller = new AbortController()
      const socket = await bound(kit, { type: "udp4", signal: controller.signal })
      let closes = 0
      socket.on("close", () => closes++)
      await closed(socket)
      controller.abort()
      await turns(2)
      expect(closes).toBe(1)
    })

    it("that is not aborted leaves the socket open", async () => {
      const socket = await bound(kit, { type: "udp4", signal: new AbortController().signal })
      const received = message(socket)
      socket.send("x", socket.address().port)
      await received
    })
  })

export const dispose = (kit: Kit): unknown =>
  describe("Symbol.asyncDispose", () => {
    it("closes the socket, and is done when close was emitted", async () => {
      const socket = await bound(kit)
      let closes = 0
      socket.on("close", () => closes++)
      expect(await socket[Symbol.asyncDispose]()).toBeUndefined()
      expect(closes).toBe(1)
      expect(thrown(() => socket.address()).code).toBe("ERR_SOCKET_DGRAM_NOT_RUNNING")
    })

    it("of a closed socket does nothing", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(await socket[Symbol.asyncDispose]()).toBeUndefined()
    })

    it("twice closes once", async () => {
      const socket = await bound(kit)
      let closes = 0
      socket.on("close", () => closes++)
      await Promise.all([socket[Symbol.asyncDispose](), socket[Symbol.asyncDispose]()])
      expect(closes).toBe(1)
    })
  })
