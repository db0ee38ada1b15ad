import { EventEmitter } from "node:events"
import { describe, expect, it } from "vitest"
import { bound, type Kit, message, open, thrown } from "../kit.ts"

export const create = (kit: Kit): unknown =>
  describe("createSocket", () => {
    it.each(["udp4", "udp6"] as const)("of type %s returns a socket of that type, an EventEmitter", (type) => {
      const socket = open(kit, type)
      expect(socket).toBeInstanceOf(kit.Socket)
      expect(socket).toBeInstanceOf(EventEmitter)
      expect(socket.type).toBe(type)
      expect(open(kit, { type }).type).toBe(type)
    })

    it("is a member of the default import, as Socket is", () => {
      expect(kit.imported.createSocket).toBe(kit.createSocket)
      expect(kit.imported.Socket).toBe(kit.Socket)
    })

    it.each([undefined, null, "", "udp", "UDP4", "udp5", 4, {}, { type: "unix" }, [], true])(
      "of the wrong type %j throws ERR_SOCKET_BAD_TYPE",
      (type) => {
        const error = thrown(() => kit.createSocket(type as never))
        expect(error).toBeInstanceOf(TypeError)
        expect(error).toMatchObject({
          code: "ERR_SOCKET_BAD_TYPE",
          name: "TypeError",
          message: "Bad socket type specified. Valid types are: udp4, udp6"
        })
      }
    )

    it.each([["a type"], ["options"]])("with %s and a function adds it as a listener of message", async (how) => {
      let listener: ((data: Buffer) => void) | undefined
      const received = new Promise<string>((resolve) => {
        listener = (data) => resolve(data.toString())
      })
      const socket = await bound(kit, how === "options" ? { type: "udp4" } : "udp4", listener)
      expect(socket.listeners("message")).toStrictEqual([listener])
      socket.send("hello", socket.address().port)
      expect(await received).toBe("hello")
    })

    it("with a second argument that is no function ignores it", () => {
      expect(open(kit, "udp4", "listener" as never).listenerCount("message")).toBe(0)
    })

    it("calls listeners with the socket as this", async () => {
      const socket = await bound(kit)
      const self = new Promise<unknown>((resolve) => {
        socket.on("message", function (this: unknown) {
          resolve(this)
        })
      })
      socket.send("x", socket.address().port)
      expect(await self).toBe(socket)
    })

    it("makes sockets that inherit from Socket by prototype", () => {
      expect(Object.getPrototypeOf(open(kit))).toBe(kit.Socket.prototype)
      expect(kit.Socket.prototype).toBeInstanceOf(EventEmitter)
    })

    it("has no listeners of its own at first", () => {
      expect(open(kit).eventNames()).toStrictEqual([])
    })

    it.each([null, true, false, 0, 1, Number.NaN, "", "foo", {}, Symbol("lookup")])(
      "with %s for lookup throws ERR_INVALID_ARG_TYPE",
      (lookup) => {
        const error = thrown(() => kit.createSocket({ type: "udp4", lookup: lookup as never }))
        expect(error).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", name: "TypeError" })
        expect(error.message).toMatch(/^The "lookup" argument must be of type function\. Received /)
      }
    )

    it.each(["recvBufferSize", "sendBufferSize"] as const)("with a wrong %s throws", (option) => {
      const make = (size: unknown) => thrown(() => kit.createSocket({ type: "udp4", [option]: size }))
      expect(make("10")).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        message: `The "options.${option}" property must be of type number. Received type string ('10')`
      })
      expect(make(1.5)).toMatchObject({
        code: "ERR_OUT_OF_RANGE",
        name: "RangeError",
        message: `The value of "options.${option}" is out of range. It must be an integer. Received 1.5`
      })
      expect(make(-1)).toMatchObject({ code: "ERR_OUT_OF_RANGE" })
      expect(make(2 ** 32)).toMatchObject({
        code: "ERR_OUT_OF_RANGE",
        message: `The value of "options.${option}" is out of range. It must be >= 0 && <= 4294967295. Received 4294967296`
      })
    })

    it.each([null, "signal", {}, 1])("with %j for signal throws ERR_INVALID_ARG_TYPE", (signal) => {
      expect(thrown(() => kit.createSocket({ type: "udp4", signal: signal as never }))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        name: "TypeError"
      })
    })

    it("does not need new: it is made by the function only", async () => {
      const socket = open(kit)
      socket.bind(0, "127.0.0.1")
      const received = message(socket)
      socket.once("listening", () => socket.send("by the function", socket.address().port, "127.0.0.1"))
      expect((await received).data.toString()).toBe("by the function")
    })
  })
