import { BlockList } from "node:net"
import { describe, expect, it } from "vitest"
import { bound, called, closed, type Kit, listening, message, messages, open, texts, thrown, turns } from "../kit.ts"

export const sharing = (kit: Kit): unknown =>
  describe("options of createSocket", () => {
    it("reuseAddr lets several sockets bind to one address", async () => {
      const options = { type: "udp4", reuseAddr: true } as const
      const first = await bound(kit, options)
      const second = await listening(open(kit, options), first.address().port)
      expect(second.address()).toStrictEqual(first.address())
    })

    it("without reuseAddr a second socket fails with EADDRINUSE", async () => {
      const first = await bound(kit, { type: "udp4", reuseAddr: true })
      const second = open(kit, "udp4")
      const failed = new Promise((resolve) => second.once("error", resolve))
      second.bind(first.address().port, "127.0.0.1")
      expect(await failed).toMatchObject({ code: "EADDRINUSE" })
    })

    it.runIf(kit.has.reusePort)("reusePort lets several sockets share the datagrams of one address", async () => {
      const options = { type: "udp4", reusePort: true } as const
      const first = await bound(kit, options)
      const second = await listening(open(kit, options), first.address().port)
      expect(second.address()).toStrictEqual(first.address())
      const all = new Promise<ReadonlyArray<string>>((resolve) => {
        const seen: Array<string> = []
        for (const socket of [first, second])
          socket.on("message", (data) => {
            if (seen.push(data.toString()) === 20) resolve(seen)
          })
      })
      for (let i = 0; i < 20; i++) {
        const sender = await bound(kit)
        sender.send(String(i), first.address().port)
      }
      expect([...(await all)].toSorted((a, b) => Number(a) - Number(b))).toStrictEqual(
        Array.from({ length: 20 }, (_, i) => String(i))
      )
    })

    it.runIf(kit.has.reusePort)("reusePort of one socket only fails with EADDRINUSE", async () => {
      const first = await bound(kit, { type: "udp4", reusePort: true })
      const second = open(kit, "udp4")
      const failed = new Promise((resolve) => second.once("error", resolve))
      second.bind(first.address().port, "127.0.0.1")
      expect(await failed).toMatchObject({ code: "EADDRINUSE" })
    })

    it("ipv6Only lets an IPv4 socket bind to the same port", async () => {
      const attempt = async () => {
        const socket = open(kit, { type: "udp6", ipv6Only: true })
        await called<[]>((done) => socket.bind(0, "::", done))
        const { port } = socket.address()
        const other = open(kit)
        const ended = new Promise((resolve) => {
          other.once("listening", () => resolve(other.address().port - port))
          other.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code))
        })
        other.bind(port, "0.0.0.0")
        return ended
      }
      // Another program may have the port.
      let outcome = await attempt()
      for (let more = 20; outcome === "EADDRINUSE" && more > 0; more--) outcome = await attempt()
      expect(outcome).toBe(0)
    })

    it("without ipv6Only a socket of :: has the port of IPv4, too", async () => {
      const socket = open(kit, "udp6")
      await called<[]>((done) => socket.bind(0, "::", done))
      const other = open(kit)
      const failed = new Promise((resolve) => other.once("error", resolve))
      other.bind(socket.address().port, "0.0.0.0")
      expect(await failed).toMatchObject({ code: "EADDRINUSE" })
    })

    it("ipv6Only keeps datagrams of IPv4 away", async () => {
      const socket = open(kit, { type: "udp6", ipv6Only: true })
      await called<[]>((done) => socket.bind(0, "::", done))
      const { port } = socket.address()
      const [four, six] = [open(kit), open(kit, "udp6")]
      const received = message(socket)
      await called((done) => four.send("of IPv4", port, "127.0.0.1", done))
      six.send("of IPv6", port, "::1")
      expect((await received).data.toString()).toBe("of IPv6")
    })
  })

export const blockLists = (kit: Kit): unknown =>
  describe.runIf(kit.has.blockLists)("block lists", () => {
    const blocked = (address = "127.0.0.1") => {
      const list = new BlockList()
      list.addAddress(address)
      return list
    }
    const error = { code: "ERR_IP_BLOCKED", name: "Error", message: "IP(127.0.0.1) is blocked by net.BlockList" }

    it.each(["receiveBlockList", "sendBlockList"] as const)("an invalid %s throws ERR_INVALID_ARG_TYPE", (option) => {
      for (const list of [{}, "127.0.0.1", 5, [], new Set()]) {
        const failure = thrown(() => kit.createSocket({ type: "udp4", [option]: list as never }))
        expect(failure).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", name: "TypeError" })
        expect(failure.message).toMatch(
          new RegExp(`^The "options\\.${option}" property must be an (instance of )?net\\.BlockList`)
        )
      }
    })

    it.each([undefined, null, false, 0, ""])("%j for a list is no list", async (list) => {
      const socket = await bound(kit, { type: "udp4", receiveBlockList: list as never, sendBlockList: list as never })
      const received = message(socket)
      socket.send("x", socket.address().port)
      await received
    })

    it("connect to a blocked address calls back with ERR_IP_BLOCKED", async () => {
      const socket = open(kit, { type: "udp4", sendBlockList: blocked() })
      expect((await called((done) => socket.connect(9999, "127.0.0.1", done)))[0]).toMatchObject(error)
    })

    it("connect to a blocked address emits ERR_IP_BLOCKED without a callback", async () => {
      const socket = open(kit, { type: "udp4", sendBlockList: blocked() })
      const failed = new Promise((resolve) => socket.once("error", resolve))
      socket.connect(9999, "127.0.0.1")
      expect(await failed).toMatchObject(error)
    })

    it("send to a blocked address calls back with ERR_IP_BLOCKED and sends nothing", async () => {
      const [receiver, socket] = [await bound(kit), open(kit, { type: "udp4", sendBlockList: blocked() })]
      const received = message(receiver)
      const { port } = receiver.address()
      expect((await called((done) => socket.send("x", port, "127.0.0.1", done)))[0]).toMatchObject(error)
      const other = await bound(kit)
      other.send("of another", port)
      expect((await received).data.toString()).toBe("of another")
    })

    it("send to a blocked address without a callback drops the datagram", async () => {
      const socket = open(kit, { type: "udp4", sendBlockList: blocked() })
      socket.on("error", () => expect.unreachable())
      socket.send("x", 9999, "127.0.0.1")
      await turns()
    })

    it("a host name whose address is blocked is blocked", async () => {
      const socket = open(kit, { type: "udp4", sendBlockList: blocked() })
      expect((await called((done) => socket.send("x", 9999, "localhost", done)))[0]).toMatchObject(error)
    })

    it("addresses that are not listed are sent to", async () => {
      const receiver = await bound(kit)
      const socket = open(kit, { type: "udp4", sendBlockList: blocked("192.0.2.1") })
      const received = message(receiver)
      socket.send("x", receiver.address().port, "127.0.0.1")
      await received
    })

    it("datagrams of blocked senders are dropped without an event", async () => {
      const socket = open(kit, { type: "udp4", receiveBlockList: blocked("127.0.0.2") })
      await called<[]>((done) => socket.bind(0, done))
      const { port } = socket.address()
      const [bad, good] = [open(kit), await bound(kit)]
      await called<[]>((done) => bad.bind(0, "127.0.0.2", done))
      const received = messages(socket, 2)
      await called((done) => good.send("1", port, "127.0.0.1", done))
      await called((done) => bad.send("blocked", port, "127.0.0.1", done))
      await called((done) => good.send("2", port, "127.0.0.1", done))
      expect(texts(await received)).toStrictEqual(["1", "2"])
    })

    it("a rule that is added later counts from then on", async () => {
      const list = new BlockList()
      const socket = await bound(kit, { type: "udp4", receiveBlockList: list })
      const first = message(socket)
      socket.send("1", socket.address().port)
      await first
      list.addSubnet("127.0.0.0", 8)
      let heard = 0
      socket.on("message", () => heard++)
      await called((done) => socket.send("2", socket.address().port, done))
      await turns()
      expect(heard).toBe(0)
    })
  })

export const lookup = (kit: Kit): unknown =>
  describe("lookup", () => {
    type Lookup = NonNullable<Exclude<Parameters<Kit["createSocket"]>[0], string>["lookup"]>
    const seen = (calls: Array<ReadonlyArray<unknown>>, answer = "127.0.0.1"): Lookup =>
      ((name: string, family: number, callback: (...args: ReadonlyArray<unknown>) => void) => {
        calls.push([name, family])
        process.nextTick(callback, null, answer, 4)
      }) as unknown as Lookup

    it("is called by bind, with the address and the family", async () => {
      const calls: Array<ReadonlyArray<unknown>> = []
      const socket = open(kit, { type: "udp4", lookup: seen(calls) })
      await called<[]>((done) => socket.bind(0, "my-host", done))
      expect(calls).toStrictEqual([["my-host", 4]])
      expect(socket.address().address).toBe("127.0.0.1")
    })

    it("is called by bind without an address, with that of all", async () => {
      const calls: Array<ReadonlyArray<unknown>> = []
      const socket = open(kit, { type: "udp4", lookup: seen(calls) })
      await called<[]>((done) => socket.bind(0, done))
      expect(calls).toStrictEqual([["0.0.0.0", 4]])
    })

    it("of udp6 is called with the family 6", async () => {
      const calls: Array<ReadonlyArray<unknown>> = []
      const socket = open(kit, { type: "udp6", lookup: seen(calls, "::1") })
      await called<[]>((done) => socket.bind(0, "my-host", done))
      expect(calls).toStrictEqual([["my-host", 6]])
      await called((done) => socket.send("x", 9, done))
      expect(calls).toStrictEqual([
        ["my-host", 6],
        ["::1", 6]
      ])
    })

    it("is called by connect", async () => {
      const calls: Array<ReadonlyArray<unknown>> = []
      const socket = open(kit, { type: "udp4", lookup: seen(calls) })
      await called<[]>((done) => socket.bind(0, done))
      await called<[]>((done) => socket.connect(9, "my-peer", done))
      expect(calls[1]).toStrictEqual(["my-peer", 4])
      expect(socket.remoteAddress().address).toBe("127.0.0.1")
    })

    it("is called by each send, also for an address", async () => {
      const calls: Array<ReadonlyArray<unknown>> = []
      const socket = open(kit, { type: "udp4", lookup: seen(calls) })
      await called<[]>((done) => socket.bind(0, done))
      await called((done) => socket.send("x", 9, "my-peer", done))
      await called((done) => socket.send("x", 9, "127.0.0.1", done))
      await called((done) => socket.send("x", 9, done))
      expect(calls.slice(1)).toStrictEqual([
        ["my-peer", 4],
        ["127.0.0.1", 4],
        ["127.0.0.1", 4]
      ])
    })

    it("is not called by a send on a connected socket", async () => {
      const calls: Array<ReadonlyArray<unknown>> = []
      const socket = open(kit, { type: "udp4", lookup: seen(calls) })
      await called<[]>((done) => socket.connect(9, done))
      const before = calls.length
      await called((done) => socket.send("x", done))
      expect(calls.length).toBe(before)
    })

    it("that calls back at once is as good", async () => {
      const at = ((_: string, family: number, callback: (...args: ReadonlyArray<unknown>) => void) =>
        callback(null, "127.0.0.1", family)) as unknown as Lookup
      const socket = open(kit, { type: "udp4", lookup: at })
      socket.bind(0, "my-host")
      expect(socket.address().address).toBe("127.0.0.1")
      const received = message(socket)
      socket.send("hello", socket.address().port, "any")
      expect((await received).data.toString()).toBe("hello")
    })

    it("with answers out of order sends in the order of the answers", async () => {
      const answers: Array<() => void> = []
      const held = ((name: string, family: number, callback: (...args: ReadonlyArray<unknown>) => void) =>
        name === "0.0.0.0"
          ? callback(null, name, family)
          : answers.push(() => callback(null, "127.0.0.1", family))) as unknown as Lookup
      const receiver = await bound(kit)
      const socket = open(kit, { type: "udp4", lookup: held })
      socket.bind(0)
      const received = messages(receiver, 2)
      socket.send("first asked", receiver.address().port, "slow")
      socket.send("second asked", receiver.address().port, "fast")
      for (const answer of answers.toReversed()) answer()
      expect(texts(await received)).toStrictEqual(["second asked", "first asked"])
    })

    it("by default is that of dns, for host names", async () => {
      const dns = (await import("node:dns")).default
      const real = dns.lookup
      const names: Array<unknown> = []
      dns.lookup = ((...args: ReadonlyArray<unknown>) => {
        names.push(args[0])
        return (real as (...args: ReadonlyArray<unknown>) => unknown)(...args)
      }) as unknown as typeof dns.lookup
      try {
        const socket = open(kit)
        await called<[]>((done) => socket.bind(0, "localhost", done))
      } finally {
        dns.lookup = real
      }
      expect(names).toStrictEqual(["localhost"])
    })

    it.runIf(kit.has.literals)("by default is not called for an address of the family", async () => {
      const dns = (await import("node:dns")).default
      const real = dns.lookup
      dns.lookup = (() => expect.unreachable()) as unknown as typeof dns.lookup
      try {
        const socket = open(kit)
        await called<[]>((done) => socket.bind(0, "127.0.0.1", done))
        await called((done) => socket.send("x", 9, "127.0.0.1", done))
        await closed(socket)
      } finally {
        dns.lookup = real
      }
    })
  })

export const synchronous = (kit: Kit): unknown =>
  describe.runIf(kit.has.bindSync)("bindSync, connectSync", () => {
    it("bindSync returns the address, which address() returns as well", () => {
      const socket = open(kit)
      const address = socket.bindSync({ address: "127.0.0.1", port: 0 })
      expect(address).toStrictEqual({ address: "127.0.0.1", family: "IPv4", port: expect.any(Number) })
      expect(address.port).toBeGreaterThan(0)
      expect(socket.address()).toStrictEqual(address)
    })

    it.each([
      ["udp4", "0.0.0.0"],
      ["udp6", "::"]
    ] as const)("bindSync of %s without options binds to %s", (type, address) => {
      expect(open(kit, type).bindSync()).toMatchObject({ address })
    })

    it("bindSync emits listening in the next tick", async () => {
      const socket = open(kit)
      let count = 0
      socket.on("listening", () => count++)
      socket.bindSync()
      expect(count).toBe(0)
      await turns(1)
      expect(count).toBe(1)
    })

    it("bindSync and close at once emit no listening", async () => {
      const socket = open(kit)
      socket.on("listening", () => expect.unreachable())
      socket.bindSync({ port: 0 })
      await called((done) => socket.close(done))
      await turns()
    })

    it("bindSync to a port in use throws EADDRINUSE, and the socket can bind to another", () => {
      const first = open(kit)
      const { port } = first.bindSync({ address: "127.0.0.1" })
      const second = open(kit)
      expect(thrown(() => second.bindSync({ address: "127.0.0.1", port }))).toMatchObject({
        code: "EADDRINUSE",
        syscall: "bind",
        address: "127.0.0.1",
        port
      })
    })

    it("bindSync with wrong arguments throws, and the socket stays unbound", () => {
      const socket = open(kit)
      expect(thrown(() => socket.bindSync({ address: "localhost" }))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        name: "TypeError",
        message:
          "The property 'options.address' must be a numeric IP address; bindSync does not perform DNS resolution. Received 'localhost'"
      })
      expect(thrown(() => socket.bindSync({ address: 12_345 as never })).code).toBe("ERR_INVALID_ARG_TYPE")
      expect(thrown(() => socket.bindSync({ port: -1 })).code).toBe("ERR_SOCKET_BAD_PORT")
      expect(thrown(() => socket.bindSync(0 as never)).code).toBe("ERR_INVALID_ARG_TYPE")
      expect(socket.bindSync().port).toBeGreaterThan(0)
    })

    it("bindSync of a bound socket throws ERR_SOCKET_ALREADY_BOUND", () => {
      const socket = open(kit)
      socket.bindSync()
      expect(thrown(() => socket.bindSync()).code).toBe("ERR_SOCKET_ALREADY_BOUND")
      expect(thrown(() => socket.bind()).code).toBe("ERR_SOCKET_ALREADY_BOUND")
    })

    it("bindSync to an address with a zone binds there", () => {
      expect(open(kit, "udp6").bindSync({ address: "::1%lo" })).toMatchObject({ address: "::1", family: "IPv6" })
    })

    it("a socket of bindSync receives", async () => {
      const socket = open(kit)
      const { port } = socket.bindSync({ address: "127.0.0.1" })
      const received = message(socket)
      open(kit).send("hello", port, "127.0.0.1")
      expect((await received).data.toString()).toBe("hello")
    })

    it("connectSync binds, connects, and emits connect in the next tick", async () => {
      const socket = open(kit)
      let count = 0
      socket.on("connect", () => count++)
      expect(socket.connectSync(9)).toBeUndefined()
      expect(socket.remoteAddress()).toStrictEqual({ address: "127.0.0.1", family: "IPv4", port: 9 })
      expect(count).toBe(0)
      await turns(1)
      expect(count).toBe(1)
    })

    it("connectSync with wrong arguments throws, and the socket can connect", () => {
      const socket = open(kit)
      expect(thrown(() => socket.connectSync(0)).code).toBe("ERR_SOCKET_BAD_PORT")
      expect(thrown(() => socket.connectSync(9, "localhost")).code).toBe("ERR_INVALID_ARG_VALUE")
      expect(thrown(() => socket.connectSync(9, 5 as never)).code).toBe("ERR_INVALID_ARG_TYPE")
      socket.connectSync(9, "127.0.0.1")
      expect(thrown(() => socket.connectSync(9)).code).toBe("ERR_SOCKET_DGRAM_IS_CONNECTED")
    })

    it("connectSync while the socket binds throws ERR_SOCKET_ALREADY_BOUND", () => {
      const socket = open(kit)
      socket.bind(0)
      expect(thrown(() => socket.connectSync(9)).code).toBe("ERR_SOCKET_ALREADY_BOUND")
    })

    it("of a closed socket throw ERR_SOCKET_DGRAM_NOT_RUNNING", async () => {
      const socket = open(kit)
      await closed(socket)
      expect(thrown(() => socket.bindSync()).code).toBe("ERR_SOCKET_DGRAM_NOT_RUNNING")
      expect(thrown(() => socket.connectSync(9)).code).toBe("ERR_SOCKET_DGRAM_NOT_RUNNING")
    })

    it.runIf(kit.has.blockLists)("connectSync to a blocked address throws ERR_IP_BLOCKED", () => {
      const list = new BlockList()
      list.addAddress("127.0.0.1")
      expect(thrown(() => open(kit, { type: "udp4", sendBlockList: list }).connectSync(9)).code).toBe("ERR_IP_BLOCKED")
    })
  })
