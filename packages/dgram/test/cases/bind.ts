import { once } from "node:events"
import { describe, expect, it } from "vitest"
import type { Socket } from "@ancillary/dgram"
import {
  any,
  bound,
  called,
  closed,
  familyOf,
  freePort,
  type Kit,
  listening,
  loopback,
  open,
  thrown,
  turns,
  noHost
} from "../kit.ts"

export const bind = (kit: Kit): unknown =>
  describe("bind", () => {
    it.each(["udp4", "udp6"] as const)("of %s without arguments takes any port of every address", async (type) => {
      const socket = open(kit, type)
      expect(socket.bind()).toBe(socket)
      await once(socket, "listening")
      expect(socket.address()).toStrictEqual({
        address: any[type],
        family: familyOf[type],
        port: expect.any(Number)
      })
      expect(socket.address().port).toBeGreaterThan(0)
    })

    it.each([
      ["(port)", (socket, port, done) => socket.bind(port).once("listening", done)],
      ["(port, callback)", (socket, port, done) => socket.bind(port, done)],
      ["(port, address)", (socket, port, done) => socket.bind(port, "127.0.0.1").once("listening", done)],
      ["(port, address, callback)", (socket, port, done) => socket.bind(port, "127.0.0.1", done)],
      ["(options)", (socket, port, done) => socket.bind({ port, address: "127.0.0.1" }).once("listening", done)],
      ["(options, callback)", (socket, port, done) => socket.bind({ port, address: "127.0.0.1" }, done)],
      ["(options without address)", (socket, port, done) => socket.bind({ port }, done)],
      ["(port, undefined, callback)", (socket, port, done) => socket.bind(port, undefined as never, done)],
      ["(port, null, callback)", (socket, port, done) => socket.bind(port, null as never, done)],
      ["(port, empty address)", (socket, port, done) => socket.bind(port, "", done)],
      ["(port as text)", (socket, port, done) => socket.bind(String(port) as never, done)]
    ] satisfies ReadonlyArray<[string, (socket: ReturnType<typeof open>, port: number, done: () => void) => void]>)(
      "%s binds to the port",
      async (_, call) => {
        const port = await freePort(kit)
        const socket = open(kit)
        await called((done) => call(socket, port, done))
        expect(socket.address().port).toBe(port)
      }
    )

    it.each([
      ["a callback", (socket, done) => socket.bind(done)],
      ["0 and a callback", (socket, done) => socket.bind(0, done)],
      ["undefined and a callback", (socket, done) => socket.bind(undefined as never, done)],
      ["null and a callback", (socket, done) => socket.bind(null as never, done)],
      ["empty options and a callback", (socket, done) => socket.bind({}, done)],
      ["options with port 0", (socket, done) => socket.bind({ port: 0 }, done)]
    ] satisfies ReadonlyArray<[string, (socket: ReturnType<typeof open>, done: () => void) => void]>)(
      "with %s takes any port",
      async (_, call) => {
        const socket = open(kit)
        await called((done) => call(socket, done))
        expect(socket.address()).toMatchObject({ address: "0.0.0.0" })
        expect(socket.address().port).toBeGreaterThan(0)
      }
    )

    it("gives two sockets without a port different ports", async () => {
      const [one, other] = [await bound(kit), await bound(kit)]
      expect(one.address().port).not.toBe(other.address().port)
    })

    it("resolves a host name", async () => {
      const socket = open(kit)
      await called<[]>((done) => socket.bind(0, "localhost", done))
      expect(socket.address().address).toBe("127.0.0.1")
    })

    it("calls back with no arguments, the socket as this, after listening began", async () => {
      const socket = open(kit)
      const self = await new Promise<ReadonlyArray<unknown>>((resolve) => {
        socket.bind(0, function (this: unknown, ...args: ReadonlyArray<unknown>) {
          resolve([this, args.length])
        })
      })
      expect(self).toStrictEqual([socket, 0])
    })

    it("emits listening after it returned, never within the call", async () => {
      const socket = open(kit)
      let returned = false
      const seen = new Promise<boolean>((resolve) => socket.on("listening", () => resolve(returned)))
      socket.bind(0)
      returned = true
      expect(await seen).toBe(true)
    })

    it("calls listeners of listening in the order in which they were added", async () => {
      const socket = open(kit)
      const order: Array<string> = []
      socket.on("listening", () => order.push("before"))
      socket.bind(0, () => order.push("callback"))
      socket.on("listening", () => order.push("after"))
      await once(socket, "listening")
      expect(order).toStrictEqual(["before", "callback", "after"])
    })

    it("takes its own listeners away once it listens", async () => {
      const socket = open(kit)
      await called<[]>((done) => socket.bind(0, done))
      await turns()
      expect(socket.eventNames()).toStrictEqual([])
    })

    it("takes its own listeners away once it failed", async () => {
      const first = await bound(kit)
      const socket = open(kit)
      const failed = new Promise((resolve) => socket.once("error", resolve))
      socket.bind(first.address().port, "127.0.0.1", () => expect.unreachable())
      await failed
      expect(socket.eventNames()).toStrictEqual([])
    })

    it("of a bound socket throws ERR_SOCKET_ALREADY_BOUND", async () => {
      const socket = await bound(kit)
      expect(thrown(() => socket.bind(0))).toMatchObject({
        code: "ERR_SOCKET_ALREADY_BOUND",
        name: "Error",
        message: "Socket is already bound"
      })
    })

    it("while the socket binds throws ERR_SOCKET_ALREADY_BOUND", async () => {
      const socket = open(kit)
      const done = once(socket, "listening")
      socket.bind(0)
      expect(thrown(() => socket.bind(0)).code).toBe("ERR_SOCKET_ALREADY_BOUND")
      await done
    })

    it("of a closed socket throws ERR_SOCKET_DGRAM_NOT_RUNNING", async () => {
      const socket = open(kit)
      await closed(socket)
      expect(thrown(() => socket.bind(0))).toMatchObject({
        code: "ERR_SOCKET_DGRAM_NOT_RUNNING",
        name: "Error",
        message: "Not running"
      })
    })

    it("to a port in use emits EADDRINUSE with the call, address and port", async () => {
      const first = await bound(kit)
      const { port } = first.address()
      const socket = open(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) => {
        socket.once("error", done)
        socket.bind(port, "127.0.0.1")
      })
      expect(error).toBeInstanceOf(Error)
      expect(error).toMatchObject({
        name: "Error",
        code: "EADDRINUSE",
        errno: -98,
        syscall: "bind",
        address: "127.0.0.1",
        port,
        message: `bind EADDRINUSE 127.0.0.1:${port}`
      })
    })

    it("to a port in use does not call back", async () => {
      const first = await bound(kit)
      const socket = open(kit)
      let calls = 0
      await called((done) => {
        socket.once("error", done)
        socket.bind(first.address().port, "127.0.0.1", () => calls++)
      })
      await turns()
      expect(calls).toBe(0)
    })

    it("after a failed one binds, and the callback of the failed one is not called", async () => {
      const first = await bound(kit)
      const { port } = first.address()
      const socket = open(kit)
      const calls: Array<string> = []
      for (const attempt of ["first", "second"]) {
        await called((done) => {
          socket.once("error", done)
          socket.bind(port, "127.0.0.1", () => calls.push(attempt))
        })
      }
      await closed(first)
      await called<[]>((done) => socket.bind(port, "127.0.0.1", done))
      expect(socket.address().port).toBe(port)
      expect(calls).toStrictEqual([])
    })

    it.each([
      ["udp4", "192.0.2.1"],
      ["udp6", "2001:db8::1"]
    ] as const)("of %s to an address of another host emits EADDRNOTAVAIL", async (type, address) => {
      const socket = open(kit, type)
      const [error] = await called<[NodeJS.ErrnoException]>((done) => {
        socket.once("error", done)
        socket.bind(2345, address)
      })
      expect(error).toMatchObject({
        code: "EADDRNOTAVAIL",
        syscall: "bind",
        address,
        port: 2345,
        message: `bind EADDRNOTAVAIL ${address}:2345`
      })
    })

    it("emits the error after it returned, with no listener as an uncaught exception", async () => {
      const first = await bound(kit)
      const socket = open(kit)
      let returned = false
      const seen = new Promise<boolean>((resolve) => socket.once("error", () => resolve(returned)))
      socket.bind(first.address().port, "127.0.0.1")
      returned = true
      expect(await seen).toBe(true)
    })

    it.each([-1, 65_536, 1.5, Number.NaN])("to the port %s binds or fails as node:dgram does", async (port) => {
      const socket = open(kit)
      const outcome = await new Promise<string>((resolve) => {
        socket.once("error", (error) => resolve((error as NodeJS.ErrnoException).code ?? "error"))
        try {
          socket.bind(port, "127.0.0.1", () => resolve("bound"))
        } catch (error) {
          resolve(`throws ${(error as NodeJS.ErrnoException).code}`)
        }
      })
      expect(outcome).toBe(portOutcomes[String(port)])
    })

    // The newest node:dgram reads an array as its text.
    const isText = kit.name === "node:dgram" && kit.has.literals
    it.each([5, true, ...(isText ? [] : [[["127.0.0.1"]]]), {}])(
      "to the address %j throws, and does not bind to all addresses",
      async (address) => {
        const given = address as unknown as string
        for (const bind of [
          (socket: Socket) => socket.bind(0, given),
          (socket: Socket) => socket.bind({ address: given })
        ]) {
          const socket = open(kit)
          let listens = false
          socket.on("listening", () => (listens = true))
          expect(thrown(() => bind(socket))).toMatchObject({
            code: "ERR_INVALID_ARG_TYPE",
            message: expect.stringMatching(/^The "hostname" argument must be of type string\. Received /) as unknown
          })
          await new Promise((resolve) => setImmediate(resolve))
          expect(listens).toBe(false)
        }
      }
    )

    it.each([0, "", null, undefined, false])("to the address %j binds to all addresses", async (address) => {
      const socket = open(kit)
      await called<[]>((done) => socket.bind(0, address as unknown as string, done))
      expect(socket.address().address).toBe("0.0.0.0")
    })

    it("with exclusive outside a cluster binds", async () => {
      const port = await freePort(kit)
      const socket = open(kit)
      await called<[]>((done) => socket.bind({ port, address: "127.0.0.1", exclusive: true }, done))
      expect(socket.address()).toStrictEqual({ address: "127.0.0.1", family: "IPv4", port })
    })

    it("with exclusive to a port in use fails with EADDRINUSE", async () => {
      const first = await bound(kit)
      const socket = open(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) => {
        socket.once("error", done)
        socket.bind({ port: first.address().port, address: "127.0.0.1", exclusive: true })
      })
      expect(error.code).toBe("EADDRINUSE")
    })

    it("in the listener of listening of another socket binds to the port beside it", async () => {
      const first = await bound(kit, { type: "udp4", reuseAddr: true })
      const second = open(kit, { type: "udp4", reuseAddr: true })
      await listening(second, first.address().port)
      expect(second.address().port).toBe(first.address().port)
    })

    it("to an IPv6 address with a zone binds there", async () => {
      const socket = open(kit, "udp6")
      await called<[]>((done) => socket.bind(0, "::1%lo", done))
      expect(socket.address().address).toBe(loopback.udp6)
    })

    it("to a host name that does not exist emits the error of the lookup", async () => {
      const socket = open(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) => {
        socket.once("error", done)
        socket.bind(0, noHost)
      })
      expect(error).toMatchObject({ syscall: "getaddrinfo", hostname: noHost })
    })

    it("to an address of the other family emits an error", async () => {
      const socket = open(kit)
      const [error] = await called<[NodeJS.ErrnoException]>((done) => {
        socket.once("error", done)
        socket.bind(0, "::1")
      })
      expect(error).toBeInstanceOf(Error)
    })
  })

/** The outcomes of invalid ports: the lower 16 bits of the integer are the port. */
const portOutcomes: Record<string, string> = { "-1": "bound", "65536": "bound", "1.5": "bound", NaN: "bound" }
