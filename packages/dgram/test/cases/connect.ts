import { once } from "node:events"
import { describe, expect, it } from "vitest"
import { differing } from "../differences.ts"
import {
  bound,
  called,
  closed,
  familyOf,
  freePort,
  type Kit,
  listening,
  loopback,
  message,
  open,
  thrown,
  turns,
  noHost
} from "../kit.ts"

const notConnected = { code: "ERR_SOCKET_DGRAM_NOT_CONNECTED", name: "Error", message: "Not connected" }
const isConnected = { code: "ERR_SOCKET_DGRAM_IS_CONNECTED", name: "Error", message: "Already connected" }

export const connect = (kit: Kit): unknown =>
  describe("connect", () => {
    it.each(["udp4", "udp6"] as const)("of %s without an address takes the loopback address", async (type) => {
      const port = await freePort(kit, type)
      const socket = open(kit, type)
      await called<[]>((done) => socket.connect(port, done))
      expect(socket.remoteAddress()).toStrictEqual({ address: loopback[type], family: familyOf[type], port })
    })

    it.each([
      ["(port)", (socket, port, done) => socket.once("connect", done).connect(port)],
      ["(port, callback)", (socket, port, done) => socket.connect(port, done)],
      ["(port, address)", (socket, port, done) => socket.once("connect", done).connect(port, "127.0.0.1")],
      ["(port, address, callback)", (socket, port, done) => socket.connect(port, "127.0.0.1", done)],
      ["(port, undefined, callback)", (socket, port, done) => socket.connect(port, undefined, done)],
      ["(port, host name, callback)", (socket, port, done) => socket.connect(port, "localhost", done)],
      ["(port as text, callback)", (socket, port, done) => socket.connect(String(port) as never, done)]
    ] satisfies ReadonlyArray<[string, (socket: ReturnType<typeof open>, port: number, done: () => void) => void]>)(
      "%s connects",
      async (_, call) => {
        const port = await freePort(kit)
        const socket = open(kit)
        await called((done) => call(socket, port, done))
        expect(socket.remoteAddress()).toStrictEqual({ address: "127.0.0.1", family: "IPv4", port })
      }
    )

    it("returns nothing", async () => {
      const socket = open(kit)
      expect(socket.connect(await freePort(kit))).toBeUndefined()
      await once(socket, "connect")
    })

    it("binds a socket that is not bound, and emits listening before connect", async () => {
      const socket = open(kit)
      const order: Array<string> = []
      socket.on("listening", () => order.push("listening"))
      socket.on("connect", () => order.push("connect"))
      const port = await freePort(kit)
      await called<[]>((done) => socket.connect(port, done))
      expect(order).toStrictEqual(["listening", "connect"])
      expect(socket.address().port).toBeGreaterThan(0)
    })

    it("of a bound socket keeps its port", async () => {
      const socket = await bound(kit)
      const { port } = socket.address()
      const peer = await freePort(kit)
      await called<[]>((done) => socket.connect(peer, done))
      expect(socket.address().port).toBe(port)
    })

    it("of an unbound socket takes the address of the route to the peer", async () => {
      const socket = open(kit)
      const port = await freePort(kit)
      await called<[]>((done) => socket.connect(port, done))
      expect(socket.address().address).toBe("127.0.0.1")
    })

    it("calls back with no arguments, the socket as this", async () => {
      const socket = open(kit)
      const port = await freePort(kit)
      const seen = await new Promise<ReadonlyArray<unknown>>((resolve) => {
        socket.connect(port, "127.0.0.1", function (this: unknown, ...args: ReadonlyArray<unknown>) {
          resolve([this, args.length])
        })
      })
      expect(seen).toStrictEqual([socket, 0])
    })

    it("calls back once, and not again when the socket connects anew", async () => {
      const socket = open(kit)
      const port = await freePort(kit)
      let calls = 0
      await called((done) => {
        socket.connect(port, () => {
          calls++
          done()
        })
      })
      socket.disconnect()
      const again = once(socket, "connect")
      socket.connect(port)
      await again
      expect(calls).toBe(1)
    })

    it("of a connected socket throws ERR_SOCKET_DGRAM_IS_CONNECTED", async () => {
      const socket = open(kit)
      await called<[]>((done) => socket.connect(9, done))
      expect(thrown(() => socket.connect(9, () => expect.unreachable()))).toMatchObject(isConnected)
    })

    it("while the socket connects throws ERR_SOCKET_DGRAM_IS_CONNECTED", async () => {
      const socket = open(kit)
      const done = once(socket, "connect")
      socket.connect(9)
      expect(thrown(() => socket.connect(9))).toMatchObject(isConnected)
      await done
    })

    it.each([0, null, 78_960, undefined, -1, "x", {}])("with the port %j throws ERR_SOCKET_BAD_PORT", (port) => {
      const socket = open(kit)
      const error = thrown(() => socket.connect(port as never))
      expect(error).toMatchObject({ name: "RangeError", code: "ERR_SOCKET_BAD_PORT" })
      expect(error.message).toMatch(/^Port should be > 0 and < 65536\. Received /)
    })

    it.each([5, null, {}, true])("with the address %j throws ERR_INVALID_ARG_TYPE", (address) => {
      const socket = open(kit)
      expect(thrown(() => socket.connect(9, address as never))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        name: "TypeError"
      })
    })

    it("after wrong arguments works", async () => {
      const socket = open(kit)
      thrown(() => socket.connect(0))
      thrown(() => socket.connect(9, 5 as never))
      await called<[]>((done) => socket.connect(9, done))
      expect(socket.remoteAddress().port).toBe(9)
    })

    it("to a host name that does not exist calls back with the error of the lookup", async () => {
      const socket = open(kit)
      socket.on("error", () => expect.unreachable())
      const [error] = await called<[NodeJS.ErrnoException]>((done) => socket.connect(9, noHost, done as never))
      expect(error).toMatchObject({ syscall: "getaddrinfo", hostname: noHost })
      expect(socket.listenerCount("connect")).toBe(0)
    })

    it("to a host name that does not exist emits the error without a callback", async () => {
      const socket = open(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) => {
        socket.once("error", done)
        socket.connect(9, noHost)
      })
      expect(error.syscall).toBe("getaddrinfo")
    })

    it("to an address without a route calls back with the error of connect", async () => {
      const socket = await bound(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) =>
        socket.connect(9, "255.255.255.255", done as never)
      )
      expect(error).toMatchObject({
        code: expect.stringMatching(/^E(ACCES|INVAL|NETUNREACH)$/),
        syscall: "connect",
        address: "255.255.255.255",
        port: 9
      })
      expect(error.message).toBe(`connect ${error.code} 255.255.255.255:9`)
    })

    it("that failed leaves the socket so that it can connect", async () => {
      const socket = open(kit)
      await called((done) => socket.connect(9, noHost, done))
      expect(thrown(() => socket.remoteAddress())).toMatchObject(notConnected)
      await called<[]>((done) => socket.connect(9, done))
      expect(socket.remoteAddress().port).toBe(9)
    })

    it("lets through datagrams of the peer only", async () => {
      const [peer, other, socket] = [await bound(kit), await bound(kit), await bound(kit)]
      const { port } = socket.address()
      await called<[]>((done) => socket.connect(peer.address().port, done))
      const received = message(socket)
      await called((done) => other.send("from another", port, "127.0.0.1", done))
      peer.send("from the peer", port, "127.0.0.1")
      expect((await received).data.toString()).toBe("from the peer")
    })

    it("sends to the peer", async () => {
      const [peer, socket] = [await bound(kit), open(kit)]
      const received = message(peer)
      socket.connect(peer.address().port, () => socket.send("hello"))
      expect((await received).data.toString()).toBe("hello")
    })

    it("to a port at which no socket is reports ECONNREFUSED of a datagram before", async () => {
      const socket = open(kit)
      const port = await freePort(kit)
      await called<[]>((done) => socket.connect(port, done))
      const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.once("error", resolve))
      socket.send("into nothing")
      expect(await failed).toMatchObject({ code: "ECONNREFUSED", syscall: "recvmsg" })
    })

    it("goes on to receive after ECONNREFUSED", async () => {
      const socket = open(kit)
      const port = await freePort(kit)
      await called<[]>((done) => socket.connect(port, done))
      const failed = new Promise((resolve) => socket.once("error", resolve))
      socket.send("into nothing")
      await failed
      const peer = open(kit)
      await called<[]>((done) => peer.bind(port, "127.0.0.1", done))
      const received = message(socket)
      peer.send("hello", socket.address().port, "127.0.0.1")
      expect((await received).data.toString()).toBe("hello")
    })

    it("of a closed socket throws", async () => {
      const socket = open(kit)
      await closed(socket)
      expect(thrown(() => socket.connect(9))).toBeInstanceOf(Error)
    })
  })

export const disconnect = (kit: Kit): unknown =>
  describe("disconnect", () => {
    it("ends the connection at once", async () => {
      const socket = open(kit)
      await called<[]>((done) => socket.connect(9, done))
      expect(socket.disconnect()).toBeUndefined()
      expect(thrown(() => socket.remoteAddress())).toMatchObject(notConnected)
    })

    it("of a socket that is not connected throws ERR_SOCKET_DGRAM_NOT_CONNECTED", async () => {
      expect(thrown(() => open(kit).disconnect())).toMatchObject(notConnected)
      const socket = open(kit)
      await called<[]>((done) => socket.connect(9, done))
      socket.disconnect()
      expect(thrown(() => socket.disconnect())).toMatchObject(notConnected)
    })

    it("while the socket connects throws ERR_SOCKET_DGRAM_NOT_CONNECTED", async () => {
      const socket = open(kit)
      const done = once(socket, "connect")
      socket.connect(9)
      expect(thrown(() => socket.disconnect())).toMatchObject(notConnected)
      await done
    })

    it("of a socket with a port of the system keeps it, or loses it (a difference)", async () => {
      const [peer, socket] = [await bound(kit), await bound(kit)]
      const { port } = socket.address()
      await called<[]>((done) => socket.connect(peer.address().port, done))
      socket.disconnect()
      expect(socket.address().port).toBe(differing(kit, "disconnect keeps the port", { node: 0, ours: port }))
    })

    it("keeps a port that the program chose, and lets datagrams of others through", async () => {
      const [peer, other, socket] = [await bound(kit), await bound(kit), open(kit)]
      const port = await freePort(kit)
      await listening(socket, port)
      await called<[]>((done) => socket.connect(peer.address().port, done))
      socket.disconnect()
      expect(socket.address().port).toBe(port)
      const received = message(socket)
      other.send("from another", port, "127.0.0.1")
      expect((await received).data.toString()).toBe("from another")
    })

    it("lets the socket send to any address, and connect anew", async () => {
      const [one, other, socket] = [await bound(kit), await bound(kit), open(kit)]
      await called<[]>((done) => socket.connect(one.address().port, done))
      socket.disconnect()
      const first = message(other)
      socket.send("unconnected", other.address().port)
      expect((await first).data.toString()).toBe("unconnected")
      await called<[]>((done) => socket.connect(other.address().port, done))
      const second = message(other)
      socket.send("connected")
      expect((await second).data.toString()).toBe("connected")
    })
  })

export const addresses = (kit: Kit): unknown =>
  describe("address, remoteAddress", () => {
    it("of an unbound socket throws EBADF of getsockname", () => {
      expect(thrown(() => open(kit).address())).toMatchObject({
        code: "EBADF",
        errno: -9,
        syscall: "getsockname",
        message: "getsockname EBADF"
      })
    })

    it("of a closed socket throws ERR_SOCKET_DGRAM_NOT_RUNNING", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(thrown(() => socket.address())).toMatchObject({ code: "ERR_SOCKET_DGRAM_NOT_RUNNING" })
      expect(thrown(() => socket.remoteAddress())).toMatchObject({ code: "ERR_SOCKET_DGRAM_NOT_RUNNING" })
    })

    it.each(["udp4", "udp6"] as const)("of %s are plain objects of address, family and port", async (type) => {
      const socket = await bound(kit, type)
      const { port } = socket.address()
      expect(socket.address()).toStrictEqual({ address: loopback[type], family: familyOf[type], port })
      expect(Object.keys(socket.address()).toSorted()).toStrictEqual(["address", "family", "port"])
      expect(socket.address()).not.toBe(socket.address())
    })

    it("of a socket that is not connected throws ERR_SOCKET_DGRAM_NOT_CONNECTED", async () => {
      const socket = await bound(kit)
      expect(thrown(() => socket.remoteAddress())).toMatchObject(notConnected)
      await turns(1)
    })
  })
