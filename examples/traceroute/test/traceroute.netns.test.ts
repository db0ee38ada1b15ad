/**
 * The program beside Debian's traceroute and tracepath, over two routers whose links have smaller and smaller MTUs.
 *
 * ```text
 * client ══ 1500 ══ near ══ 1400 ══ far ══ 1300 ══ server
 *       10.77.1.0/24    10.77.2.0/24   10.77.3.0/24
 * ```
 */
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { cable, canMakeNamespaces, hosts, inside, sysctl } from "../../../packages/posix/test/namespaces/network.ts"
import { onPath, requirement } from "../../../packages/testing/machine.ts"
import { bundled, ended } from "../../../packages/testing/program.ts"

const able = requirement(
  "the traceroute example",
  ["ip", "traceroute", "tracepath", "python3", "setpriv"].every(onPath) && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps traceroute iputils-tracepath python3"
)

const run = promisify(execFile)

describe.runIf(able)("the traceroute example", () => {
  const make = () =>
    hosts(["client", "near", "far", "server"], ({ client, far, near, server }) => {
      for (const host of [client, near, far, server]) {
        for (const setting of ["ipv4.ip_forward=1", "ipv6.conf.all.forwarding=1"]) sysctl(host, `net.${setting}`)
        // Routers report each datagram, however fast they come.
        for (const setting of ["ipv4.icmp_ratelimit=0", "ipv6.icmp.ratelimit=0"]) sysctl(host, `net.${setting}`)
      }
      cable(
        { host: client, device: "c", addresses: ["10.77.1.2/24", "fd77:1::2/64"] },
        { host: near, device: "n1", addresses: ["10.77.1.1/24", "fd77:1::1/64"] }
      )
      cable(
        { host: near, device: "n2", addresses: ["10.77.2.1/24", "fd77:2::1/64"] },
        { host: far, device: "f1", addresses: ["10.77.2.2/24", "fd77:2::2/64"] }
      )
      cable(
        { host: far, device: "f2", addresses: ["10.77.3.1/24", "fd77:3::1/64"] },
        { host: server, device: "s", addresses: ["10.77.3.2/24", "fd77:3::2/64"] }
      )
      for (const [host, device] of [
        [near, "n2"],
        [far, "f1"]
      ] as const)
        inside(host, "link", "set", device, "mtu", "1400")
      for (const [host, device] of [
        [far, "f2"],
        [server, "s"]
      ] as const)
        inside(host, "link", "set", device, "mtu", "1300")
      const route = (host: string, ipv4: string, ipv6: string, via: "near" | "far") => {
        const next = via === "near" ? ["10.77.1.1", "fd77:1::1"] : ["10.77.2.2", "fd77:2::2"]
        inside(host, "route", "add", ipv4, "via", next[0] ?? "")
        inside(host, "-6", "route", "add", ipv6, "via", next[1] ?? "")
      }
      route(client, "default", "default", "near")
      route(near, "10.77.3.0/24", "fd77:3::/64", "far")
      inside(far, "route", "add", "10.77.1.0/24", "via", "10.77.2.1")
      inside(far, "-6", "route", "add", "fd77:1::/64", "via", "fd77:2::1")
      inside(server, "route", "add", "default", "via", "10.77.3.1")
      inside(server, "-6", "route", "add", "default", "via", "fd77:3::1")
      // Destinations that never answer.
      inside(near, "route", "add", "10.77.8.0/24", "via", "10.77.2.2")
      inside(far, "route", "add", "blackhole", "10.77.8.0/24")
    })
  let network: ReturnType<typeof make>
  beforeAll(() => void (network = make()))
  afterAll(() => network.remove())

  const program = bundled(new URL("../src/main.ts", import.meta.url))
  const inClient = (...words: ReadonlyArray<string>) => ["ip", "netns", "exec", network.client, ...words]
  /** Runs the program without any privilege. */
  const trace = async (host: string, seconds = 60) => {
    const bare = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", process.execPath, program, host, String(seconds)]
    const { status, stderr, stdout } = await ended(inClient(...bare))
    expect([status, stderr]).toEqual([0, ""])
    return stdout
  }
  const peer = async (...words: ReadonlyArray<string>) => {
    const [command = "", ...rest] = inClient(...words)
    return (await run(command, rest)).stdout
  }
  /** The routers of numbered lines, without the names and times that follow. */
  const routersOf = (output: string) =>
    Array.from(output.matchAll(/^ *(\d+):? +([\d.]+\d|[\da-f:]+)\b/gm), ([, hop, router]) => `${hop} ${router}`)
  const mtuOf = (output: string) => Number(/MTU (\d+)\s*$/i.exec(output)?.[1] ?? /Resume: pmtu (\d+)/.exec(output)?.[1])

  it.each([
    ["10.77.3.2", "10.77"],
    ["fd77:3::2", "fd77:"]
  ])("to %s it finds the routers of traceroute, and the MTU of tracepath", async (server) => {
    const output = await trace(server)
    expect(routersOf(output)).toHaveLength(3)
    expect(routersOf(output)).toEqual(routersOf(await peer("traceroute", "-n", "-q", "1", "-w", "60", server)))
    expect(mtuOf(output)).toBe(1300)
    expect(mtuOf(output)).toBe(mtuOf(await peer("tracepath", "-n", server)))
    // Every probe has a round trip by the kernel.
    expect(output.match(/ \d+\.\d{3} ms/g)).toHaveLength(9)
    expect(output).not.toContain("?")
  })

  it("each MTU has the router that reported it", async () => {
    const output = await trace("10.77.3.2")
    expect(output.split("\n").slice(-5)).toEqual([
      "MTU 1500 by the link of this host",
      "MTU 1400 by 10.77.1.1",
      "MTU 1300 by 10.77.2.2",
      "path MTU 1300",
      ""
    ])
  })

  it("a router that finds no host ends the path with its ICMP code, as for traceroute", async () => {
    const output = await trace("10.77.3.99")
    expect(routersOf(output)).toEqual(["1 10.77.1.1", "2 10.77.2.2", "3 10.77.2.2"])
    expect(output).toMatch(/^ 3 {2}10\.77\.2\.2 {2}[\d.]+ ms ICMP 3\/1 /m)
    const theirs = await peer("traceroute", "-n", "-q", "1", "-w", "60", "10.77.3.99")
    expect(theirs).toMatch(/^ 3 {2}10\.77\.2\.2 {2}[\d.]+ ms !H/m)
    expect(output).toContain("path MTU at most 1300: the destination did not answer")
  })

  it("routers with MPLS have their labels, as traceroute prints them", async () => {
    // Answers each probe that far swallows, for the router whose turn it is, with the stack of an RFC 4950 router.
    const forger = `
import socket, struct
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
def sum16(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
print("ready", flush=True)
while True:
    packet, (device, *_) = sniffer.recvfrom(65535)
    if device != "f1" or packet[9] != 17 or packet[16:19] != bytes([10, 77, 8]): continue
    hop = packet[8] + 1 # One was near.
    last = hop >= 4
    router = packet[16:20] if last else bytes([10, 77, 9, hop])
    label = struct.pack("!I", (16000 + hop) << 12 | 5 << 9 | 1 << 8 | 1)
    extension = bytes([0x20, 0, 0, 0]) + struct.pack("!HBB", 8, 1, 1) + label
    extension = extension[:2] + struct.pack("!H", sum16(extension)) + extension[4:]
    body = struct.pack("!BBHBBH", 3 if last else 11, 3 if last else 0, 0, 0, 0 if last else 32, 0) + packet[:128].ljust(128, b"\\0")
    if not last: body += extension
    body = body[:2] + struct.pack("!H", sum16(body)) + body[4:]
    raw.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0, router, packet[12:16]) + body, (socket.inet_ntoa(packet[12:16]), 0))
`
    const forging = spawn("ip", ["netns", "exec", network.far, "python3", "-c", forger], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    onTestFinished(() => void forging.kill("SIGKILL"))
    await once(forging.stdout, "data")
    const output = await trace("10.77.8.8")
    const labelsOf = (output: string) =>
      Array.from(output.matchAll(/<?MPLS:L=(\d+),E=5,S=1,T=1>/g), ([, label]) => label)
    expect(routersOf(output)).toEqual(["1 10.77.1.1", "2 10.77.9.2", "3 10.77.9.3", "4 10.77.8.8"])
    expect(labelsOf(output)).toEqual(["16002", "16003"])
    expect(labelsOf(await peer("traceroute", "-e", "-n", "-q", "1", "-w", "60", "10.77.8.8", "136"))).toEqual([
      "16002",
      "16003"
    ])
  })

  it("a destination that is silent has no path MTU, and its hops are asterisks", async () => {
    const output = await trace("10.77.8.9", 0.05)
    expect(output.split("\n").filter((line) => line.endsWith("*  *  *")).length).toBeGreaterThanOrEqual(29)
    expect(output).toContain("the destination did not answer")
  })
})
