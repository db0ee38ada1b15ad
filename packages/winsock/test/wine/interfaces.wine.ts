/**
 * The host's interfaces as `GetAdaptersAddresses` tells of them, beside what Node makes of the same call.
 */
import { networkInterfaces } from "node:os"
import { Datagram, Interfaces, withPktInfo } from "@ancillary/socket"
import { WinsockSockets } from "@ancillary/winsock"
import { expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"

// Without the test clock: datagrams take the time of the wall.
layer(Layer.provideMerge(Interfaces.layer, WinsockSockets.layer), { excludeTestServices: true })(
  "interfaces on Winsock",
  (it) => {
    it.effect("have the names, the addresses and the prefixes that Node knows", () =>
      Effect.gen(function* () {
        const found = yield* (yield* Interfaces).list
        const ours = found.flatMap(({ addresses, name, up }) =>
          up ? addresses.map(({ address, prefix }) => `${name} ${String(address)}/${prefix}`) : []
        )
        const nodes = Object.entries(networkInterfaces()).flatMap(([name, all]) =>
          (all ?? []).map((one) =>
            one.family === "IPv6" && one.scopeid > 0
              ? `${name} ${String(one.cidr).replace("/", `%${one.scopeid}/`)}`
              : `${name} ${one.cidr}`
          )
        )
        expect(nodes.length).toBeGreaterThan(0)
        expect(ours.toSorted()).toEqual(nodes.toSorted())
      })
    )
    it.scoped("the index of a packet information is that of the loopback interface", () =>
      Effect.gen(function* () {
        const { byIndex, nameOf } = yield* Interfaces
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "127.0.0.1", port: 0 })
        yield* socket.send({ data: Uint8Array.of(1), to: socket.localAddress })
        const { interfaceIndex } = (yield* socket.receive).control.pktInfo
        const one = yield* byIndex(interfaceIndex)
        expect(one).toMatchObject({ index: interfaceIndex, loopback: true, up: true })
        expect(one.addresses.map(({ address }) => String(address))).toContain("127.0.0.1")
        expect(nameOf(interfaceIndex)).toBe(one.name)
      })
    )
    it.effect("an index that nobody has is an error", () =>
      Effect.gen(function* () {
        const { byIndex } = yield* Interfaces
        expect((yield* Effect.flip(byIndex(4_000_000))).reason).toBe("UnknownIndex")
      })
    )
  }
)
