import { describe, expect, it } from "vitest"
import { bound, called, closed, type Kit, loopback, message, messages, open, texts, thrown } from "../kit.ts"

import { connection, link } from "../links.ts"

type Target = ReturnType<typeof open>

/** Ways to write the same five bytes, and what else may be a message. */
const bytes: ReadonlyArray<readonly [string, () => unknown, string]> = [
  ["a string", () => "hello", "hello"],
  ["a string of several bytes a character", () => "größe €", "größe €"],
  ["an empty string", () => "", ""],
  ["a Buffer", () => Buffer.from("hello"), "hello"],
  ["a part of a Buffer", () => Buffer.from("say hello now").subarray(4, 9), "hello"],
  ["an empty Buffer", () => Buffer.alloc(0), ""],
  ["a Uint8Array", () => new TextEncoder().encode("hello"), "hello"],
  ["a part of a Uint8Array", () => new TextEncoder().encode("say hello").subarray(4), "hello"],
  ["a Uint16Array", () => new Uint16Array(Uint8Array.from(Buffer.from("hell")).buffer), "hell"],
  ["a Float64Array", () => new Float64Array(Uint8Array.from(Buffer.from("8 bytes!")).buffer), "8 bytes!"],
  ["a DataView", () => new DataView(Uint8Array.from(Buffer.from("hello")).buffer), "hello"],
  ["a part by DataView", () => new DataView(Uint8Array.from(Buffer.from("a hello b")).buffer, 2, 5), "hello"],
  ["an array of one string", () => ["hello"], "hello"],
  ["an array of strings", () => ["he", "l", "lo"], "hello"],
  ["an array of Buffers", () => [Buffer.from("he"), Buffer.from("llo")], "hello"],
  ["an array of strings and Buffers", () => ["he", Buffer.from("llo")], "hello"],
  ["an array of typed arrays", () => [new TextEncoder().encode("hel"), new TextEncoder().encode("lo")], "hello"],
  ["an array with a DataView", () => ["hel", new DataView(Uint8Array.from(Buffer.from("lo")).buffer)], "hello"],
  ["an array with empty parts", () => ["", "hel", Buffer.alloc(0), "lo", ""], "hello"],
  ["an empty array", () => [], ""],
  ["an array of an empty Buffer", () => [Buffer.alloc(0)], ""],
  ["an array of 100 parts", () => Array.from({ length: 100 }, (_, i) => String(i % 10)), "0123456789".repeat(10)]
]

/** Each order of the arguments, for a message of five bytes; `port` is of a socket on the loopback address. */
const unconnected: ReadonlyArray<readonly [string, (socket: Target, port: number, done: () => void) => void]> = [
  ["(msg, port)", (socket, port) => socket.send("hello", port)],
  ["(msg, port, callback)", (socket, port, done) => socket.send("hello", port, done)],
  ["(msg, port, address)", (socket, port) => socket.send("hello", port, "127.0.0.1")],
  ["(msg, port, address, callback)", (socket, port, done) => socket.send("hello", port, "127.0.0.1", done)],
  ["(msg, port, undefined, callback)", (socket, port, done) => socket.send("hello", port, undefined, done)],
  ["(msg, port, null, callback)", (socket, port, done) => socket.send("hello", port, null as never, done)],
  ["(msg, port, empty address, callback)", (socket, port, done) => socket.send("hello", port, "", done)],
  ["(msg, port, host name)", (socket, port) => socket.send("hello", port, "localhost")],
  ["(msg, port as text)", (socket, port) => socket.send("hello", String(port) as never, "127.0.0.1")],
  ["(msg, offset, length, port)", (socket, port) => socket.send(Buffer.from("say hello!"), 4, 5, port)],
  [
    "(msg, offset, length, port, callback)",
    (socket, port, done) => socket.send(Buffer.from("say hello!"), 4, 5, port, done as never)
  ],
  [
    "(msg, offset, length, port, address)",
    (socket, port) => socket.send(Buffer.from("say hello!"), 4, 5, port, "127.0.0.1")
  ],
  [
    "(msg, offset, length, port, address, callback)",
    (socket, port, done) => socket.send(Buffer.from("say hello!"), 4, 5, port, "127.0.0.1", done)
  ],
  ["(string, offset, length, port, address)", (socket, port) => socket.send("say hello!", 4, 5, port, "127.0.0.1")],
  [
    "(DataView, offset, length, port, address)",
    (socket, port) =>
      socket.send(new DataView(Uint8Array.from(Buffer.from("say hello!")).buffer, 1), 3, 5, port, "127.0.0.1")
  ],
  ["(array, port)", (socket, port) => socket.send(["hel", "lo"], port)],
  ["(array, port, callback)", (socket, port, done) => socket.send(["hel", "lo"], port, done)],
  ["(array, port, address, callback)", (socket, port, done) => socket.send(["hel", "lo"], port, "127.0.0.1", done)]
]

const connected: ReadonlyArray<readonly [string, (socket: Target, done: () => void) => void]> = [
  ["(msg)", (socket) => socket.send("hello")],
  ["(msg, callback)", (socket, done) => socket.send("hello", done)],
  ["(msg, offset, length)", (socket) => socket.send(Buffer.from("say hello!"), 4, 5)],
  ["(msg, offset, length, callback)", (socket, done) => socket.send(Buffer.from("say hello!"), 4, 5, done)],
  ["(array)", (socket) => socket.send(["hel", "lo"])],
  ["(array, callback)", (socket, done) => socket.send(["hel", "lo"], done)]
]

export const send = (kit: Kit): unknown =>
  describe("send", () => {
    it.each(bytes)("sends %s", async (_, data, text) => {
      const { port, receiver, sender } = await link(kit)
      const received = message(receiver)
      const [error, sent] = await called<[Error | null, number?]>((done) => sender.send(data() as string, port, done))
      expect(error).toBeNull()
      expect(sent).toBe(Buffer.byteLength(text))
      expect((await received).data.toString()).toBe(text)
    })

    it.each(bytes)("on a connected socket sends %s", async (_, data, text) => {
      const { receiver, sender } = await connection(kit)
      const received = message(receiver)
      const [error, sent] = await called<[Error | null, number?]>((done) => sender.send(data() as string, done))
      expect(error).toBeNull()
      expect(sent).toBe(Buffer.byteLength(text))
      expect((await received).data.toString()).toBe(text)
    })

    it.each(unconnected)("%s sends five bytes", async (_, call) => {
      const { port, receiver, sender } = await link(kit)
      const received = message(receiver)
      call(sender, port, () => undefined)
      expect((await received).data.toString()).toBe("hello")
    })

    it.each(unconnected.filter(([name]) => name.includes("callback")))("%s calls back", async (_, call) => {
      const { port, sender } = await link(kit)
      expect(await called((done) => call(sender, port, done))).toStrictEqual([null, 5])
    })

    it.each(connected)("on a connected socket %s sends five bytes", async (_, call) => {
      const { receiver, sender } = await connection(kit)
      const received = message(receiver)
      call(sender, () => undefined)
      expect((await received).data.toString()).toBe("hello")
    })

    it.each(connected.filter(([name]) => name.includes("callback")))(
      "on a connected socket %s calls back",
      async (_, call) => {
        const { sender } = await connection(kit)
        expect(await called((done) => call(sender, done))).toStrictEqual([null, 5])
      }
    )

    it("returns nothing", async () => {
      const { port, sender } = await link(kit)
      expect(sender.send("x", port)).toBeUndefined()
    })

    it.each(["udp4", "udp6"] as const)("of %s without an address sends to the loopback address", async (type) => {
      const { port, receiver, sender } = await link(kit, type)
      const received = message(receiver)
      sender.send("hello", port)
      expect((await received).info.address).toBe(loopback[type])
    })

    it("binds a socket that is not bound to any port of all addresses", async () => {
      const { port, sender } = await link(kit)
      const listening = called((done) => sender.once("listening", done))
      await called((done) => sender.send("hello", port, done))
      await listening
      expect(sender.address()).toStrictEqual({ address: "0.0.0.0", family: "IPv4", port: expect.any(Number) })
    })

    it("several times before the socket is bound keeps their order", async () => {
      const { port, receiver, sender } = await link(kit)
      const received = messages(receiver, 5)
      for (const text of ["1", "2", "3", "4", "5"]) sender.send(text, port)
      expect(texts(await received)).toStrictEqual(["1", "2", "3", "4", "5"])
    })

    it("many times keeps their order, and calls back in it", async () => {
      const { port, receiver, sender } = await link(kit)
      const received = messages(receiver, 100)
      const order: Array<number> = []
      await called((done) => {
        for (let i = 0; i < 100; i++)
          sender.send(String(i), port, "127.0.0.1", () => {
            if (order.push(i) === 100) done()
          })
      })
      expect(order).toStrictEqual(Array.from({ length: 100 }, (_, i) => i))
      expect(texts(await received)).toStrictEqual(order.map(String))
    })

    it("calls back after it returned, never within the call", async () => {
      const socket = await bound(kit)
      let returned = false
      const seen = new Promise<boolean>((resolve) => {
        socket.send("x", socket.address().port, "127.0.0.1", () => resolve(returned))
        returned = true
      })
      expect(await seen).toBe(true)
    })

    it("within its own callback goes on without a recursion", async () => {
      const socket = await bound(kit)
      const received = messages(socket, 10)
      let sent = 0
      const again = () => {
        if (sent++ < 10) socket.send("abc", 0, 3, socket.address().port, "127.0.0.1", again)
      }
      again()
      expect(texts(await received)).toStrictEqual(Array.from({ length: 10 }, () => "abc"))
    })

    it("in the listener of listening sends", async () => {
      const { port, receiver, sender } = await link(kit)
      const received = message(receiver)
      sender.on("listening", () => sender.send("hello", port))
      sender.bind(0)
      expect((await received).data.toString()).toBe("hello")
    })

    it("in the callback of close throws ERR_SOCKET_DGRAM_NOT_RUNNING", async () => {
      const socket = await bound(kit)
      const error = await new Promise((resolve) => {
        socket.close(() => resolve(thrown(() => socket.send("x", 9))))
      })
      expect(error).toMatchObject({ code: "ERR_SOCKET_DGRAM_NOT_RUNNING", message: "Not running" })
    })

    it("of a closed socket throws ERR_SOCKET_DGRAM_NOT_RUNNING also with a callback", async () => {
      const socket = open(kit)
      await closed(socket)
      expect(thrown(() => socket.send("x", 9, () => expect.unreachable()))).toMatchObject({
        code: "ERR_SOCKET_DGRAM_NOT_RUNNING",
        name: "Error",
        message: "Not running"
      })
    })

    it("an array reads its parts when it is called: a change of the array is not sent", async () => {
      const { port, receiver, sender } = await link(kit)
      await called<[]>((done) => sender.bind(0, done))
      const received = message(receiver)
      const parts = ["one ", "two"]
      sender.send(parts, port, "127.0.0.1")
      parts.push(" three")
      expect((await received).data.toString()).toBe("one two")
    })

    it.each(["hello", "größer", "a"])("the callback has the bytes that were sent, for %j", async (text) => {
      const { port, sender } = await link(kit)
      expect(await called((done) => sender.send(text, port, done))).toStrictEqual([null, Buffer.byteLength(text)])
    })

    it("of offset and length counts the bytes of a string, not its characters", async () => {
      const { port, receiver, sender } = await link(kit)
      const received = message(receiver)
      sender.send("äöü", 2, 2, port, "127.0.0.1")
      expect((await received).data.toString()).toBe("ö")
    })

    it.each([
      ["offset 0", 0, 5, "01234"],
      ["offset at the end", 5, 0, ""],
      ["length 0", 2, 0, ""],
      ["a fraction", 1.9, 2.9, "12"]
    ])("with %s sends that part", async (_, offset, length, text) => {
      const { port, receiver, sender } = await link(kit)
      const received = message(receiver)
      sender.send(Buffer.from("01234"), offset, length, port, "127.0.0.1")
      expect((await received).data.toString()).toBe(text)
    })

    it("a datagram of 65,507 bytes arrives whole", async () => {
      const { port, receiver, sender } = await link(kit)
      const received = message(receiver)
      sender.send(Buffer.alloc(65_507, 7), port)
      const { data, info } = await received
      expect(data.equals(Buffer.alloc(65_507, 7))).toBe(true)
      expect(info.size).toBe(65_507)
    })

    it("without a callback does not emit what the kernel refuses", async () => {
      const socket = await bound(kit)
      socket.on("error", () => expect.unreachable())
      socket.send(Buffer.alloc(70_000), 9, "127.0.0.1")
      await called((done) => socket.send("x", socket.address().port, done))
    })
  })

/** Calls that throw, on unconnected and on connected sockets. */
export const sendArguments = (kit: Kit): unknown =>
  describe("arguments of send", () => {
    const isConnected = { code: "ERR_SOCKET_DGRAM_IS_CONNECTED", name: "Error", message: "Already connected" }
    const kinds = "must be of type string or an instance of Buffer, TypedArray, or DataView."

    it.each([
      [undefined, "undefined"],
      [null, "null"],
      [23, "type number (23)"],
      [true, "type boolean (true)"],
      [{}, "an instance of Object"],
      [new ArrayBuffer(3), "an instance of ArrayBuffer"],
      [() => undefined, "function "]
    ])("a message that is %s throws ERR_INVALID_ARG_TYPE", async (value, received) => {
      const { port, sender } = await link(kit)
      const error = thrown(() => sender.send(value as never, port, "127.0.0.1"))
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", name: "TypeError" })
      expect(error.message).toContain(`The "buffer" argument ${kinds} Received ${received}`)
    })

    it.each([[[23]], [["a", 23]], [[null]], [[["a"]]]])(
      "an invalid part, of %j, throws ERR_INVALID_ARG_TYPE",
      async (parts) => {
        const { port, sender } = await link(kit)
        expect(thrown(() => sender.send(parts as never, port))).toMatchObject({
          code: "ERR_INVALID_ARG_TYPE",
          name: "TypeError",
          message: `The "buffer list arguments" argument ${kinds} Received an instance of Array`
        })
      }
    )

    it.each([0, -1, 65_536, undefined, null, "x", "", {}, 1.5, Number.NaN])(
      "the port %j throws ERR_SOCKET_BAD_PORT",
      (port) => {
        const error = thrown(() => open(kit).send("x", port as never, "127.0.0.1"))
        expect(error).toMatchObject({ code: "ERR_SOCKET_BAD_PORT", name: "RangeError" })
        expect(error.message).toMatch(/^Port should be > 0 and < 65536\. Received /)
      }
    )

    it("no port throws ERR_SOCKET_BAD_PORT", () => {
      expect(thrown(() => open(kit).send("x")).code).toBe("ERR_SOCKET_BAD_PORT")
      expect(thrown(() => open(kit).send("x", () => undefined)).code).toBe("ERR_SOCKET_BAD_PORT")
    })

    it.each([5, {}, true, []])("the address %j throws ERR_INVALID_ARG_TYPE", (address) => {
      expect(thrown(() => open(kit).send("x", 0, 1, 9, address as never))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        name: "TypeError"
      })
    })

    it.each([
      ["offset behind the end", 6, 0, '"offset" is outside of buffer bounds'],
      ["length behind the end", 0, 6, '"length" is outside of buffer bounds'],
      ["offset and length behind the end", 3, 4, '"length" is outside of buffer bounds'],
      ["a negative offset", -1, 1, '"offset" is outside of buffer bounds'],
      ["a negative length", 0, -1, '"length" is outside of buffer bounds']
    ])("%s throws ERR_BUFFER_OUT_OF_BOUNDS", async (_, offset, length, text) => {
      const expected = { code: "ERR_BUFFER_OUT_OF_BOUNDS", name: "RangeError", message: text }
      for (const input of [Buffer.from("hello"), new Uint8Array(5), Buffer.from("hello world").subarray(6), "hello"])
        expect(thrown(() => open(kit).send(input as never, offset, length, 9, "127.0.0.1"))).toMatchObject(expected)
      const { sender } = await connection(kit)
      expect(thrown(() => sender.send(Buffer.from("hello"), offset, length))).toMatchObject(expected)
    })

    it("an array with offset and length throws ERR_INVALID_ARG_TYPE", () => {
      expect(thrown(() => open(kit).send(["a"] as never, 0, 1, 9, "127.0.0.1"))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        message: `The "buffer" argument ${kinds} Received an instance of Array`
      })
    })

    it.each([
      ["a port and an address", (socket) => socket.send(Buffer.from("abc"), 1, 1, 9, "127.0.0.1")],
      ["a wrong port", (socket) => socket.send(Buffer.from("abc"), 1, 1, -1, "127.0.0.1")],
      ["port 0 and an address", (socket) => socket.send(Buffer.from("abc"), 1, 1, 0, "127.0.0.1")],
      ["a port", (socket) => socket.send(Buffer.from("abc"), 1, 1, 9)],
      ["port, address, callback", (socket) => socket.send("abc", 1234, "127.0.0.1", () => expect.unreachable())]
    ] satisfies ReadonlyArray<[string, (socket: Target) => void]>)(
      "on a connected socket %s throws ERR_SOCKET_DGRAM_IS_CONNECTED",
      async (_, call) => {
        const { sender } = await connection(kit)
        expect(thrown(() => call(sender))).toMatchObject(isConnected)
      }
    )

    it.each([
      ["undefined", undefined, '"buffer" argument'],
      ["a number", 23, '"buffer" argument'],
      ["an array with a number", ["a", 23], '"buffer list arguments" argument']
    ])("on a connected socket a message that is %s throws", async (_, value, text) => {
      const { sender } = await connection(kit)
      const error = thrown(() => sender.send(value as never))
      expect(error.code).toBe("ERR_INVALID_ARG_TYPE")
      expect(error.message).toContain(text)
    })

    it("that are wrong leave an unbound socket unbound", () => {
      const socket = open(kit)
      thrown(() => socket.send("x", 0))
      thrown(() => socket.send(5 as never, 9))
      expect(thrown(() => socket.address()).code).toBe("EBADF")
    })

    it.each(["callback", {}, 5])("a callback that is %j is ignored", async (callback) => {
      const { port, receiver, sender } = await link(kit)
      const received = message(receiver)
      sender.send(Buffer.from("say hello"), 4, 5, port, "127.0.0.1", callback as never)
      expect((await received).data.toString()).toBe("hello")
    })
  })
