/** Addresses of `effect/net`, wherever a program writes an endpoint or an address. */
import { Datagram, withPktInfo } from "@ancillary/effect"
import { Effect } from "effect"
import * as NetAddress from "effect/net/NetAddress"
import { expect, it } from "vitest"
import { bytes, run, text } from "./kit.ts"

it("bind, connect and send take addresses of effect/net", () =>
  run(
    Effect.gen(function* () {
      const spec = Datagram.ipv4.pipe(withPktInfo())
      const socket = yield* Datagram.bind(spec, { address: NetAddress.ipv4Loopback, port: 0 })
      const to = { address: NetAddress.ipv4Loopback, port: socket.localAddress.port }
      const client = yield* Datagram.connect(Datagram.ipv4, to)
      yield* client.send({ data: bytes("connected") })
      yield* socket.send({ data: bytes("sent"), to })
      expect([text((yield* socket.receive).data), text((yield* socket.receive).data)]).toEqual(["connected", "sent"])
    })
  ))

it("an InetAddress is an endpoint, and its scope is the zone", () =>
  run(
    Effect.gen(function* () {
      const at = NetAddress.inetAddressUnsafe(NetAddress.ipv6Loopback, 0)
      if (!NetAddress.isInetAddressV6(at)) throw new Error("this is an IPv6 address")
      const socket = yield* Datagram.bind(Datagram.ipv6, at)
      expect(String(socket.localAddress.address)).toBe("::1")
      const zoned = NetAddress.inetAddressFromStringUnsafe("[fe80::1%1]:9")
      if (!NetAddress.isInetAddressV6(zoned)) throw new Error("this is an IPv6 address")
      // Loopback has no link-local address, so the system refuses it after it was read.
      const refused = yield* Effect.flip(Datagram.bind(Datagram.ipv6, zoned))
      expect(refused.message).toContain("[fe80::1%1]:9")
    })
  ))

it("addresses of the other family and objects that only claim to be one are refused", () =>
  run(
    Effect.gen(function* () {
      const wrong: ReadonlyArray<readonly [object, string]> = [
        [{ address: NetAddress.ipv6Loopback, port: 0 }, "::1 is an IPv6 address"],
        [{ address: { _tag: "Ipv4Address" }, port: 0 }, "object Object"],
        [{ address: NetAddress.ipv6Loopback, port: 0, scopeId: -1 }, "the scope -1 is not an interface index"]
      ]
      for (const [at, sentence] of wrong) {
        const refused = yield* Effect.flip(Datagram.bind(Datagram.ipv4, at as never))
        expect(refused).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
        expect(refused.message).toContain(sentence)
      }
    })
  ))
