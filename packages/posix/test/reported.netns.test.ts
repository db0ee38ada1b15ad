/** ICMP errors of hosts and routers for datagrams that do not arrive, across a router, and the traps of a path of several hops. */
import { execFileSync } from "node:child_process"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { canMakeNamespaces, inside, run, sysctl } from "./namespaces/network.ts"
import { makeRouted, type Routed } from "./namespaces/routed.ts"

const able = requirement(
  "error reports across a router",
  onPath("ip") && onPath("tc") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps"
)

describe.runIf(able)("across a router", () => {
  let network: Routed
  const flush = () => {
    inside(network.client, "route", "flush", "cache")
    inside(network.client, "-6", "route", "flush", "cache")
  }
  beforeAll(() => {
    network = makeRouted({ mtu: 1300 })
    const { client, router, server } = network
    // No rate limit for ICMP errors.
    for (const host of [router, server])
      for (const setting of ["net.ipv4.icmp_ratemask=0", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"])
        sysctl(host, setting)
    // The router has no route there.
    inside(client, "route", "add", "10.66.0.0/16", "via", "10.78.1.1")
    inside(client, "-6", "route", "add", "fd66::/32", "via", "fd78:1::1")
    inside(client, "route", "add", "10.67.0.0/16", "via", "10.78.1.1")
    inside(router, "route", "add", "blackhole", "10.67.0.0/16")
  })
  afterAll(() => network.remove())

  const [client, router, server] = [
    { ipv4: "10.78.1.2", ipv6: "fd78:1::2" },
    { ipv4: "10.78.1.1", ipv6: "fd78:1::1" },
    { ipv4: "10.78.2.2", ipv6: "fd78:2::2" }
  ]
  const at = (address: string) => (address.includes(":") ? `[${address}]:9` : `${address}:9`)

  it.each([
    {
      family: "ipv4" as const,
      origin: "icmp",
      refused: [3, 3],
      outOfHops: [11, 0],
      withoutRoute: [3, 0],
      tooLarge: [3, 4],
      lost: "10.66.0.1",
      // An IPv4 header of 20 bytes, one of UDP, and as much as fits into 576.
      quotes: 520
    },
    {
      family: "ipv6" as const,
      origin: "icmp6",
      refused: [1, 4],
      outOfHops: [3, 0],
      withoutRoute: [1, 0],
      tooLarge: [2, 0],
      lost: "fd66::1",
      quotes: 1184
    }
  ])("$family: each reason has its code, the reporting host and the datagram", async (expected) => {
    flush()
    const { family, origin, quotes } = expected
    const seen = (await run(network.client, "reporting.ts", family)) as {
      readonly [what: string]: ReadonlyArray<unknown>
    }
    const told = { origin, mtu: null, destination: at(server[family]), intact: true, arrivedAt: client[family] }
    const byServer = { ...told, code: "ECONNREFUSED", icmp: expected.refused, offender: server[family] }
    const byRouter = { ...told, offender: router[family] }
    expect(seen["refused"]).toEqual([{ ...byServer, quoted: 5 }])
    expect(seen["quoted"]).toEqual([{ ...byServer, quoted: quotes }])
    expect(seen["outOfHops"]).toEqual([{ ...byRouter, code: "EHOSTUNREACH", icmp: expected.outOfHops, quoted: 5 }])
    expect(seen["withoutRoute"]).toEqual([
      {
        ...byRouter,
        code: "ENETUNREACH",
        icmp: expected.withoutRoute,
        destination: at(expected.lost),
        quoted: 5
      }
    ])
    const mtu = { code: "EMSGSIZE", mtu: 1300 }
    expect(seen["tooLargeForAHop"]).toEqual([{ ...byRouter, ...mtu, icmp: expected.tooLarge, quoted: quotes }])
    // This host quotes nothing, and reports no port over IPv4. The socket adds the destination of the send.
    const here = { ...told, ...mtu, origin: "local", icmp: null, offender: null, quoted: 0, arrivedAt: null }
    const report = (destination: string, bytes: number) =>
      family === "ipv6" ? [{ tag: "PathMtuReport", mtu: bytes, destination }] : []
    expect(seen["tooLargeForThePath"]).toEqual([here, ...report(server.ipv6, 1300)])
    expect(seen["tooLargeForTheInterface"]).toEqual([
      { ...here, mtu: 1500, destination: at(router[family]) },
      ...report(router.ipv6, 1500)
    ])
    expect(seen["undisturbed"]).toEqual(seen["refused"])
  })

  describe("trap 20: a path with a smaller MTU, without options", () => {
    it("bare kernel: the read of a connected socket fails with EMSGSIZE", async () => {
      flush()
      expect(await run(network.client, "reporting.ts", "unrequestedBare")).toBe("EMSGSIZE")
    })
    it("ours: one read fails with an error of its own reason", async () => {
      flush()
      expect(await run(network.client, "reporting.ts", "unrequested")).toEqual(["MessageTooLarge", "EMSGSIZE"])
    })
  })

  describe("timestamps of a burst that overflows the interface queue", () => {
    const tc = (...words: ReadonlyArray<string>) =>
      void execFileSync("ip", ["netns", "exec", network.client, "tc", "qdisc", ...words, "dev", "cR", "root"])
    beforeAll(() => {
      flush()
      const shaped = "tc qdisc replace dev cR root tbf rate 400kbit burst 1600 limit 3000"
      execFileSync("ip", ["netns", "exec", network.client, ...shaped.split(" ")])
    })
    afterAll(() => tc("del"))

    it("bare kernel: a failed send takes a number, so counting sent ones is wrong", async () => {
      const { numbers, sent } = (await run(network.client, "reporting.ts", "stampsBare")) as {
        readonly sent: ReadonlyArray<string>
        readonly numbers: ReadonlyArray<number>
      }
      const places = sent.flatMap((how, place) => (how === "sent" ? [place] : []))
      expect(new Set(sent)).toEqual(new Set(["sent", "ENOBUFS"]))
      expect(numbers).toEqual(places)
    })

    it("ours: each timestamp has the id of its send", async () => {
      const { refused, sent, told } = (await run(network.client, "reporting.ts", "stamps")) as {
        readonly sent: ReadonlyArray<number>
        readonly refused: number
        readonly told: ReadonlyArray<number>
      }
      expect(refused).toBeGreaterThan(0)
      expect(told).toEqual(sent)
    })
  })
})
