/** The server on a host with two links. udhcpc asks on the other end of each, which is a host of its own. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { cable, canMakeNamespaces, hosts } from "../../../packages/posix/test/namespaces/network.ts"
import { onPath, requirement } from "../../../packages/testing/machine.ts"
import { bundled, ended } from "../../../packages/testing/program.ts"

const able = requirement(
  "the DHCP example",
  ["ip", "udhcpc", "python3"].every(onPath) && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps udhcpc python3"
)

/** Configures the interface as the server has it, and prints each event. */
const script = `#!/bin/sh
case "$1" in
deconfig) ip addr flush dev $interface ;;
bound | renew) ip addr replace $ip/$mask dev $interface ;;
esac
echo "$1 $ip/$mask of $serverid for $lease"
`

describe.runIf(able)("the DHCP example on two links", () => {
  const make = () =>
    hosts(["server", "office", "lab"], ({ lab, office, server }) => {
      cable({ host: server, device: "sA", addresses: ["10.77.1.1/24"] }, { host: office, device: "cA", addresses: [] })
      cable({ host: server, device: "sB", addresses: ["10.77.2.1/25"] }, { host: lab, device: "cB", addresses: [] })
    })
  let network: ReturnType<typeof make>
  let folder = ""
  beforeAll(async () => {
    network = make()
    folder = mkdtempSync(join(tmpdir(), "ancillary-dhcp-"))
    writeFileSync(`${folder}/script`, script)
    chmodSync(`${folder}/script`, 0o755)
  })
  afterAll(() => {
    network.remove()
    rmSync(folder, { recursive: true })
  })

  const program = bundled(new URL("../src/main.ts", import.meta.url))
  /** A process of a host, whose output can be waited for. */
  const start = (host: string, ...words: ReadonlyArray<string>) => {
    const child = spawn("ip", ["netns", "exec", host, ...words], { stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    const gone = once(child, "exit")
    const end = async () => {
      child.kill("SIGKILL")
      await gone
    }
    onTestFinished(end)
    const printed = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = (chunk: unknown) => {
          output += String(chunk)
          if (output.includes(text)) resolve()
        }
        child.stdout.on("data", look)
        child.stderr.on("data", look)
        child.on("exit", () => reject(new Error(`ended early: ${output}`)))
        look("")
      })
    return { child, end, gone, printed, output: () => output }
  }
  const serving = async (...names: ReadonlyArray<string>) => {
    const server = start(network.server, process.execPath, program, ...names)
    await server.printed("serving")
    return server
  }
  const udhcpc = (host: string, device: string, ...words: ReadonlyArray<string>) => [
    "ip",
    "netns",
    "exec",
    host,
    "udhcpc",
    "-i",
    device,
    "-f",
    "-s",
    `${folder}/script`,
    "-t",
    "100",
    "-T",
    "1",
    ...words
  ]
  const lease = async (host: string, device: string, ...words: ReadonlyArray<string>) =>
    (await ended(udhcpc(host, device, "-q", ...words))).stdout.split("\n")

  it("each client gets address, mask and server of its own link", async () => {
    await serving("sA", "sB")
    const [office, lab] = await Promise.all([lease(network.office, "cA"), lease(network.lab, "cB")])
    expect(office).toContain("bound 10.77.1.100/24 of 10.77.1.1 for 3600")
    expect(lab).toContain("bound 10.77.2.100/25 of 10.77.2.1 for 3600")
  })

  it("a client has the same address again, and another client on its link has another", async () => {
    await serving("sA", "sB")
    for (const [identifier, address] of [
      ["01020304", "10.77.1.100"],
      ["01020305", "10.77.1.101"],
      ["01020304", "10.77.1.100"]
    ] as const)
      expect(await lease(network.office, "cA", "-x", `0x3d:${identifier}`)).toContain(
        `bound ${address}/24 of 10.77.1.1 for 3600`
      )
  })

  it("a lease is renewed by unicast, with the address that it has", async () => {
    await serving("sA", "sB")
    const [, , , , ...words] = udhcpc(network.office, "cA")
    const client = start(network.office, ...words)
    await client.printed("bound 10.77.1.100/24")
    client.child.kill("SIGUSR1")
    await client.printed("renew 10.77.1.100/24 of 10.77.1.1")
    expect(client.output()).toMatch(/sending renew to server 10\.77\.1\.1/)
  })

  it("replies to a client without an address leave only on its own link", async () => {
    await serving("sA", "sB")
    const sniffer = start(
      network.lab,
      "python3",
      "-uc",
      `
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
print("ready")
while True:
    packet, where = s.recvfrom(2000)
    # The hardware address of the client that the reply is for.
    if where[0] == "cB" and packet[9] == 17: print("reply to", packet[56:62].hex(":"))
`
    )
    await sniffer.printed("ready")
    await lease(network.office, "cA")
    await lease(network.lab, "cB")
    const { stdout } = await ended(["ip", "netns", "exec", network.lab, "cat", "/sys/class/net/cB/address"])
    // An offer and an acknowledgement for each exchange of its own client, and nothing else.
    await sniffer.printed(`reply to ${stdout}reply to ${stdout}`)
    expect(new Set(sniffer.output().trim().split("\n"))).toEqual(new Set(["ready", `reply to ${stdout.trim()}`]))
  })

  it("an interface that is not named is not served", async () => {
    await serving("sA")
    expect(await lease(network.office, "cA")).toContain("bound 10.77.1.100/24 of 10.77.1.1 for 3600")
    const { stderr } = await ended([
      ...udhcpc(network.lab, "cB", "-q", "-n").slice(0, -6),
      "-t",
      "2",
      "-T",
      "1",
      "-q",
      "-n"
    ])
    expect(stderr).toContain("no lease")
  })

  it("a client of an earlier run keeps its address, and SIGTERM ends the server", async () => {
    const server = await serving("sB")
    expect(await lease(network.lab, "cB")).toContain("bound 10.77.2.100/25 of 10.77.2.1 for 3600")
    const [, , , , ...words] = udhcpc(network.lab, "cB")
    const client = start(network.lab, ...words)
    await client.printed("bound 10.77.2.100/25")
    server.child.kill("SIGTERM")
    await server.gone
    await serving("sB")
    client.child.kill("SIGUSR1")
    await client.printed("renew 10.77.2.100/25 of 10.77.2.1")
  })
})
