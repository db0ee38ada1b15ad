/** The order in which a call is checked: its values, the socket, and what waits before it. */
import { once } from "node:events"
import { describe, expect, it } from "vitest"
import { differing } from "../differences.ts"
import { failure } from "../failures.ts"
import { bound, called, closed, type Kit, message, open, thrown } from "../kit.ts"

const group = "239.255.114.1"

export const order = (kit: Kit): void => {
  describe("a socket that is not bound", () => {
    it.each([
      ["setTTL", 0],
      ["setTTL", 256],
      ["setMulticastTTL", 256],
      ["setMulticastInterface", "x"],
      ["addMembership", "x"],
      ["dropMembership", "x"]
    ] as const)("%s of %j throws EINVAL, and the socket stays as it is", async (method, value) => {
      const socket = open(kit)
      expect(thrown(() => socket[method](value as never))).toMatchObject(failure(method, "EINVAL", -22))
      expect(thrown(() => socket.address()).code).toBe("EBADF")
    })

    it.each([
      ["x", "232.1.2.3"],
      ["127.0.0.1", "x"],
      ["::1", "232.1.2.3"]
    ])("a membership of source %j and group %j throws EINVAL, without a bind", (source, to) => {
      const socket = open(kit)
      for (const method of ["addSourceSpecificMembership", "dropSourceSpecificMembership"] as const)
        expect(thrown(() => socket[method](source, to))).toMatchObject(failure(method, "EINVAL", -22))
      expect(thrown(() => socket.address()).code).toBe("EBADF")
    })

    it("a membership on an invalid interface throws EINVAL, and binds it", () => {
      const socket = open(kit)
      expect(thrown(() => socket.addMembership(group, "x")).code).toBe("EINVAL")
      expect(socket.address().port).toBeGreaterThan(0)
    })
  })

  describe("intended differences", () => {
    it("a group of the other family makes a socket of that family, or one of its own", () => {
      const socket = open(kit, "udp6")
      expect(socket.addMembership(group)).toBeUndefined()
      expect(socket.address().address).toBe(
        differing(kit, "a group of the other family before bind", { node: "0.0.0.0", ours: "::" })
      )
    })

    it("connect delivers datagrams of others that came before it, or drops them", async () => {
      const [socket, peer, other] = [await bound(kit), await bound(kit), await bound(kit)]
      const received: Array<{ readonly data: Buffer }> = []
      socket.on("message", (data) => received.push({ data }))
      const { port } = socket.address()
      await new Promise<void>((resolve) => {
        other.send("before", port, "127.0.0.1", () => {
          socket.connect(peer.address().port, () => resolve())
        })
      })
      const last = once(socket, "message")
      if (received.length === 0 && kit.name === "node:dgram") await last
      const after = once(socket, "message")
      peer.send("after", port, "127.0.0.1")
      await after
      expect(received.map(({ data }) => String(data))).toStrictEqual(
        differing(kit, "datagrams from before connect", { node: ["before", "after"], ours: ["after"] })
      )
    })

    it("a socket whose bind failed has a descriptor, or none", async () => {
      const socket = open(kit)
      const failed = once(socket, "error")
      socket.bind(0, "192.0.2.1")
      await failed
      const outcome = () => {
        try {
          return socket.address().port
        } catch (error) {
          return (error as NodeJS.ErrnoException).code
        }
      }
      expect(outcome()).toBe(differing<string | number>(kit, "a failed bind", { node: 0, ours: "EBADF" }))
    })
  })

  describe("a closed socket", () => {
    it.each(["setRecvBufferSize", "setSendBufferSize"] as const)("%s checks its size first", async (method) => {
      const socket = await bound(kit)
      await closed(socket)
      expect(thrown(() => socket[method](-1)).code).toBe("ERR_SOCKET_BAD_BUFFER_SIZE")
    })
  })

  describe("a socket that is bound", () => {
    it.each([
      [0, "192.0.2.1", "EADDRNOTAVAIL", "bind EADDRNOTAVAIL 192.0.2.1"],
      [70_000, "127.0.0.1", "EINVAL", "bind EINVAL 127.0.0.1:70000"],
      ["x", "127.0.0.1", "EINVAL", "bind EINVAL 127.0.0.1"]
    ] as const)("a bind to %j, %s emits %s with the port as it was given", async (port, address, code, text) => {
      const socket = open(kit)
      socket.addMembership(group, "127.0.0.1")
      const failed = once(socket, "error")
      socket.bind(port as number, address)
      const [error] = await failed
      expect(error).toMatchObject({ code, message: text, address })
      expect((error as { readonly port?: unknown }).port).toBe(port === 0 ? undefined : port)
    })

    it.each([
      ["udp4", "ff02::114", "127.0.0.1"],
      ["udp6", group, "::%lo"]
    ] as const)("of %s: the group %s on an interface of the other family throws EINVAL", async (type, to, at) => {
      const socket = await bound(kit, type)
      for (const method of ["addMembership", "dropMembership"] as const)
        expect(thrown(() => socket[method](to, at))).toMatchObject(failure(method, "EINVAL", -22))
    })

    it("on an unknown interface a join throws ENODEV, a leave EADDRNOTAVAIL", async () => {
      const socket = await bound(kit)
      expect(thrown(() => socket.addMembership(group, "192.0.2.1")).code).toBe("ENODEV")
      expect(thrown(() => socket.dropMembership(group, "192.0.2.1")).code).toBe("EADDRNOTAVAIL")
    })

    it("of udp6 joins IPv4 groups, and hears them", async () => {
      const [socket, sender] = [open(kit, "udp6"), await bound(kit)]
      await called<[]>((done) => socket.bind(0, done))
      expect(socket.setMulticastInterface("127.0.0.1")).toBeUndefined()
      expect(socket.addMembership(group, "127.0.0.1")).toBeUndefined()
      sender.setMulticastInterface("127.0.0.1")
      const received = message(socket)
      sender.send("to the group", socket.address().port, group)
      expect(await received).toMatchObject({
        data: Buffer.from("to the group"),
        info: { address: "::ffff:127.0.0.1", family: "IPv6" }
      })
      expect(socket.dropMembership(group, "127.0.0.1")).toBeUndefined()
      expect(thrown(() => socket.dropMembership(group, "127.0.0.1")).code).toBe("EADDRNOTAVAIL")
    })
  })

  describe("a send with a port after connect", () => {
    it.each([
      ["127.0.0.1", "send EISCONN 127.0.0.1:9"],
      [undefined, "send EISCONN undefined:9"],
      [null, "send EISCONN null:9"]
    ])("to %j gives EISCONN to its callback, because the connect ends first", async (address, text) => {
      const [socket, peer] = [await bound(kit), await bound(kit)]
      const connected = once(socket, "connect")
      socket.connect(peer.address().port)
      const [error] = await called<[Error | null]>((done) => socket.send("x", 9, address as never, done))
      expect(error).toMatchObject({ code: "EISCONN", syscall: "send", port: 9, message: text })
      await connected
    })

    it("leaves if the connect fails", async () => {
      const [socket, peer] = [await bound(kit), await bound(kit)]
      const failed = once(socket, "error")
      socket.connect(9, "::1")
      const received = message(peer)
      socket.send("after all", peer.address().port, "127.0.0.1")
      await failed
      expect((await received).data.toString()).toBe("after all")
    })
  })
}
