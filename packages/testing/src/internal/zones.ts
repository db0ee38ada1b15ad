/** IPv6 zones with the name of an interface, as in user input. */
import { isFault } from "@ancillary/engine/driver/Driver"
import { Datagram } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Bench } from "./bench.ts"

export const zones = ({ driver, facts, layer }: Bench): void => {
  if (!facts.families.includes("ipv6")) return
  describe("a zone by name", () => {
    const loopback = Effect.map(driver, (driver) => {
      const interfaces = driver.interfaces()
      const one = isFault(interfaces) ? undefined : interfaces.find((each) => each.loopback)
      if (one === undefined) throw new Error("no loopback interface")
      return one
    })
    it.scopedLive("is accepted by bind, connect and send, as its index is", () =>
      Effect.gen(function* () {
        const { index, name } = yield* loopback
        const data = Uint8Array.of(1)
        for (const zone of [name, String(index)]) {
          const socket = yield* Datagram.bind(Datagram.ipv6, { address: `::1%${zone}`, port: 0 })
          const { port } = socket.localAddress
          const client = yield* Datagram.client(Datagram.ipv6)
          for (let i = 0; i < 2; i++) yield* client.send({ data, to: { address: `::1%${zone}`, port } })
          const connected = yield* Datagram.connect(
            Datagram.ipv6,
            { address: `::1%${zone}`, port },
            { local: { address: `::1%${zone}`, port: 0 } }
          )
          expect(connected.peer.address.zone).toBe(index)
          yield* connected.send({ data })
          for (let i = 0; i < 3; i++) expect((yield* socket.receive).data).toEqual(data)
        }
      }).pipe(Effect.provide(layer))
    )
    it.scopedLive("is accepted by join, and chooses the interface of the membership", () =>
      Effect.gen(function* () {
        const { index, name } = yield* loopback
        const socket = yield* Datagram.bind(Datagram.ipv6, { address: "::", port: 0 })
        yield* socket.join(`ff02::1:5%${name}`)
        // This is the same group in another notation, so it is counted.
        yield* socket.join(`ff02::1:5%${index}`)
        yield* socket.join("ff02::1:5", { interfaceIndex: index })
        const error = yield* Effect.flip(socket.join("ff02::1:6%nosuch"))
        expect(error.message).toMatch(/the zone 'nosuch' is not an interface of this host/)
      }).pipe(Effect.provide(layer))
    )
    it.scopedLive("of no interface is rejected, and the error gives the remedy", () =>
      Effect.gen(function* () {
        const refused =
          /the zone '(nosuch|e th|%|-1|1\.5)' is not an interface of this host: give the name or the index/
        const socket = yield* Datagram.bind(Datagram.ipv6, { address: "::1", port: 0 })
        for (const zone of ["nosuch", "e th", "%", "-1", "1.5"]) {
          const at = { address: `fe80::1%${zone}`, port: 9 }
          expect((yield* Effect.flip(Datagram.bind(Datagram.ipv6, at))).message).toMatch(refused)
          expect((yield* Effect.flip(Datagram.connect(Datagram.ipv6, at))).message).toMatch(refused)
          expect((yield* Effect.flip(socket.send({ data: Uint8Array.of(1), to: at }))).message).toMatch(refused)
        }
      }).pipe(Effect.provide(layer))
    )
    it.scopedLive("is missing: the error of binding to a link-local address gives the remedy", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Datagram.bind(Datagram.ipv6, { address: "fe80::1", port: 0 }))
        expect(error.message).toMatch(
          /A link-local address requires its interface\. Write fe80::1%eth0, with the name or/
        )
      }).pipe(Effect.provide(layer))
    )
  })
}
