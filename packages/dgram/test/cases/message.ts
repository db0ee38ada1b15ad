import { describe, expect, it } from "vitest"
import {
  any,
  bound,
  called,
  closed,
  familyOf,
  type Kit,
  loopback,
  message,
  messages,
  open,
  texts,
  turns
} from "../kit.ts"

export const message_ = (kit: Kit): unknown =>
  describe("message", () => {
    it.each(["udp4", "udp6"] as const)("of %s has a Buffer and the sender's address, family and port", async (type) => {
      const [receiver, sender] = [await bound(kit, type), await bound(kit, type)]
      const received = message(receiver)
      sender.send("hello", receiver.address().port)
      const { data, info } = await received
      expect(Buffer.isBuffer(data)).toBe(true)
      expect(data.toString()).toBe("hello")
      expect(info).toMatchObject({
        address: loopback[type],
        family: familyOf[type],
        port: sender.address().port,
        size: 5
      })
    })

    it("has the keys address, family, port and size", async () => {
      const socket = await bound(kit)
      const received = message(socket)
      socket.send("x", socket.address().port)
      expect(Object.keys((await received).info)).toStrictEqual(["address", "family", "port", "size"])
    })

    it("of an empty datagram has an empty Buffer and size 0", async () => {
      const socket = await bound(kit)
      const received = message(socket)
      socket.send("", socket.address().port)
      const { data, info } = await received
      expect([data.length, info.size]).toStrictEqual([0, 0])
    })

    it("keeps its payload when others arrive", async () => {
      const socket = await bound(kit)
      const received = messages(socket, 200)
      for (let i = 0; i < 200; i++) socket.send(`datagram ${i}`, socket.address().port, "127.0.0.1")
      const all = await received
      expect(texts(all)).toStrictEqual(Array.from({ length: 200 }, (_, i) => `datagram ${i}`))
    })

    it("has a payload and an info of its own, which may be changed", async () => {
      const socket = await bound(kit)
      const received = messages(socket, 2)
      socket.send("aaaa", socket.address().port, "127.0.0.1")
      socket.send("aaaa", socket.address().port, "127.0.0.1")
      const [first, second] = await received
      first?.data.fill(0)
      Object.assign(first?.info ?? {}, { address: "changed", port: 0 })
      expect(second?.data.toString()).toBe("aaaa")
      expect(second?.info).toMatchObject({ address: "127.0.0.1", port: socket.address().port })
    })

    it("comes in the order in which datagrams were sent, also from several sockets", async () => {
      const [receiver, one, other] = [await bound(kit), await bound(kit), await bound(kit)]
      const received = messages(receiver, 4)
      const { port } = receiver.address()
      await called((done) => one.send("1", port, "127.0.0.1", done))
      await called((done) => other.send("2", port, "127.0.0.1", done))
      await called((done) => one.send("3", port, "127.0.0.1", done))
      await called((done) => other.send("4", port, "127.0.0.1", done))
      expect(texts(await received)).toStrictEqual(["1", "2", "3", "4"])
    })

    it("runs ticks and microtasks of one listener before the next datagram", async () => {
      const socket = await bound(kit)
      const order: Array<string> = []
      const done = new Promise<void>((resolve) => {
        socket.on("message", (data) => {
          const text = data.toString()
          order.push(`message ${text}`)
          process.nextTick(() => order.push(`tick ${text}`))
          void Promise.resolve()
            .then(() => order.push(`microtask ${text}`))
            .then(() => process.nextTick(() => order.push(`late tick ${text}`)))
            .then(() => order.push(`late microtask ${text}`))
          if (text === "3") setImmediate(resolve)
        })
      })
      for (const text of ["1", "2", "3"]) socket.send(text, socket.address().port, "127.0.0.1")
      await done
      expect(order).toStrictEqual(
        ["1", "2", "3"].flatMap((text) => [
          `message ${text}`,
          `tick ${text}`,
          `microtask ${text}`,
          `late microtask ${text}`,
          `late tick ${text}`
        ])
      )
    })

    it("calls all listeners of one datagram before the next", async () => {
      const socket = await bound(kit)
      const order: Array<string> = []
      socket.on("message", (data) => order.push(`a${data.toString()}`))
      socket.on("message", (data) => order.push(`b${data.toString()}`))
      const received = messages(socket, 2)
      for (const text of ["1", "2"]) socket.send(text, socket.address().port, "127.0.0.1")
      await received
      expect(order).toStrictEqual(["a1", "b1", "a2", "b2"])
    })

    it("without a listener is lost", async () => {
      const socket = await bound(kit)
      await called((done) => socket.send("lost", socket.address().port, "127.0.0.1", done))
      await turns()
      const received = message(socket)
      socket.send("heard", socket.address().port, "127.0.0.1")
      expect((await received).data.toString()).toBe("heard")
    })

    it("is not emitted any more once a listener closed the socket", async () => {
      const socket = await bound(kit)
      const sender = await bound(kit)
      const { port } = socket.address()
      let count = 0
      socket.on("message", () => {
        count++
        socket.close()
      })
      for (let i = 0; i < 10; i++) sender.send(String(i), port, "127.0.0.1")
      await called((done) => socket.once("close", done))
      await turns()
      expect(count).toBe(1)
    })

    it("once its listener is taken away is not delivered to it", async () => {
      const socket = await bound(kit)
      const seen: Array<string> = []
      const listener = (data: Buffer) => {
        seen.push(data.toString())
        socket.off("message", listener)
      }
      socket.on("message", listener)
      const received = messages(socket, 3)
      for (const text of ["1", "2", "3"]) socket.send(text, socket.address().port, "127.0.0.1")
      await received
      expect(seen).toStrictEqual(["1"])
    })

    it("comes to a socket of all addresses at each of them", async () => {
      const socket = open(kit)
      await called<[]>((done) => socket.bind(0, any.udp4, done))
      const received = messages(socket, 2)
      socket.send("one", socket.address().port, "127.0.0.1")
      socket.send("other", socket.address().port, "127.0.0.2")
      expect(texts(await received).toSorted()).toStrictEqual(["one", "other"])
    })

    it("of an IPv4 sender at a dual-stack socket has a mapped address", async () => {
      const socket = open(kit, "udp6")
      await called<[]>((done) => socket.bind(0, done))
      const sender = await bound(kit)
      const received = message(socket)
      sender.send("hello", socket.address().port, "127.0.0.1")
      expect((await received).info).toMatchObject({ address: "::ffff:127.0.0.1", family: "IPv6" })
    })

    it("an answer to info.address and info.port arrives", async () => {
      const [server, client] = [await bound(kit), await bound(kit)]
      server.on("message", (data, info) => server.send(`re: ${data.toString()}`, info.port, info.address))
      const received = message(client)
      client.send("hello", server.address().port, "127.0.0.1")
      expect((await received).data.toString()).toBe("re: hello")
    })

    it("goes on after a listener that throws", async () => {
      const socket = await bound(kit)
      const received = messages(socket, 3)
      const failures: Array<unknown> = []
      const listeners = process.listeners("uncaughtException")
      process.removeAllListeners("uncaughtException")
      process.on("uncaughtException", (error) => failures.push(error))
      socket.on("message", (data) => {
        throw new Error(data.toString())
      })
      try {
        for (const text of ["1", "2", "3"]) socket.send(text, socket.address().port, "127.0.0.1")
        expect(texts(await received)).toStrictEqual(["1", "2", "3"])
        await turns()
      } finally {
        process.removeAllListeners("uncaughtException")
        for (const listener of listeners) process.on("uncaughtException", listener)
      }
      expect(failures.map(String)).toStrictEqual(["Error: 1", "Error: 2", "Error: 3"])
    })
  })

export const close = (kit: Kit): unknown =>
  describe("close", () => {
    const notRunning = { code: "ERR_SOCKET_DGRAM_NOT_RUNNING", name: "Error", message: "Not running" }

    it("returns the socket, and emits close afterwards", async () => {
      const socket = await bound(kit)
      let closes = 0
      socket.on("close", () => closes++)
      expect(socket.close()).toBe(socket)
      expect(closes).toBe(0)
      await turns(1)
      expect(closes).toBe(1)
    })

    it("emits close in the next tick", async () => {
      const socket = await bound(kit)
      const order: Array<string> = []
      const done = new Promise<void>((resolve) => {
        setImmediate(() => {
          process.nextTick(() => order.push("before"))
          socket.close(() => order.push("close"))
          process.nextTick(() => order.push("after"))
          setImmediate(resolve)
        })
      })
      await done
      expect(order).toStrictEqual(["before", "close", "after"])
    })

    it("adds its callback as a listener of close, without arguments and with this", async () => {
      const socket = await bound(kit)
      const seen = await new Promise<ReadonlyArray<unknown>>((resolve) => {
        socket.close(function (this: unknown, ...args: ReadonlyArray<unknown>) {
          resolve([this, args.length])
        })
        expect(socket.listenerCount("close")).toBe(1)
      })
      expect(seen).toStrictEqual([socket, 0])
    })

    it("calls listeners of close in the order in which they were added", async () => {
      const socket = await bound(kit)
      const order: Array<string> = []
      socket.on("close", () => order.push("listener"))
      socket.close(() => order.push("callback"))
      await turns(1)
      expect(order).toStrictEqual(["listener", "callback"])
    })

    it.each([undefined, null, 5, {}])("with %j for its callback ignores it", async (callback) => {
      const socket = await bound(kit)
      socket.close(callback as never)
      await called((done) => socket.once("close", done))
    })

    it("a second time throws ERR_SOCKET_DGRAM_NOT_RUNNING", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(() => socket.close()).toThrow(expect.objectContaining(notRunning))
    })

    it("in its own callback throws ERR_SOCKET_DGRAM_NOT_RUNNING", async () => {
      const socket = await bound(kit)
      const error = await new Promise((resolve) => {
        socket.close(() => {
          try {
            socket.close()
          } catch (error) {
            resolve(error)
          }
        })
      })
      expect(error).toMatchObject(notRunning)
    })

    it("of a socket that was never bound emits close", async () => {
      const socket = open(kit)
      await called((done) => socket.close(done))
    })

    it("frees the port when it returns", async () => {
      const socket = await bound(kit)
      const { port } = socket.address()
      socket.close()
      const next = open(kit)
      await called<[]>((done) => next.bind(port, "127.0.0.1", done))
      expect(next.address().port).toBe(port)
    })

    it("while the socket binds emits close and not listening", async () => {
      const socket = open(kit)
      const events: Array<string> = []
      for (const event of ["listening", "close", "error"] as const) socket.on(event, () => void events.push(event))
      socket.bind(0, "localhost")
      socket.close()
      await turns(4)
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(events).toStrictEqual(["close"])
    })

    it("in the listener of listening closes", async () => {
      const socket = open(kit)
      const end = called((done) => socket.once("close", done))
      socket.on("listening", () => socket.close())
      socket.bind(0)
      await end
    })

    it("after a send that waits for the bind closes after it, and drops the datagram", async () => {
      const receiver = await bound(kit)
      const socket = open(kit)
      const events: Array<string> = []
      receiver.on("message", (data) => events.push(data.toString()))
      socket.on("listening", () => events.push("listening"))
      const end = called((done) => socket.once("close", done))
      socket.send("dropped", receiver.address().port, "127.0.0.1", () => events.push("callback"))
      expect(socket.close()).toBe(socket)
      await end
      await turns()
      expect(events).toStrictEqual(["listening"])
    })

    it("after a send, without waiting, the datagram that was sent before is not lost", async () => {
      const [receiver, socket] = [await bound(kit), await bound(kit)]
      const received = message(receiver)
      await called((done) => socket.send("last words", receiver.address().port, "127.0.0.1", done))
      socket.close()
      expect((await received).data.toString()).toBe("last words")
    })

    it("before the lookup of a send ended drops the datagram without a callback", async () => {
      const receiver = await bound(kit)
      const socket = await bound(kit)
      let heard = 0
      let calls = 0
      receiver.on("message", () => heard++)
      socket.send("x", receiver.address().port, "localhost", () => calls++)
      socket.close()
      await turns()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect([heard, calls]).toStrictEqual([0, 0])
    })

    it("in a send's callback closes", async () => {
      const [receiver, socket] = [await bound(kit), open(kit)]
      const end = called((done) => socket.once("close", done))
      socket.send("x", receiver.address().port, "127.0.0.1", () => socket.close())
      await end
    })

    it("while the socket connects does not emit connect", async () => {
      const socket = await bound(kit)
      let connects = 0
      socket.on("connect", () => connects++)
      socket.connect(9, "localhost")
      socket.close()
      await turns()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(connects).toBe(0)
    })

    it("leaves other sockets as they are", async () => {
      const [one, other] = [await bound(kit), await bound(kit)]
      await closed(one)
      const received = message(other)
      other.send("alive", other.address().port)
      expect((await received).data.toString()).toBe("alive")
    })
  })
