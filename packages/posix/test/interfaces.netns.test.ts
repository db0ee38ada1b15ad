/** The host's interfaces as netlink lists them, compared with other sources. */
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { createInterface } from "node:readline"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, Interfaces, withPktInfo } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { afterAll, beforeAll, onTestFinished } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { bundled } from "../../testing/program.ts"
import { canMakeNamespaces, hosts, run } from "./namespaces/network.ts"

const layer = Layer.provideMerge(Interfaces.layer, LinuxSockets.layer)

it.effect("every interface of sysfs has its index, its flags and Node's addresses", () =>
  Effect.gen(function* () {
    const { list } = yield* Interfaces
    const found = yield* list
    const sysfs = (name: string, file: string) => Number(readFileSync(`/sys/class/net/${name}/${file}`, "utf8"))
    const names = readdirSync("/sys/class/net").filter((name) => name !== "bonding_masters")
    expect(found.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    for (const { index, loopback, multicast, name, up } of found) {
      const flags = sysfs(name, "flags")
      expect([name, index, up, loopback, multicast]).toEqual([
        name,
        sysfs(name, "ifindex"),
        (flags & 1) !== 0,
        (flags & 8) !== 0,
        (flags & 0x1000) !== 0
      ])
    }
    const ours = found.flatMap(({ addresses, name }) =>
      addresses.map(({ address, prefix }) => `${name} ${String(address)}/${prefix}`)
    )
    // Node leaves out interfaces that are down, and has the zone in another field.
    const nodes = Object.entries(networkInterfaces()).flatMap(([name, all]) =>
      (all ?? []).map((one) =>
        one.family === "IPv6" && one.scopeid > 0
          ? `${name} ${String(one.cidr).replace("/", `%${one.scopeid}/`)}`
          : `${name} ${one.cidr}`
      )
    )
    expect(nodes.length).toBeGreaterThan(0)
    expect(ours).toEqual(expect.arrayContaining(nodes))
  }).pipe(Effect.provide(layer))
)

it.scopedLive("the index in packet information is that of the named interface", () =>
  Effect.gen(function* () {
    const { byName, nameOf } = yield* Interfaces
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "127.0.0.1", port: 0 })
    yield* socket.send({ data: Uint8Array.of(1), to: socket.localAddress })
    const { interfaceIndex } = (yield* socket.receive).control.pktInfo
    expect(nameOf(interfaceIndex)).toBe("lo")
    expect(yield* byName("lo")).toMatchObject({ index: interfaceIndex, loopback: true, up: true })
  }).pipe(Effect.provide(layer))
)

const names = canMakeNamespaces()
describe.runIf(requirement("network namespaces", names, "Run as root with iproute2 (docker run --privileged)"))(
  "in a namespace of its own",
  () => {
    it("changes report an interface that is added, gets an address, goes up, is removed", async () => {
      const namespace = `ancillary-i-${process.pid}`
      execFileSync("ip", ["netns", "add", namespace])
      onTestFinished(() => void spawnSync("ip", ["netns", "del", namespace]))
      const node = [process.execPath, bundled(new URL("namespaces/watching.ts", import.meta.url))]
      const child = spawn("ip", ["netns", "exec", namespace, ...node], { stdio: ["ignore", "pipe", "inherit"] })
      onTestFinished(() => void child.kill("SIGKILL"))
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const next = async () => String((await lines.next()).value)
      const ip = (...words: ReadonlyArray<string>) => execFileSync("ip", ["-n", namespace, ...words])

      expect(await next()).toBe("Added lo down")
      ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
      expect([await next(), await next()].toSorted()).toEqual(["Added v0 down", "Added v1 down"])
      ip("addr", "add", "10.99.0.1/24", "dev", "v0")
      expect(await next()).toBe("Changed v0 down 10.99.0.1/24")
      ip("link", "set", "v0", "addrgenmode", "none", "up")
      expect(await next()).toBe("Changed v0 up 10.99.0.1/24")
      // Deleting one end of the cable deletes the other.
      ip("link", "del", "v1")
      expect([await next(), await next()].toSorted()).toEqual(["Removed v0 up 10.99.0.1/24", "Removed v1 down"])
    })

    describe("states that few hosts show", () => {
      let host: { readonly one: string; readonly other: string; readonly remove: () => void }
      let seen: Record<string, unknown>
      beforeAll(async () => {
        host = hosts(["one", "other"], () => undefined)
        seen = (await run(host.one, "interfaceStates.ts", host.other)) as typeof seen
      })
      afterAll(() => host.remove())

      it("an address with a label belongs to its interface, which is listed once", () => {
        const all = ["v0 77 up running 192.0.2.1/24 192.0.2.7/24"]
        expect(seen["labelled"]).toEqual({
          all,
          name: "v0",
          byName: "v0 77 up running",
          byLabel: "UnknownName"
        })
      })
      it("an interface with a name that is not UTF-8 is listed, found and joined on", () => {
        expect(seen["otherBytes"]).toEqual({ units: [0x76, 0xdcff, 0xdcfe], index: 79, joined: true })
      })
      it("an address is listed as tentative, which the error of bind explains", () => {
        expect(seen["states"]).toEqual({
          listed: expect.stringMatching(/^v0 77 up running 2001:db8::6\/64 deprecated 2001:db8::5\/64 tentative$/),
          bound:
            "Binding to [2001:db8::5]:0 failed (bind: EADDRNOTAVAIL 99). v0 still checks this address for duplicates (tentative). Bind again in a second or two, or declare withFreebind() on Linux.",
          foreign: expect.stringContaining("It is not an address of this host")
        })
      })
      it("an interface has its MTU, kind, hardware address and master", () => {
        expect(seen["facts"]).toEqual({
          v0: { hardwareAddress: "02:00:00:00:00:07", kind: "veth", mtu: 1400 },
          bridge: "bridge",
          isMaster: true,
          lo: "loopback"
        })
      })
      it("a pulled cable and an interface recreated under its index are changes", () => {
        expect(seen["changes"]).toEqual({
          seen: [
            "Added v0 77 up running",
            "Changed v0 77 up idle",
            "Changed v0 77 up running",
            expect.stringMatching(/^Removed v0 77 /),
            expect.stringMatching(/^Added v0 77 up /)
          ],
          rest: expect.any(Number)
        })
      })
      it("notices that the kernel dropped are reported as lost, once", () => {
        const nothing = { changed: false, lost: false, ended: [] }
        expect(seen["lost"]).toEqual({ quiet: nothing, changed: true, isLost: true, after: nothing, closed: nothing })
      })
    })
  }
)
