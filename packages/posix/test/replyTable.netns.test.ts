/**
 * The table of docs/reply.md, a test a row: python3 in one namespace asks, by frames of its own making where need be; our server in the other
 * answers.
 */
import { execFileSync } from "node:child_process"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { canMakeNamespaces, inside, make, type Network, python, startReading } from "./namespaces/network.ts"

const able = requirement(
  "replies across network namespaces",
  onPath("ip") && onPath("python3") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps python3"
)

const port = 5396
const clientPort = 5368

/** Sends a frame with any source over a device of the client. Prints the senders that its port 5368 receives from on that device. */
const forged = (
  network: Network,
  source: string,
  to: string,
  options?: { readonly sourcePort?: number; readonly hears?: boolean }
) =>
  python(
    network.client,
    `
import json, socket, struct
source, to, sport, hears = ${JSON.stringify(source)}, ${JSON.stringify(to)}, ${options?.sourcePort ?? clientPort}, ${options?.hears === true ? "True" : "False"}
six = ":" in to
heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
heard.setsockopt(socket.SOL_SOCKET, 25, b"cB\\0")
heard.bind(("0.0.0.0", ${clientPort}))
heard.settimeout(5)
def total(data):
    data += b"\\0" * (len(data) % 2)
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16: s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff
family = socket.AF_INET6 if six else socket.AF_INET
a, b = socket.inet_pton(family, source), socket.inet_pton(family, to)
data = b"who?"
length = 8 + len(data)
pseudo = a + b + (struct.pack("!IHBB", length, 0, 0, 17) if six else struct.pack("!BBH", 0, 17, length))
def udp(check): return struct.pack("!HHHH", sport, ${port}, length, check) + data
segment = udp(total(pseudo + udp(0)) or 0xffff)
if six: packet = struct.pack("!IHBB", 6 << 28, length, 17, 64) + a + b + segment
else:
    def ip(check): return struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, 0, 64, 17, check) + a + b
    packet = ip(total(ip(0))) + segment
link = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
mac = bytes.fromhex("${macOf(network)}")
link.sendto(packet, ("cB", 0x86dd if six else 0x0800, 0, 0, mac))
if not hears: print("null")
else:
    got, who = heard.recvfrom(100)
    print(json.dumps([got.decode(), who[0]]))
`
  )

const macOf = ({ server }: Network): string =>
  execFileSync("ip", ["netns", "exec", server, "cat", "/sys/class/net/sB/address"], { encoding: "utf8" })
    .trim()
    .replaceAll(":", "")

/** Sends a request from an address over a device, and returns the sender of the reply on that device. */
const ask = (network: Network, device: string, from: string, to: string) =>
  python(
    network.client,
    `
import json, socket
s = socket.socket(${from.includes(":") ? "socket.AF_INET6" : "socket.AF_INET"}, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, 25, b"${device}\\0")
s.settimeout(5)
index = socket.if_nametoindex("${device}")
s.bind((${JSON.stringify(from)}, 0, 0, index) if s.family == socket.AF_INET6 else (${JSON.stringify(from)}, 0))
s.sendto(b"who?", (${JSON.stringify(to)}, ${port}, 0, index) if s.family == socket.AF_INET6 else (${JSON.stringify(to)}, ${port}))
print(json.dumps(s.recvfrom(100)[1][0].split("%")[0]))
`
  )

describe.runIf(able)("the table of replies", () => {
  let network: Network
  beforeAll(() => {
    network = make()
    // Both links have link-local addresses, and the kernel chooses the route of the first.
    for (const [host, device, address] of [
      [network.server, "sA", "169.254.7.1/16"],
      [network.server, "sB", "169.254.7.2/16"],
      [network.server, "sB", "169.254.7.3/16"],
      [network.client, "cB", "169.254.7.9/16"]
    ] as const)
      inside(host, "addr", "add", address, "brd", "+", "dev", device)
  })
  afterAll(() => network.remove())

  /** Runs a server of that kind while `asks` sends requests, and returns its lines, one for each datagram. */
  const answered = async (kind: string, lines: number, asks: () => Promise<void>) => {
    const server = await startReading(network.server, "replying.ts", kind, String(port))
    try {
      await asks()
      return await server.lines(lines)
    } finally {
      await server.stop()
    }
  }

  for (const kind of ["ipv4", "dual", "bound"])
    it(`${kind}: a 169.254 peer is answered on its link, from the address that it asked`, async () => {
      await answered(kind, 3, async () => {
        for (const asked of ["169.254.7.2", "169.254.7.3"])
          expect(await ask(network, "cB", "169.254.7.9", asked)).toBe(asked)
        // After a broadcast request: from an address of that link.
        expect(await ask(network, "cB", "169.254.7.9", "255.255.255.255")).toMatch(/^(169\.254\.7\.[23]|10\.77\.2\.1)$/)
      })
    })

  for (const kind of ["ipv6", "dual"])
    it(`${kind}: an fe80 peer is answered on its link, whether it asked an address or a group`, async () => {
      await answered(kind, 3, async () => {
        for (const asked of ["fe80::77:1", "fe80::77:3"])
          expect(await ask(network, "cA", "fe80::77:2", asked)).toBe(asked)
        expect(await ask(network, "cB", "fe80::78:2", "ff02::1")).toMatch(/^fe80::/)
      })
    })

  // Linux: an IPv6 socket receives no IPv4 group that it has not joined.
  for (const [kind, destinations] of [
    ["broadcast", ["255.255.255.255", "224.0.0.1"]],
    ["bound", ["255.255.255.255", "224.0.0.1"]],
    ["dualBroadcast", ["255.255.255.255"]]
  ] as const)
    it(`${kind}: a peer at 0.0.0.0 hears a broadcast on the interface that it asked on`, async () => {
      const lines = await answered(kind, destinations.length, async () => {
        for (const asked of destinations)
          expect(await forged(network, "0.0.0.0", asked, { hears: true })).toEqual([
            "who?",
            expect.stringMatching(/^(169\.254\.7\.[23]|10\.77\.2\.1)$/)
          ])
      })
      expect(lines).toEqual(
        destinations.map((asked) => ["0.0.0.0", asked.startsWith("224") ? "multicast" : "broadcast", "sent"])
      )
    })

  for (const kind of ["ipv4", "dual"])
    it(`${kind}: a peer at 0.0.0.0 is refused if the socket may not broadcast`, async () => {
      const lines = await answered(kind, 1, async () => void (await forged(network, "0.0.0.0", "255.255.255.255")))
      expect(lines).toEqual([
        [
          "0.0.0.0",
          "broadcast",
          `to: the peer has no address (0.0.0.0:${clientPort}): declare withBroadcast(), and the reply is broadcast on the interface asked. Nothing was sent.`
        ]
      ])
    })

  it("a peer at :: is refused", async () => {
    const lines = await answered("ipv6", 1, async () => void (await forged(network, "::", "ff02::1")))
    expect(lines).toEqual([
      [
        "::",
        "multicast",
        `to: the peer has no address ([::]:${clientPort}): send to ff02::1 on the interface asked if it is to hear you. Nothing was sent.`
      ]
    ])
  })

  it("a peer at port 0 is refused", async () => {
    const lines = await answered(
      "broadcast",
      1,
      async () => void (await forged(network, "10.77.2.2", "10.77.2.1", { sourcePort: 0 }))
    )
    expect(lines).toEqual([["10.77.2.2", "unicast", expect.stringMatching(/port 0 .* Nothing was sent\.$/)]])
  })

  it("group or 255.255.255.255 sources never arrive, other broadcasts are rejected", async () => {
    const lines = await answered("broadcast", 2, async () => {
      for (const source of ["224.0.0.9", "255.255.255.255", "10.77.2.255"]) await forged(network, source, "10.77.2.1")
      await forged(network, "10.77.2.2", "10.77.2.1")
    })
    const why = `to: 10.77.2.255:${clientPort} is the address of every host and not of a peer: drop the datagram. Nothing was sent.`
    expect(lines).toEqual([
      ["10.77.2.255", "unicast", why],
      ["10.77.2.2", "unicast", "sent"]
    ])
  })
})
