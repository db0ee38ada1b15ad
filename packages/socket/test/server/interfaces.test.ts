/** A server follows the interfaces of its host: it binds and joins on those that appear, and releases those that go. */
import {
  Datagram,
  DatagramMetrics,
  DatagramSockets,
  type DatagramBindError,
  type PktInfo,
  type ServedInterfaces,
  type serveInterfaces as ServeInterfaces,
  type ServeOptions,
  withPktInfo
} from "@ancillary/socket"
import { FaultyDriver, Network } from "@ancillary/testing"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { closing, first, rejection, turn, until } from "../kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const port = 7
type Handler = Parameters<typeof ServeInterfaces<"ipv4", PktInfo, never>>[2]

const outer = ({ loopback, up }: { readonly loopback: boolean; readonly up: boolean }) => up && !loopback
const echo: Handler = (asked, socket) => Datagram.reply(socket, asked, asked.data)

/** The printed lines, which are not shown. */
const printed = (): ReadonlyArray<ReadonlyArray<unknown>> => {
  const spy = vi.spyOn(console, "error").mockImplementation(() => undefined)
  onTestFinished(() => spy.mockRestore())
  return spy.mock.calls
}

/** A host with two interfaces, and a peer on the link of each. */
const lab = (system: "linux" | "winsock" = "linux") => {
  const network = Network.make({ seed: 1 })
  const host = network.host("server", { addresses: ["10.0.0.1/24"], system })
  const peers = [1, 2, 3].map((n) =>
    network.host(`peer${n}`, { addresses: [`10.0.${n}.2/24`], gateway: `10.0.${n}.1` })
  )
  const plug = (n: number, name: string) => {
    const added = host.interface(name, { addresses: [`10.0.${n}.1/24`] })
    network.link(added, peers[n - 1] ?? host)
    return added
  }
  const eth1 = plug(1, "eth1")
  const on = DatagramSockets.make(() => host.driver)
  const serveInterfaces = async (
    where: Partial<ServedInterfaces<"ipv4">> = {},
    options?: ServeOptions,
    handler: Handler = echo
  ) => closing(await on.serveInterfaces(spec, { port, matches: outer, ...where }, handler, options))
  /** Asks from a peer until it is answered. The limit of the test finds one that is never answered. */
  const answers = async (n: number, address = `10.0.${n}.1`) => {
    const peer = peers[n - 1]
    if (peer === undefined) throw new Error("There is no such peer")
    const client = closing(await DatagramSockets.make(() => peer.driver).client(Datagram.ipv4))
    for (;;) {
      await client.send({ data: Uint8Array.of(n), to: { address, port } })
      const answer = await client.receiveWithin(50)
      if (answer !== undefined) return first(answer) === n
    }
  }
  return { host, eth1, plug, answers, on, serveInterfaces }
}

type Server = Awaited<ReturnType<ReturnType<typeof lab>["serveInterfaces"]>>
const namesOf = (server: Server) => server.interfaces().map(({ name }) => name)
const addressesOf = (server: Server) => server.sockets().map(({ localAddress }) => String(localAddress))

describe("serveInterfaces", () => {
  it("binds present and new addresses, and releases those that go, each counted", async () => {
    const { answers, eth1, host, plug, serveInterfaces } = lab()
    const server = await serveInterfaces()
    expect(namesOf(server)).toEqual(["eth0", "eth1"])
    expect(server.stats()).toEqual({ begun: 2n, ended: 0n, failed: 0n })
    expect(await answers(1)).toBe(true)

    const eth2 = plug(2, "eth2")
    await until(() => namesOf(server).includes("eth2"))
    expect(await answers(2)).toBe(true)

    eth2.addAddress("10.0.2.9/24")
    await until(() => server.stats().begun === 4n)
    expect(await answers(2, "10.0.2.9")).toBe(true)
    eth2.removeAddress("10.0.2.9")
    await until(() => server.stats().ended === 1n)
    expect(addressesOf(server)).toEqual(["10.0.0.1:7", "10.0.1.1:7", "10.0.2.1:7"])

    eth1.setUp(false)
    await until(() => server.stats().ended === 2n)
    expect(namesOf(server)).toEqual(["eth0", "eth2"])
    eth1.setUp(true)
    await until(() => server.stats().begun === 5n)
    expect(await answers(1)).toBe(true)

    eth2.remove()
    await until(() => server.stats().ended === 3n)
    expect(namesOf(server).toSorted()).toEqual(["eth0", "eth1"])
    expect(server.stats()).toEqual({ begun: 5n, ended: 3n, failed: 0n })
    expect(host.sockets).toBe(2)
    expect(await server.close()).toEqual({ finished: 0, interrupted: 0, abandoned: 0 })
    await server.finished
    expect(host.sockets).toBe(0)
  })

  it("with groups, one socket joins on each interface, and leaves", async () => {
    const { answers, eth1, host, plug, serveInterfaces } = lab()
    const group = "239.1.2.3"
    const server = await serveInterfaces({ groups: [group] })
    expect(await answers(1, group)).toBe(true)
    const eth2 = plug(2, "eth2")
    await until(() => server.stats().begun === 3n)
    expect(await answers(2, group)).toBe(true)
    eth2.remove()
    eth1.setUp(false)
    await until(() => server.stats().ended === 2n)
    eth1.setUp(true)
    await until(() => server.stats().begun === 4n)
    expect(await answers(1, group)).toBe(true)
    expect(server.stats()).toEqual({ begun: 4n, ended: 2n, failed: 0n })
    expect([server.sockets().length, host.sockets]).toEqual([1, 1])
    // The socket of the groups is the whole server.
    server.sockets()[0]?.close()
    await server.finished
  })

  it("on a system without notices, looks at the interfaces once in each interval", async () => {
    const { answers, plug, serveInterfaces } = lab("winsock")
    const server = await serveInterfaces({ interval: 1 })
    const eth2 = plug(2, "eth2")
    await until(() => namesOf(server).includes("eth2"))
    expect(await answers(2)).toBe(true)
    eth2.remove()
    await until(() => server.stats().ended === 1n)
  })

  it("a later address that cannot be bound is counted, and tried again when it changes", async () => {
    const lines = printed()
    const { answers, on, plug, serveInterfaces } = lab()
    const server = await serveInterfaces()
    const eth2 = plug(2, "eth2")
    // Before the server sees the interface.
    const taken = await on.bind(Datagram.ipv4, { address: "10.0.2.1", port })
    await until(() => server.stats().failed === 1n)
    expect(server.stats()).toEqual({ begun: 2n, ended: 0n, failed: 1n })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toEqual([
      "An interface cannot be served. It is tried again when it changes",
      expect.objectContaining({ name: "DatagramBindError", reason: "AddressInUse" })
    ])
    taken.close()
    eth2.setMtu(1400)
    await until(() => server.stats().begun === 3n)
    expect(await answers(2)).toBe(true)
    eth2.setMtu(1300)
    await until(() => server.interfaces().some(({ mtu }) => mtu === 1300))
    expect(server.stats()).toEqual({ begun: 3n, ended: 0n, failed: 1n })
  })

  it("a present address that cannot be bound rejects, and nothing stays open", async () => {
    const { host, on, serveInterfaces } = lab()
    closing(await on.bind(Datagram.ipv4, { address: "10.0.1.1", port }))
    expect(await rejection(serveInterfaces())).toMatchObject({ name: "DatagramBindError", reason: "AddressInUse" })
    expect(host.sockets).toBe(1)
    const present = await rejection(serveInterfaces({ port: 9, groups: ["239.1.2.3", "10.0.0.9"] }))
    expect(present).toMatchObject({ name: "DatagramMembershipError" })
    expect(host.sockets).toBe(1)
  })

  it("a match that throws serves nothing there, and is counted", async () => {
    const lines = printed()
    const { answers, plug, serveInterfaces } = lab()
    const server = await serveInterfaces({
      matches: ({ name }) => {
        if (name === "eth2") throw new Error("trap")
        return name === "eth1" || name === "eth3"
      }
    })
    plug(2, "eth2")
    plug(3, "eth3")
    await until(() => server.stats().begun === 2n)
    expect([await answers(1), await answers(3)]).toEqual([true, true])
    expect(namesOf(server)).toEqual(["eth1", "eth3"])
    expect(server.stats().failed).toBeGreaterThan(0n)
    expect(lines).toEqual([["matches threw. The interface is not served", new Error("trap")]])
  })

  it("an address whose socket was closed, or cannot be read, is served again later", async () => {
    printed()
    const { answers, eth1, host } = lab()
    let isBroken = false
    const driver = FaultyDriver.wrap(host.driver, {
      onReceive: () => (isBroken ? { code: "EIO", errno: 5, syscall: "recvmmsg" } : undefined)
    })
    const on = DatagramSockets.make(() => driver)
    const server = closing(await on.serveInterfaces(spec, { port, matches: ({ name }) => name === "eth1" }, echo))
    server.sockets()[0]?.close()
    await until(() => server.stats().ended === 1n)
    expect(addressesOf(server)).toEqual([])
    eth1.setMtu(1400)
    await until(() => server.stats().begun === 2n)

    isBroken = true
    const broken = answers(1)
    await until(() => server.stats().failed === 1n)
    isBroken = false
    expect([server.stats().ended, host.sockets]).toEqual([2n, 0])
    eth1.setMtu(1300)
    expect(await broken).toBe(true)
    expect(server.stats()).toEqual({ begun: 3n, ended: 2n, failed: 1n })
  })

  it("addresses that go are all closed, although each close throws", async () => {
    printed()
    const { eth1, host } = lab()
    const driver: typeof host.driver = {
      ...host.driver,
      open: (kind) => {
        const native = host.driver.open(kind)
        if ("errno" in native) return native
        const close = () => {
          native.close()
          throw new Error("boom")
        }
        return { ...native, close }
      }
    }
    const server = await DatagramSockets.make(() => driver).serveInterfaces(
      spec,
      { port, matches: ({ name, up }) => up && name === "eth1" },
      echo
    )
    eth1.addAddress("10.0.1.9/24")
    await until(() => server.sockets().length === 2)
    eth1.setUp(false)
    await until(() => server.stats().ended === 2n)
    expect(host.sockets).toBe(0)
    await server.close()
  })

  it("lists the interfaces again after the system refused to list them", async () => {
    const lines = printed()
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    onTestFinished(() => void vi.useRealTimers())
    const { host, plug } = lab()
    let isRefused = false
    const driver: typeof host.driver = {
      ...host.driver,
      interfaces: () => (isRefused ? { code: "ENOBUFS", errno: 105, syscall: "getifaddrs" } : host.driver.interfaces())
    }
    const on = DatagramSockets.make(() => driver)
    const server = closing(await on.serveInterfaces(spec, { port, matches: outer }, echo))
    isRefused = true
    plug(2, "eth2")
    await until(() => lines.length === 1)
    expect(lines[0]?.[0]).toBe("The interfaces cannot be followed. They are listed again each second")
    isRefused = false
    vi.advanceTimersByTime(1000)
    await until(() => namesOf(server).includes("eth2"))
    isRefused = true
    expect(await rejection(on.serveInterfaces(spec, { port: 9 }, echo))).toMatchObject({
      name: "DatagramInterfaceError"
    })
  })

  it("handlers of an address that is gone go on, and close waits for them", async () => {
    const { answers, eth1, serveInterfaces } = lab()
    let free: () => void = () => {}
    const gate = new Promise<void>((resolve) => (free = resolve))
    const sent: Array<unknown> = []
    const server = await serveInterfaces({}, {}, async (asked, socket) => {
      await gate
      sent.push(await rejection(Datagram.reply(socket, asked, asked.data)))
    })
    void answers(1).catch(() => undefined)
    await until(() => server.sockets().some((socket) => socket.stats().handlers.running > 0n))
    eth1.setUp(false)
    await until(() => server.stats().ended === 1n)
    const closed = server.close()
    free()
    const { finished } = await closed
    expect(finished).toBeGreaterThan(0)
    expect(sent).toHaveLength(finished)
    expect(sent[0]).toMatchObject({ name: "DatagramSendError", reason: "Closed" })
  })

  it("metrics count the sockets of now, of later, and of before", async () => {
    const { answers, plug, serveInterfaces } = lab()
    const server = await serveInterfaces()
    const metrics = DatagramMetrics.make()
    metrics.add(server, { server: "echo" })
    const eth2 = plug(2, "eth2")
    await until(() => namesOf(server).includes("eth2"))
    expect([await answers(1), await answers(2)]).toEqual([true, true])
    const delivered = server.sockets().reduce((sum, socket) => sum + socket.stats().delivered, 0n)
    expect(delivered).toBeGreaterThanOrEqual(2n)
    eth2.remove()
    await until(() => server.stats().ended === 1n)
    const read = metrics.snapshot().filter(({ name }) => name === "datagram_received")
    expect(read).toEqual([
      expect.objectContaining({ attributes: { server: "echo" }, value: Number(delivered) }) as unknown
    ])
  })

  it("the addresses share the concurrency", async () => {
    const { answers, serveInterfaces } = lab()
    let running = 0
    let most = 0
    const server = await serveInterfaces({}, { concurrency: 1 }, async (asked, socket) => {
      most = Math.max(most, ++running)
      await turn()
      running--
      await echo(asked, socket, new AbortController().signal)
    })
    expect(await Promise.all([answers(1), answers(1), answers(1)])).toEqual([true, true, true])
    expect(most).toBe(1)
    expect(server.sockets()).toHaveLength(2)
  })

  it("a signal stops the server, and opens nothing if it is aborted already", async () => {
    const { host, plug, serveInterfaces } = lab()
    const controller = new AbortController()
    const { signal } = controller
    const server = await serveInterfaces({}, { signal })
    controller.abort()
    await server.finished
    expect(host.sockets).toBe(0)
    plug(2, "eth2")
    for (let n = 0; n < 5; n++) await turn()
    expect([host.sockets, server.stats().begun]).toEqual([0, 2n])
    expect(await rejection(serveInterfaces({}, { signal }))).toBe(signal.reason)
    expect(host.sockets).toBe(0)
  })

  it("invalid fields are refused before anything is bound", async () => {
    const { host, on, serveInterfaces } = lab()
    const thrower = (): never => {
      throw new Error("trap")
    }
    for (const [where, option, message] of [
      [undefined, "where", "where: undefined is not a record with a port. Give one."],
      [{ port, matches: 1 }, "matches", "matches: 1 is not a function that returns true or false. Give one."],
      [{ port, groups: [] }, "groups", "groups: [] is not an array of at least one group. Give one."],
      [{ port, interval: 0 }, "interval", "interval: 0 is not a number of milliseconds above 0. Give one."],
      [{ port, interval: "1 second" }, "interval", "interval: '1 second' is not a number of milliseconds above 0."],
      [new Proxy({}, { get: thrower }), "where", "where: reading it threw. Give a plain object."]
    ] as const) {
      const given: unknown = where
      const error = (await rejection(
        on.serveInterfaces(spec, given as ServedInterfaces<"ipv4">, echo)
      )) as DatagramBindError
      expect([error.name, error.option]).toEqual(["DatagramBindError", option])
      expect(error.message).toContain(message)
    }
    expect(await rejection(serveInterfaces({ port: -1 }))).toMatchObject({ name: "DatagramBindError" })
    const unix = on.serveInterfaces(Datagram.unix, { port }, () => undefined)
    expect(((await rejection(unix)) as Error).message).toContain("a Unix socket has no interfaces")
    expect(host.sockets).toBe(0)
  })
})
