/**
 * Sockets of `@ancillary/effect3` on the layer of this package, end to end.
 */
import {
  Datagram,
  DatagramSockets,
  withHopLimit,
  withOptional,
  withOriginalArrivalInterface,
  withPktInfo,
  withRoutingHeader
} from "@ancillary/effect3"
import { WinsockSockets } from "@ancillary/effect3/node"
import { expect, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope } from "effect"
import { moment } from "./bareCalls.ts"

const { capabilities, driver } = WinsockSockets

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
const loopback = { address: "127.0.0.1", port: 0 }
const guarded = DatagramSockets.layer(driver({ guarded: true }), capabilities)

// Without the test clock, because datagrams take real time.
layer(guarded, { excludeTestServices: true })("a socket on Winsock", (it) => {
  it.scoped("receives requests with control data, and replies from the requested address", () =>
    Effect.gen(function* () {
      const server = yield* Datagram.bind(spec, loopback)
      const client = yield* Datagram.connect(Datagram.ipv4, server.localAddress)
      const asked = yield* Effect.fork(server.receive)
      yield* client.send({ data: Uint8Array.of(1, 2, 3) })
      const question = yield* Fiber.join(asked)
      expect([...question.data]).toEqual([1, 2, 3])
      expect([question.from.port, String(question.from.address)]).toEqual([client.localAddress.port, "127.0.0.1"])
      expect(String(question.control.pktInfo.destination)).toBe("127.0.0.1")
      expect(question.control.pktInfo.interfaceIndex).toBeGreaterThan(0)
      expect(question.control.hopLimit).toBe(64)
      yield* Datagram.reply(server, question, Uint8Array.of(4))
      const answer = Option.getOrThrow(yield* client.receiveWithin("2 seconds"))
      expect([...answer.data]).toEqual([4])
    })
  )
  it.scoped("does the same on IPv6", () =>
    Effect.gen(function* () {
      const ipv6 = Datagram.ipv6.pipe(withPktInfo(), withHopLimit())
      const server = yield* Datagram.bind(ipv6, { address: "::1", port: 0 })
      const client = yield* Datagram.bind(ipv6, { address: "::1", port: 0 })
      yield* client.send({ data: Uint8Array.of(1), to: server.localAddress })
      const question = yield* server.receive
      expect(question.from).toEqual(client.localAddress)
      expect([String(question.control.pktInfo.destination), question.control.hopLimit]).toEqual(["::1", 64])
      yield* Datagram.reply(server, question, Uint8Array.of(2))
      expect([...(yield* client.receive).data]).toEqual([2])
    })
  )
  it.scoped("is drained by forEach, which ends with its scope", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const scope = yield* Scope.make()
      const server = yield* Scope.extend(Datagram.bind(spec, loopback), scope)
      const client = yield* Datagram.connect(Datagram.ipv4, server.localAddress)
      const loop = yield* Effect.fork(server.forEach(({ data }) => void seen.push(data[0] ?? -1)))
      for (let i = 0; i < 100; i++) yield* client.send({ data: Uint8Array.of(i) })
      yield* Effect.repeat(moment, { until: () => seen.length >= 100 })
      expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i))
      yield* Scope.close(scope, Exit.void)
      expect((yield* Effect.flip(Fiber.join(loop))).reason).toBe("Closed")
      expect((yield* Effect.flip(server.receive)).message).toMatch(/^The socket is closed/)
    })
  )
  it.scoped("is rejected if Winsock has no such sockets", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Datagram.bind(Datagram.unix, { path: "C:\\socket" }))
      expect(error).toMatchObject({
        _tag: "DatagramUnsupportedError",
        feature: "Datagram.unix",
        syscall: "WSASocketW",
        code: "WSAEAFNOSUPPORT",
        errno: 10047
      })
      const pings = [
        yield* Effect.flip(Datagram.client(Datagram.icmp4)),
        yield* Effect.flip(Datagram.bind(Datagram.icmp6, { address: "::1", port: 0 }))
      ]
      const refused = {
        _tag: "DatagramUnsupportedError",
        syscall: "WSASocketW",
        code: "WSAEPROTONOSUPPORT",
        errno: 10043
      }
      expect(pings).toMatchObject([
        { ...refused, feature: "Datagram.icmp4" },
        { ...refused, feature: "Datagram.icmp6" }
      ])
    })
  )
  it.scoped("Wine: an unimplemented message is rejected by name, or declined if optional", () =>
    Effect.gen(function* () {
      const required = Datagram.ipv4.pipe(withOriginalArrivalInterface())
      const refused = yield* Effect.flip(Datagram.bind(required, loopback))
      expect(refused).toMatchObject({
        _tag: "DatagramUnsupportedError",
        feature: "withOriginalArrivalInterface()",
        syscall: "setsockopt",
        code: "WSAENOPROTOOPT",
        errno: 10042
      })
      const header = Datagram.ipv6.pipe(withRoutingHeader())
      expect(yield* Effect.flip(Datagram.bind(header, { address: "::1", port: 0 }))).toMatchObject({ errno: 10042 })
      const optional = yield* Datagram.bind(
        Datagram.ipv4.pipe(withOptional(withOriginalArrivalInterface()), withPktInfo()),
        loopback
      )
      expect(optional.declined.map(({ key }) => key)).toEqual(["originalArrivalInterface"])
    })
  )
})
