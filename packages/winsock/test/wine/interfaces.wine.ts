/**
 * The host's interfaces as `GetAdaptersAddresses` returns them, compared with Node, which makes the same call.
 */
import { networkInterfaces } from "node:os"
import { Datagram, Interfaces, withPktInfo } from "@ancillary/effect3"
import { WinsockSockets } from "@ancillary/effect3/node"
import { expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { loadIphlpapi } from "../../src/internal/iphlpapi.ts"

// Without the test clock, because datagrams take real time.
layer(Layer.provideMerge(Interfaces.layer, WinsockSockets.layer), { excludeTestServices: true })(
  "interfaces on Winsock",
  (it) => {
    it.effect("have the names, the addresses and the prefixes that Node lists", () =>
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
    it.scoped("the index in packet information is that of the loopback interface", () =>
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
    it.effect("loopback runs, and no address is tentative, duplicate or deprecated", () =>
      Effect.gen(function* () {
        const found = yield* (yield* Interfaces).list
        expect(found.find(({ loopback }) => loopback)).toMatchObject({ kind: "loopback", running: true, up: true })
        for (const { hardwareAddress, mtu, running, up } of found) {
          expect(running).toBe(up)
          if (hardwareAddress !== undefined) expect(hardwareAddress).toMatch(/^[0-9a-f]{2}(:[0-9a-f]{2})*$/)
          if (mtu !== undefined) expect(mtu).toBeGreaterThanOrEqual(576)
        }
        // The state is that of the host, for which Linux has completed duplicate detection.
        for (const { deprecated, duplicate, tentative } of found.flatMap(({ addresses }) => addresses))
          expect([tentative, duplicate, deprecated]).toEqual([false, false, false])
      })
    )
    it.effect("the structures have the sizes and offsets of the Windows headers", () =>
      Effect.sync(() => {
        // iptypes.h by x86_64-w64-mingw32-gcc: offsetof(IP_ADAPTER_ADDRESSES, …), offsetof(IP_ADAPTER_UNICAST_ADDRESS, …).
        const memory = new Uint8Array(512)
        const view = new DataView(memory.buffer)
        memory.set([2, 0x42, 0xac, 0x11, 0, 2], 80)
        view.setUint32(88, 6, true)
        view.setUint32(96, 1400, true)
        view.setUint32(100, 71, true)
        const { Mtu, IfType, PhysicalAddressLength, PhysicalAddress } = loadIphlpapi().adapter(memory, 0)
        expect([Mtu, IfType, PhysicalAddressLength, ...PhysicalAddress.subarray(0, 6)]).toEqual([
          1400, 71, 6, 2, 0x42, 0xac, 0x11, 0, 2
        ])
        view.setUint32(40, 3, true)
        expect(loadIphlpapi().unicastAddress(memory, 0).DadState).toBe(3)
      })
    )
    it.effect("an unknown index is an error", () =>
      Effect.gen(function* () {
        const { byIndex } = yield* Interfaces
        expect((yield* Effect.flip(byIndex(4_000_000))).reason).toBe("UnknownIndex")
      })
    )
  }
)
