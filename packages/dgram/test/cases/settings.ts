import { describe, expect, it } from "vitest"
import { bound, called, closed, type Kit, messages, open, texts, thrown } from "../kit.ts"

import { failure, gone } from "../failures.ts"

export const broadcast = (kit: Kit): unknown =>
  describe("setBroadcast", () => {
    it("lets the socket send to a broadcast address, and false forbids it again", async () => {
      const socket = await bound(kit)
      expect(socket.setBroadcast(true)).toBeUndefined()
      expect((await called((done) => socket.send("x", 9, "127.255.255.255", done)))[0]).toBeNull()
      expect(socket.setBroadcast(false)).toBeUndefined()
      expect((await called((done) => socket.send("x", 9, "127.255.255.255", done)))[0]).toMatchObject({
        code: "EACCES"
      })
    })

    it.each([1, "yes", {}])("takes %j for true", async (flag) => {
      const socket = await bound(kit)
      socket.setBroadcast(flag as never)
      expect((await called((done) => socket.send("x", 9, "127.255.255.255", done)))[0]).toBeNull()
    })

    it("of an unbound socket throws EBADF", () => {
      expect(thrown(() => open(kit).setBroadcast(true))).toMatchObject(failure("setBroadcast", "EBADF", -9))
    })

    it("of a closed socket throws", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(thrown(() => socket.setBroadcast(true))).toMatchObject(gone(kit))
    })
  })

export const ttl = (kit: Kit): unknown =>
  describe.each(["setTTL", "setMulticastTTL"] as const)("%s", (method) => {
    const lowest = method === "setTTL" ? 1 : 0

    it.each([lowest, 16, 64, 255])("of %s returns it", async (value) => {
      expect((await bound(kit))[method](value)).toBe(value)
      expect((await bound(kit, "udp6"))[method](value)).toBe(value)
    })

    it.each([256, 1000, -2, ...(method === "setTTL" ? [0, -1] : [])])("of %s throws EINVAL", async (value) => {
      const socket = await bound(kit)
      expect(thrown(() => socket[method](value))).toMatchObject(failure(method, "EINVAL", -22))
    })

    it.each(["16", undefined, null, {}, true])("of %j throws ERR_INVALID_ARG_TYPE", async (value) => {
      const socket = await bound(kit)
      const error = thrown(() => socket[method](value as never))
      expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG_TYPE" })
      expect(error.message).toMatch(/^The "ttl" argument must be of type number\. Received /)
    })

    it("of an unbound socket throws EBADF", () => {
      expect(thrown(() => open(kit)[method](16))).toMatchObject(failure(method, "EBADF", -9))
    })

    it("of a closed socket throws", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(thrown(() => socket[method](16))).toMatchObject(gone(kit))
    })
  })

export const buffers = (kit: Kit): unknown =>
  describe.each([
    ["Recv", "recv", "recvBufferSize"],
    ["Send", "send", "sendBufferSize"]
  ] as const)("set%sBufferSize", (name, direction, option) => {
    const setter = `set${name}BufferSize` as const
    const getter = `get${name}BufferSize` as const
    const unusable = (code: string, text: string, errno: number) => ({
      name: "SystemError",
      code: "ERR_SOCKET_BUFFER_SIZE",
      message: `Could not get or set buffer size: uv_${direction}_buffer_size returned ${code} (${text})`,
      info: { errno, code, message: text, syscall: `uv_${direction}_buffer_size` },
      errno,
      syscall: `uv_${direction}_buffer_size`
    })

    it("sets the size, which Linux doubles", async () => {
      const socket = await bound(kit)
      expect(socket[setter](10_000)).toBeUndefined()
      expect(socket[getter]()).toBe(process.platform === "linux" ? 20_000 : 10_000)
    })

    it.each([-1, Number.POSITIVE_INFINITY, Number.NaN, 1.5, "Doh!", 2 ** 32, null, undefined])(
      "of %s throws ERR_SOCKET_BAD_BUFFER_SIZE",
      async (size) => {
        const socket = await bound(kit)
        expect(thrown(() => socket[setter](size as never))).toMatchObject({
          code: "ERR_SOCKET_BAD_BUFFER_SIZE",
          name: "TypeError",
          message: "Buffer size must be a positive integer"
        })
      }
    )

    it("of 2,147,483,648 throws EINVAL as ERR_SOCKET_BUFFER_SIZE", async () => {
      const socket = await bound(kit)
      expect(thrown(() => socket[setter](2_147_483_648))).toMatchObject(unusable("EINVAL", "invalid argument", -22))
    })

    it("of an unbound socket throws EBADF as ERR_SOCKET_BUFFER_SIZE", () => {
      const expected = unusable("EBADF", "bad file descriptor", -9)
      expect(thrown(() => open(kit)[setter](8192))).toMatchObject(expected)
      expect(thrown(() => open(kit)[getter]())).toMatchObject(expected)
    })

    it("of 0 changes nothing", async () => {
      const socket = await bound(kit)
      const before = socket[getter]()
      socket[setter](0)
      expect(socket[getter]()).toBe(before)
    })

    it(`is what the option ${option} sets when the socket is bound`, async () => {
      const socket = await bound(kit, { type: "udp4", [option]: 10_000 })
      expect(socket[getter]()).toBe(process.platform === "linux" ? 20_000 : 10_000)
    })

    it("has been set when listening is emitted", async () => {
      const socket = open(kit, { type: "udp4", [option]: 10_000 })
      const size = new Promise((resolve) => socket.on("listening", () => resolve(socket[getter]())))
      socket.bind(0)
      expect(await size).toBe(process.platform === "linux" ? 20_000 : 10_000)
    })

    it("of a closed socket throws", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(thrown(() => socket[getter]())).toMatchObject(gone(kit))
    })
  })

export const references = (kit: Kit): unknown =>
  describe("ref, unref", () => {
    it("return the socket, any number of times, before the bind and after the close, too", async () => {
      const socket = open(kit)
      expect([socket.ref(), socket.unref(), socket.unref(), socket.ref()]).toStrictEqual(Array(4).fill(socket))
      await called<[]>((done) => socket.bind(0, done))
      expect([socket.ref(), socket.unref(), socket.unref(), socket.ref()]).toStrictEqual(Array(4).fill(socket))
      await closed(socket)
      expect([socket.ref(), socket.unref()]).toStrictEqual([socket, socket])
    })

    it("leave an unreferenced socket working while something else keeps the process", async () => {
      const socket = await bound(kit)
      socket.unref()
      const timer = setTimeout(() => undefined, 60_000)
      const received = messages(socket, 2)
      socket.send("1", socket.address().port)
      socket.send("2", socket.address().port)
      expect(texts(await received)).toStrictEqual(["1", "2"])
      clearTimeout(timer)
    })
  })
