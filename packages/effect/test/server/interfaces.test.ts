/** A server follows the interfaces of its host: it binds and joins on those that appear, and releases those that go. */
import { Datagram, DatagramSockets, serveInterfaces, type ServedInterfaces, withPktInfo } from "@ancillary/effect"
import { FaultyDriver, Network } from "@ancillary/testing"
import { NetworkSockets } from "@ancillary/effect/testing"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { Deferred, Effect, Exit, Fiber, Logger, Scope } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const silent = Logger.layer([])
const port = 7

const scoped = <A, E>(title: string, program: () => Effect.Effect<A, E, Scope.Scope>): void =>
  it(title, () => Effect.runPromise(program().pipe(Effect.scoped, Effect.provide(TestClock.layer()))))

/** A host with two interfaces, and a peer on each of their links. */
const lab = Effect.gen(function* () {
  const network = yield* NetworkSockets.network({ seed: 1 })
  const host = network.host("server", { addresses: ["10.0.0.1/24"] })
  const peers = [1, 2, 3].map((n) =>
    network.host(`peer${n}`, { addresses: [`10.0.${n}.2/24`], gateway: `10.0.${n}.1` })
  )
  const plug = (n: number, name: string) => {
    const added = host.interface(name, { addresses: [`10.0.${n}.1/24`] })
    network.link(added, peers[n - 1] ?? host)
    return added
  }
  const eth1 = plug(1, "eth1")
  const clients = yield* Effect.forEach(peers, (peer) =>
    Effect.provide(Datagram.client(Datagram.ipv4), NetworkSockets.layer(peer))
  )
  /** Asks from a peer. Returns true if there is an answer. */
  const asks = (n: number, address = `10.0.${n}.1`) =>
    Effect.gen(function* () {
      const client = clients[n - 1]
      if (client === undefined) return false
      yield* client.send({ data: Uint8Array.of(n), to: { address, port } })
      yield* NetworkSockets.settle(network)
      const answer = yield* Effect.result(client.receiveWithin(0))
      return answer._tag === "Success" && answer.success._tag === "Some"
    })
  const settle = NetworkSockets.settle(network)
  return { network, host, eth1, plug, asks, settle, on: NetworkSockets.layer(host) }
})

const outer = ({ loopback, up }: { readonly loopback: boolean; readonly up: boolean }) => up && !loopback
const echo = (where: Partial<ServedInterfaces<"ipv4">> = {}) =>
  serveInterfaces(spec, { port, matches: outer, ...where }, (asked, socket) =>
    Datagram.reply(socket, asked, asked.data)
  )

describe("serveInterfaces", () => {
  scoped("binds present and new addresses, and releases those that go, each counted", () =>
    Effect.gen(function* () {
      const { asks, eth1, host, on, plug, settle } = yield* lab
      const server = yield* Effect.provide(echo(), on)
      const names = Effect.map(server.interfaces, (all) => all.map(({ name }) => name))
      expect(yield* names).toEqual(["eth0", "eth1"])
      expect(yield* asks(1)).toBe(true)
      expect(yield* server.stats).toEqual({ begun: 2n, ended: 0n, failed: 0n })

      const eth2 = plug(2, "eth2")
      yield* settle
      expect(yield* names).toEqual(["eth0", "eth1", "eth2"])
      expect(yield* asks(2)).toBe(true)

      eth2.addAddress("10.0.2.9/24")
      yield* settle
      expect(yield* asks(2, "10.0.2.9")).toBe(true)
      eth2.removeAddress("10.0.2.9")
      yield* settle
      expect((yield* server.sockets).map(({ localAddress }) => String(localAddress))).toEqual([
        "10.0.0.1:7",
        "10.0.1.1:7",
        "10.0.2.1:7"
      ])

      eth1.setUp(false)
      yield* settle
      expect(yield* asks(1)).toBe(false)
      eth1.setUp(true)
      yield* settle
      expect(yield* asks(1)).toBe(true)

      eth2.remove()
      yield* settle
      expect(yield* names).toEqual(["eth0", "eth1"])
      expect(yield* server.stats).toEqual({ begun: 5n, ended: 3n, failed: 0n })
      // The client's datagrams to the closed port were refused, and nothing of the host stays open.
      expect(host.sockets).toBe(2)
    })
  )

  scoped("with groups, one socket joins on each interface, and leaves", () =>
    Effect.gen(function* () {
      const { asks, eth1, host, on, plug, settle } = yield* lab
      const group = "239.1.2.3"
      const server = yield* Effect.provide(echo({ groups: [group] }), on)
      expect(yield* asks(1, group)).toBe(true)
      expect(yield* asks(2, group)).toBe(false)
      const eth2 = plug(2, "eth2")
      yield* settle
      expect(yield* asks(2, group)).toBe(true)
      eth2.remove()
      eth1.setUp(false)
      yield* settle
      eth1.setUp(true)
      yield* settle
      expect(yield* asks(1, group)).toBe(true)
      expect(yield* server.stats).toEqual({ begun: 4n, ended: 2n, failed: 0n })
      expect([(yield* server.sockets).length, host.sockets]).toEqual([1, 1])
    })
  )

  scoped("a later address that cannot be bound is counted, and tried again when it changes", () =>
    Effect.gen(function* () {
      const { asks, on, plug, settle } = yield* lab
      const server = yield* Effect.provide(echo(), on)
      const scope = yield* Scope.make()
      const eth2 = plug(2, "eth2")
      yield* Effect.provide(Datagram.bind(Datagram.ipv4, { address: "10.0.2.1", port }), on).pipe(Scope.provide(scope))
      yield* settle
      expect(yield* server.stats).toEqual({ begun: 2n, ended: 0n, failed: 1n })
      yield* Scope.close(scope, Exit.void)
      eth2.setMtu(1400)
      yield* settle
      expect(yield* asks(2)).toBe(true)
      expect((yield* server.interfaces).map(({ mtu }) => mtu)).toContain(1400)
    }).pipe(Effect.provide(silent))
  )

  scoped("a present address that cannot be bound fails, and nothing stays open", () =>
    Effect.gen(function* () {
      const { host, on } = yield* lab
      yield* Effect.provide(Datagram.bind(Datagram.ipv4, { address: "10.0.1.1", port }), on)
      const failed = yield* Effect.flip(Effect.scoped(Effect.provide(echo(), on)))
      expect(failed).toMatchObject({ _tag: "DatagramBindError", reason: "AddressInUse" })
      expect(host.sockets).toBe(1)
    })
  )

  scoped("a match that throws serves nothing there, and is counted", () =>
    Effect.gen(function* () {
      const { asks, on, plug, settle } = yield* lab
      const matches = ({ name }: { readonly name: string }) => {
        if (name === "eth2") throw new Error("trap")
        return name === "eth1" || name === "eth3"
      }
      const server = yield* Effect.provide(echo({ matches }), on)
      plug(2, "eth2")
      plug(3, "eth3")
      yield* settle
      expect([yield* asks(1), yield* asks(2), yield* asks(3)]).toEqual([true, false, true])
      expect((yield* server.stats).failed).toBeGreaterThan(0n)
    }).pipe(Effect.provide(silent))
  )

  scoped("an address that cannot be read is closed and counted, and served again later", () =>
    Effect.gen(function* () {
      const { asks, eth1, host, settle } = yield* lab
      let isBroken = false
      const driver = FaultyDriver.wrap(host.driver, {
        onReceive: () => (isBroken ? { code: "EIO", errno: 5, syscall: "recvmmsg" } : undefined)
      })
      const on = DatagramSockets.layer(Effect.succeed(driver), Network.capabilities)
      const server = yield* Effect.provide(echo({ matches: ({ name }) => name === "eth1" }), on)
      expect(yield* asks(1)).toBe(true)
      isBroken = true
      expect(yield* asks(1)).toBe(false)
      isBroken = false
      expect(yield* server.stats).toEqual({ begun: 1n, ended: 1n, failed: 1n })
      expect([yield* server.sockets, host.sockets]).toEqual([[], 0])
      eth1.setMtu(1400)
      yield* settle
      expect(yield* asks(1)).toBe(true)
      expect(yield* server.stats).toEqual({ begun: 2n, ended: 1n, failed: 1n })
    }).pipe(Effect.provide(silent))
  )

  scoped("exceptions of the driver do not end the following", () =>
    Effect.gen(function* () {
      const { asks, host, network, plug, settle } = yield* lab
      let broken: "open" | "interfaces" | undefined
      const check = (call: typeof broken) => {
        if (broken === call) throw new Error(`boom: ${call}`)
      }
      const driver: typeof host.driver = {
        ...host.driver,
        open: (kind) => {
          check("open")
          return host.driver.open(kind)
        },
        interfaces: () => {
          check("interfaces")
          return host.driver.interfaces()
        }
      }
      const on = DatagramSockets.layer(Effect.succeed(driver), Network.capabilities)
      const server = yield* Effect.provide(echo(), on)
      broken = "open"
      plug(2, "eth2")
      yield* settle
      broken = undefined
      expect(yield* server.stats).toMatchObject({ begun: 2n, failed: 1n })
      broken = "interfaces"
      plug(3, "eth3")
      yield* settle
      broken = undefined
      yield* NetworkSockets.adjust(network, "2 seconds")
      expect([yield* asks(1), yield* asks(2), yield* asks(3)]).toEqual([true, true, true])
    }).pipe(Effect.provide(silent))
  )

  scoped("handlers finish with open sockets when the server stops", () =>
    Effect.gen(function* () {
      const { asks, network, on } = yield* lab
      const gate = yield* Deferred.make<void>()
      const scope = yield* Scope.make()
      const replied: Array<string> = []
      yield* serveInterfaces(spec, { port, matches: outer }, (asked, socket) =>
        Effect.andThen(Deferred.await(gate), Datagram.reply(socket, asked, asked.data)).pipe(
          Effect.onExit(({ _tag }) => Effect.sync(() => void replied.push(_tag)))
        )
      ).pipe(Effect.provide(on), Scope.provide(scope))
      expect(yield* asks(1)).toBe(false)
      const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* NetworkSockets.settle(network)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(stopping)
      expect(replied).toEqual(["Success"])
    })
  )

  scoped("invalid fields are refused before anything is bound", () =>
    Effect.gen(function* () {
      const { host, on } = yield* lab
      const thrower = (): never => {
        throw new Error("trap")
      }
      for (const [where, message] of [
        [undefined, "where: undefined is not a record with a port. Give one."],
        [{ port, matches: 1 }, "matches: 1 is not a function that returns true or false. Give one."],
        [{ port, groups: [] }, "groups: [] is not an array of at least one group. Give one."],
        [{ port, interval: 0 }, "interval: 0 is not a duration above 0. Give one."],
        [new Proxy({}, { get: thrower }), "where: reading it threw. Give a plain object."]
      ] as const) {
        const given: unknown = where
        const error = yield* Effect.flip(
          Effect.provide(
            serveInterfaces(spec, given as ServedInterfaces<"ipv4">, () => Effect.void),
            on
          )
        )
        expect(error.message).toContain(message)
      }
      expect((yield* Effect.flip(Effect.provide(echo({ port: -1 }), on)))._tag).toBe("DatagramBindError")
      const unix = serveInterfaces(Datagram.unix, { port }, () => Effect.void)
      expect((yield* Effect.flip(Effect.provide(unix, on))).message).toContain("a Unix socket has no interfaces")
      expect(host.sockets).toBe(0)
    })
  )
})
