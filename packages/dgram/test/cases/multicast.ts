import { networkInterfaces } from "node:os"
import { describe, expect, it } from "vitest"
import { bound, called, closed, type Kit, message, messages, open, texts, thrown } from "../kit.ts"

import { failure, gone } from "../failures.ts"

/** An interface other than the loopback one, which takes multicast: its IPv4 address, and its name if it has IPv6. */
const links = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
  addresses.filter(({ internal }) => !internal).map(({ address, family }) => ({ name, address, family }))
)
const link4 = links.find(({ family }) => family === "IPv4")?.address
const link6 = links.find(({ address }) => address.startsWith("fe80"))?.name

export const multicast = (kit: Kit): void => {
  const group = "224.0.0.114"
  const notRunning = { code: "ERR_SOCKET_DGRAM_NOT_RUNNING", message: "Not running", name: "Error" }

  describe.each(["addMembership", "dropMembership"] as const)("%s", (method) => {
    it("of a closed socket throws ERR_SOCKET_DGRAM_NOT_RUNNING", async () => {
      const socket = open(kit)
      await closed(socket)
      expect(thrown(() => socket[method](group))).toMatchObject(notRunning)
    })

    it.each([undefined, null, "", 0])("of %j throws ERR_MISSING_ARGS", (address) => {
      expect(thrown(() => open(kit)[method](address as never))).toMatchObject({
        code: "ERR_MISSING_ARGS",
        name: "TypeError",
        message: 'The "multicastAddress" argument must be specified'
      })
    })

    it.each(["256.256.256.256", "x", "10.0.0.1", 5])("of %j throws EINVAL", async (address) => {
      const socket = await bound(kit)
      const code = method === "dropMembership" && address === "10.0.0.1" ? "EADDRNOTAVAIL" : "EINVAL"
      expect(thrown(() => socket[method](address as never))).toMatchObject({ code, syscall: method, name: "Error" })
    })

    it.each(["x", "256.0.0.1", "::1", 5])("on the interface %j throws EINVAL", async (address) => {
      const socket = await bound(kit)
      expect(thrown(() => socket[method](group, address as never))).toMatchObject(failure(method, "EINVAL", -22))
    })
  })

  describe("membership", () => {
    it("addMembership of an unbound socket returns nothing and binds it to any port", () => {
      const socket = open(kit)
      expect(socket.addMembership(group, "127.0.0.1")).toBeUndefined()
      expect(socket.address()).toStrictEqual({ address: "0.0.0.0", family: "IPv4", port: expect.any(Number) })
      expect(socket.address().port).toBeGreaterThan(0)
    })

    it("a bind after addMembership of an unbound socket emits EINVAL", async () => {
      const socket = open(kit)
      socket.addMembership(group, "127.0.0.1")
      const failed = new Promise((resolve) => socket.once("error", resolve))
      socket.bind(0, "127.0.0.1")
      expect(await failed).toMatchObject({ code: "EINVAL", syscall: "bind", message: "bind EINVAL 127.0.0.1" })
    })

    it("dropMembership without addMembership throws EADDRNOTAVAIL", () => {
      expect(thrown(() => open(kit).dropMembership(group))).toMatchObject(
        failure("dropMembership", "EADDRNOTAVAIL", -99)
      )
    })

    it("dropMembership after addMembership returns nothing, a second time it throws", async () => {
      const socket = await bound(kit)
      socket.addMembership(group, "127.0.0.1")
      expect(socket.dropMembership(group, "127.0.0.1")).toBeUndefined()
      expect(thrown(() => socket.dropMembership(group, "127.0.0.1")).code).toBe("EADDRNOTAVAIL")
    })

    it("addMembership a second time throws EADDRINUSE", async () => {
      const socket = await bound(kit)
      socket.addMembership(group, "127.0.0.1")
      expect(thrown(() => socket.addMembership(group, "127.0.0.1"))).toMatchObject(
        failure("addMembership", "EADDRINUSE", -98)
      )
    })

    it("addMembership on an address of no interface throws ENODEV", async () => {
      const socket = await bound(kit)
      expect(thrown(() => socket.addMembership(group, "203.0.113.1"))).toMatchObject(
        failure("addMembership", "ENODEV", -19)
      )
    })

    it("addMembership of a group of the other family throws", async () => {
      const socket = await bound(kit)
      expect(thrown(() => socket.addMembership("ff02::114"))).toMatchObject({ syscall: "addMembership" })
    })

    it("a socket of udp4 receives what is sent to its group, until it leaves", async () => {
      const socket = open(kit, { type: "udp4", reuseAddr: true })
      await called<[]>((done) => socket.bind(0, done))
      const { port } = socket.address()
      socket.addMembership(group, "127.0.0.1")
      const sender = await bound(kit)
      sender.setMulticastInterface("127.0.0.1")
      const first = message(socket)
      sender.send("to the group", port, group)
      expect((await first).data.toString()).toBe("to the group")
      socket.dropMembership(group, "127.0.0.1")
      const next = message(socket)
      await called((done) => sender.send("not heard", port, group, done))
      sender.send("heard", port, "127.0.0.1")
      expect((await next).data.toString()).toBe("heard")
    })

    it("a udp6 socket joins a group on an interface by its name or number, and leaves it", async () => {
      const socket = await bound(kit, "udp6")
      for (const zone of ["lo", "1"]) {
        expect(socket.addMembership("ff02::114", `::%${zone}`)).toBeUndefined()
        expect(thrown(() => socket.addMembership("ff02::114", `::%${zone}`)).code).toBe("EADDRINUSE")
        expect(socket.dropMembership("ff02::114", `::%${zone}`)).toBeUndefined()
      }
    })

    it.runIf(link6 !== undefined)("a socket of udp6 receives what is sent to its group on an interface", async () => {
      const socket = open(kit, "udp6")
      await called<[]>((done) => socket.bind(0, done))
      socket.addMembership("ff02::114", `::%${link6}`)
      const sender = open(kit, "udp6")
      await called<[]>((done) => sender.bind(0, done))
      sender.setMulticastInterface(`::%${link6}`)
      // Not beyond this host.
      sender.setMulticastTTL(0)
      const received = message(socket)
      sender.send("to the group", socket.address().port, "ff02::114")
      const { data, info } = await received
      expect(data.toString()).toBe("to the group")
      expect(info.address).toMatch(new RegExp(`^fe80:.*%${link6}$`))
    })

    it("a socket of udp6 that leaves a group it is not in throws EADDRNOTAVAIL", async () => {
      const socket = await bound(kit, "udp6")
      expect(thrown(() => socket.dropMembership("ff02::114", "::%lo")).code).toBe("EADDRNOTAVAIL")
    })
  })

  describe("setMulticastInterface", () => {
    it.each([
      ["udp4", "0.0.0.0"],
      ["udp4", "127.0.0.1"],
      ["udp6", "::"],
      ["udp6", "::%lo"],
      ["udp6", "::%1"],
      ["udp6", "::%no-such-interface"]
    ] as const)("of %s to %s returns nothing", async (type, address) => {
      expect((await bound(kit, type)).setMulticastInterface(address)).toBeUndefined()
    })

    it.each([
      ["udp4", "224.0.0.2", "EADDRNOTAVAIL"],
      ["udp4", "203.0.113.1", "EADDRNOTAVAIL"],
      ["udp4", "x", "EINVAL"],
      ["udp4", "", "EINVAL"],
      ["udp6", "undefined", "EINVAL"],
      ["udp6", "", "EINVAL"]
    ] as const)("of %s to %j throws %s", async (type, address, code) => {
      const socket = await bound(kit, type)
      expect(thrown(() => socket.setMulticastInterface(address))).toMatchObject({
        code: address === "" && type === "udp4" ? expect.any(String) : code,
        syscall: "setMulticastInterface",
        name: "Error"
      })
    })

    it("to an address of the other family throws", async () => {
      const socket = await bound(kit)
      expect(thrown(() => socket.setMulticastInterface("::"))).toMatchObject({ syscall: "setMulticastInterface" })
    })

    it.each([1, undefined, null, {}])("to %j throws ERR_INVALID_ARG_TYPE", async (address) => {
      const socket = await bound(kit)
      const error = thrown(() => socket.setMulticastInterface(address as never))
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", name: "TypeError" })
      expect(error.message).toMatch(/^The "interfaceAddress" argument must be of type string\. Received /)
    })

    it("of an unbound socket throws EBADF", () => {
      expect(thrown(() => open(kit).setMulticastInterface("0.0.0.0"))).toMatchObject(
        failure("setMulticastInterface", "EBADF", -9)
      )
    })

    it("of a closed socket throws ERR_SOCKET_DGRAM_NOT_RUNNING", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(thrown(() => socket.setMulticastInterface("0.0.0.0"))).toMatchObject(notRunning)
    })
  })

  describe("setMulticastLoopback", () => {
    it.each([0, 1, 16, true, false, "x"])("of %j returns it", async (flag) => {
      expect((await bound(kit)).setMulticastLoopback(flag as never)).toBe(flag)
      expect((await bound(kit, "udp6")).setMulticastLoopback(flag as never)).toBe(flag)
    })

    it.runIf(link4 !== undefined)("of false keeps multicast from sockets of this host", async () => {
      const socket = open(kit, { type: "udp4", reuseAddr: true })
      await called<[]>((done) => socket.bind(0, done))
      const { port } = socket.address()
      socket.addMembership(group, link4)
      const sender = open(kit)
      await called<[]>((done) => sender.bind(0, done))
      sender.setMulticastInterface(link4 ?? "")
      // Not beyond this host.
      sender.setMulticastTTL(0)
      const received = messages(socket, 2)
      await called((done) => sender.send("1", port, group, done))
      sender.setMulticastLoopback(false)
      await called((done) => sender.send("2", port, group, done))
      sender.setMulticastLoopback(true)
      sender.send("3", port, group)
      expect(texts(await received)).toStrictEqual(["1", "3"])
    })

    it("of an unbound socket throws EBADF", () => {
      expect(thrown(() => open(kit).setMulticastLoopback(true))).toMatchObject(
        failure("setMulticastLoopback", "EBADF", -9)
      )
    })

    it("of a closed socket throws", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(thrown(() => socket.setMulticastLoopback(true))).toMatchObject(gone(kit))
    })
  })

  describe.each(["addSourceSpecificMembership", "dropSourceSpecificMembership"] as const)("%s", (method) => {
    const channel = "232.1.1.1"

    it.each([
      [5, channel, "sourceAddress"],
      [undefined, channel, "sourceAddress"],
      ["127.0.0.1", 5, "groupAddress"],
      ["127.0.0.1", undefined, "groupAddress"]
    ])("of %j and %j throws ERR_INVALID_ARG_TYPE", (source, address, name) => {
      const error = thrown(() => open(kit)[method](source as never, address as never))
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", name: "TypeError" })
      expect(error.message).toMatch(new RegExp(`^The "${name}" argument must be of type string\\. Received `))
    })

    it.each([
      ["x", channel],
      ["127.0.0.1", "x"]
    ])("of %j and %j throws EINVAL", async (source, address) => {
      const socket = await bound(kit)
      expect(thrown(() => socket[method](source, address, "127.0.0.1"))).toMatchObject(failure(method, "EINVAL", -22))
    })

    it("of a closed socket throws ERR_SOCKET_DGRAM_NOT_RUNNING", async () => {
      const socket = await bound(kit)
      await closed(socket)
      expect(thrown(() => socket[method]("127.0.0.1", channel))).toMatchObject(notRunning)
    })
  })

  describe("source-specific membership", () => {
    const channel = "232.1.1.1"

    it("lets through what its source sends to the group, until it is dropped", async () => {
      const socket = open(kit)
      await called<[]>((done) => socket.bind(0, done))
      const { port } = socket.address()
      expect(socket.addSourceSpecificMembership("127.0.0.1", channel, "127.0.0.1")).toBeUndefined()
      const [source, other] = [open(kit), open(kit)]
      await called<[]>((done) => source.bind(0, "127.0.0.1", done))
      await called<[]>((done) => other.bind(0, "127.0.0.2", done))
      for (const sender of [source, other]) sender.setMulticastInterface("127.0.0.1")
      const received = messages(socket, 2)
      await called((done) => other.send("of another", port, channel, done))
      await called((done) => source.send("of the source", port, channel, done))
      expect(socket.dropSourceSpecificMembership("127.0.0.1", channel, "127.0.0.1")).toBeUndefined()
      await called((done) => source.send("after it was dropped", port, channel, done))
      source.send("unicast", port, "127.0.0.1")
      expect(texts(await received)).toStrictEqual(["of the source", "unicast"])
    })

    it("a second time throws EADDRNOTAVAIL", async () => {
      const socket = await bound(kit)
      socket.addSourceSpecificMembership("127.0.0.1", channel, "127.0.0.1")
      expect(thrown(() => socket.addSourceSpecificMembership("127.0.0.1", channel, "127.0.0.1"))).toMatchObject(
        failure("addSourceSpecificMembership", "EADDRNOTAVAIL", -99)
      )
    })

    it("of an unbound socket binds it", () => {
      const socket = open(kit)
      socket.addSourceSpecificMembership("127.0.0.1", channel, "127.0.0.1")
      expect(socket.address().port).toBeGreaterThan(0)
    })

    it("of udp6 joins a channel on an interface", async () => {
      const socket = await bound(kit, "udp6")
      expect(socket.addSourceSpecificMembership("::1", "ff3e::1234", "::%lo")).toBeUndefined()
      expect(socket.dropSourceSpecificMembership("::1", "ff3e::1234", "::%lo")).toBeUndefined()
    })
  })
}
