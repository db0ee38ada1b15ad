import { describe, expect, it } from "vitest"
import { bound, called, closed, freePort, type Kit, message, messages, open, texts, thrown, noHost } from "../kit.ts"
import { connection, link } from "../links.ts"

export const sendErrors = (kit: Kit): unknown =>
  describe("errors of send", () => {
    it("a datagram that is too large calls back with EMSGSIZE, address and port", async () => {
      const socket = open(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) =>
        socket.send(Buffer.alloc(256 * 1024), 0, 256 * 1024, 12_345, "127.0.0.1", done as never)
      )
      expect(error).toBeInstanceOf(Error)
      expect(error).toMatchObject({
        code: "EMSGSIZE",
        errno: -90,
        syscall: "send",
        address: "127.0.0.1",
        port: 12_345,
        message: "send EMSGSIZE 127.0.0.1:12345"
      })
    })

    it("a datagram that is too large leaves the next ones as they are", async () => {
      const { port, receiver, sender } = await link(kit)
      const received = messages(receiver, 2)
      const outcomes: Array<string> = []
      await called((done) => {
        sender.send("before", port, (error) => outcomes.push(String(error)))
        sender.send(Buffer.alloc(70_000), port, (error) => outcomes.push((error as NodeJS.ErrnoException).code ?? ""))
        sender.send("after", port, (error) => {
          outcomes.push(String(error))
          done()
        })
      })
      expect(outcomes).toStrictEqual(["null", "EMSGSIZE", "null"])
      expect(texts(await received)).toStrictEqual(["before", "after"])
    })

    it("on a connected socket have neither address nor port", async () => {
      const { sender } = await connection(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) => sender.send(Buffer.alloc(70_000), done as never))
      expect(error.code).toBe("EMSGSIZE")
      expect(error.message).toBe("send EMSGSIZE")
      expect("port" in error).toBe(false)
    })

    it("a host name that does not exist calls back with the error, and emits nothing", async () => {
      const socket = open(kit)
      socket.on("error", () => expect.unreachable())
      const [error] = await called<[NodeJS.ErrnoException]>((done) => socket.send("x", 9, noHost, done as never))
      expect(error).toMatchObject({ syscall: "getaddrinfo", hostname: noHost })
    })

    it("a host name that does not exist emits the error without a callback", async () => {
      const socket = open(kit)
      const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.once("error", resolve))
      socket.send("x", 9, noHost)
      expect((await failed).syscall).toBe("getaddrinfo")
    })

    it("after an error of the lookup the socket sends", async () => {
      const { port, receiver, sender } = await link(kit)
      await called((done) => sender.send("x", 9, noHost, done))
      const received = message(receiver)
      sender.send("hello", port)
      expect((await received).data.toString()).toBe("hello")
    })

    it("a broadcast address without setBroadcast calls back with EACCES", async () => {
      const socket = await bound(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) =>
        socket.send("x", 9, "127.255.255.255", done as never)
      )
      expect(error).toMatchObject({ code: "EACCES", syscall: "send", address: "127.255.255.255", port: 9 })
    })

    it("an address of the other family calls back with EINVAL", async () => {
      const socket = open(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) => socket.send("x", 9, "::1", done as never))
      expect(error).toBeInstanceOf(Error)
      expect(error.code).toMatch(/^E(INVAL|NOTFOUND|AI_ADDRFAMILY)$/)
    })

    it("an implicit bind that fails emits its error and sends nothing", async () => {
      const failure = new Error("no lookup today")
      const lookup = ((_: string, __: unknown, callback: (error: Error) => void) =>
        process.nextTick(callback, failure)) as never
      const socket = open(kit, { type: "udp4", lookup })
      const failed = new Promise((resolve) => socket.once("error", resolve))
      socket.send("x", await freePort(kit), "localhost", () => expect.unreachable())
      expect(await failed).toBe(failure)
      expect(thrown(() => socket.address()).code).toBe("EBADF")
    })

    it("after an implicit bind that failed the next send binds", async () => {
      let fails = true
      const lookup = ((address: string, family: number, callback: (...args: ReadonlyArray<unknown>) => void) =>
        process.nextTick(callback, fails ? new Error("not yet") : null, address, family)) as never
      const receiver = await bound(kit)
      const socket = open(kit, { type: "udp4", lookup })
      const failed = new Promise((resolve) => socket.once("error", resolve))
      socket.send("lost", receiver.address().port, "127.0.0.1")
      await failed
      fails = false
      const received = message(receiver)
      socket.send("sent", receiver.address().port, "127.0.0.1")
      expect((await received).data.toString()).toBe("sent")
      expect(socket.eventNames()).toStrictEqual([])
    })
  })

export const queues = (kit: Kit): unknown =>
  describe("getSendQueueSize, getSendQueueCount", () => {
    it("are 0 for a socket that sends nothing", async () => {
      const socket = await bound(kit)
      expect([socket.getSendQueueSize(), socket.getSendQueueCount()]).toStrictEqual([0, 0])
      expect([open(kit).getSendQueueSize(), open(kit).getSendQueueCount()]).toStrictEqual([0, 0])
    })

    it("are 0 once all is sent", async () => {
      const { port, sender } = await link(kit)
      await called((done) => sender.send("hello", port, done))
      expect([sender.getSendQueueSize(), sender.getSendQueueCount()]).toStrictEqual([0, 0])
    })

    it("of a closed socket throw", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(thrown(() => socket.getSendQueueSize())).toBeInstanceOf(Error)
      expect(thrown(() => socket.getSendQueueCount())).toBeInstanceOf(Error)
    })
  })
