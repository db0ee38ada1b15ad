/** A host with two links: bonjour-service, unmodified, announces a printer, and python3 asks for it on each link. */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { cable, canMakeNamespaces, hosts, inside } from "../../posix/test/namespaces/network.ts"
import { build } from "../../testing/built.ts"

const able = requirement(
  "bonjour-service on two links",
  onPath("ip") && onPath("python3") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps python3"
)

/** Asks on the second link, then on the first one. Ends when the first one has answered, or both if `both`. Prints the sources. */
const query = `
import json, select, socket, struct, sys
group = "224.0.0.251"
def join(device, address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    s.bind(("", 5353))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(address))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    return s
name = b"".join(bytes([len(part)]) + part for part in [b"_ipp", b"_tcp", b"local"]) + b"\\0"
question = struct.pack(">6H", 0, 0, 1, 0, 0, 0) + name + struct.pack(">2H", 12, 1)
links = {"second": join("cB", "10.77.2.2"), "first": join("cA", "10.77.1.2")}
sources = {}
for link, s in links.items():
    s.sendto(question, (group, 5353))
while not (set(sources) == set(links) if sys.argv[1] == "both" else "first" in sources):
    for s in select.select(list(links.values()), [], [])[0]:
        data, source = s.recvfrom(9000)
        # A response has the first bit of the flags.
        if data[2] & 0x80: sources[[link for link in links if links[link] is s][0]] = source[0]
print(json.dumps(sources))
`

describe.runIf(able)("a host with two links", () => {
  let network: ReturnType<typeof make>
  const make = () =>
    hosts(["printer", "office"], ({ office, printer }) => {
      cable(
        { host: printer, device: "sA", addresses: ["10.77.1.1/24"] },
        { host: office, device: "cA", addresses: ["10.77.1.2/24"] }
      )
      cable(
        { host: printer, device: "sB", addresses: ["10.77.2.1/24"] },
        { host: office, device: "cB", addresses: ["10.77.2.2/24"] }
      )
      inside(printer, "route", "add", "224.0.0.0/4", "dev", "sA")
    })
  beforeAll(async () => {
    await build()
    network = make()
  })
  afterAll(() => network.remove())

  const sourcesOver = async (modules: ReadonlyArray<string>, links: "first" | "both"): Promise<unknown> => {
    const node = ["netns", "exec", network.printer, process.execPath, ...modules, "printer.cjs"]
    const printer = spawn("ip", node, {
      cwd: fileURLToPath(new URL("children", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"]
    })
    onTestFinished(() => void printer.kill("SIGKILL"))
    await once(printer.stdout, "data")
    const asking = ["netns", "exec", network.office, "python3", "-c", query, links]
    const sources = JSON.parse(execFileSync("ip", asking, { encoding: "utf8" })) as unknown
    const gone = once(printer, "exit")
    printer.kill("SIGKILL")
    await gone
    return sources
  }

  it("bare: over node:dgram it answers on one link", async () => {
    expect(await sourcesOver([], "first")).toEqual({ first: "10.77.1.1" })
  })

  it("over this package it answers on both, each time with the address of the link", async () => {
    expect(await sourcesOver(["-r", "./instead.cjs"], "both")).toEqual({ first: "10.77.1.1", second: "10.77.2.1" })
  })
})
