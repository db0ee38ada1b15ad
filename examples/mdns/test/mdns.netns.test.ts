/** The responder, and bonjour-service, on a host with two links. avahi-daemon and dig ask on the other end of both. */
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { cable, canMakeNamespaces, hosts, inside, sysctl } from "../../../packages/posix/test/namespaces/network.ts"
import { onPath, requirement } from "../../../packages/testing/machine.ts"
import { bundled } from "../../../packages/testing/program.ts"

const able = requirement(
  "the mDNS example",
  ["ip", "avahi-daemon", "avahi-browse", "dbus-daemon", "dig", "nsenter"].every(onPath) && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps avahi-daemon avahi-utils dbus bind9-dnsutils"
)

const run = promisify(execFile)

describe.runIf(able)("the mDNS example on two links", () => {
  const make = () =>
    hosts(["printer", "office"], ({ office, printer }) => {
      // Without it, a subnet loses all addresses with its first one.
      sysctl(printer, "net.ipv4.conf.all.promote_secondaries=1")
      cable(
        { host: printer, device: "sA", addresses: ["10.77.1.1/24", "fd77:1::1/64"] },
        { host: office, device: "cA", addresses: ["10.77.1.2/24", "fd77:1::2/64"] }
      )
      cable(
        { host: printer, device: "sB", addresses: ["10.77.2.1/24", "fd77:2::1/64"] },
        { host: office, device: "cB", addresses: ["10.77.2.2/24", "fd77:2::2/64"] }
      )
      inside(office, "route", "add", "224.0.0.0/4", "dev", "cB")
      inside(printer, "route", "add", "224.0.0.0/4", "dev", "sA")
    })
  let network: ReturnType<typeof make>
  let folder = ""
  let avahi: ReturnType<typeof spawn>
  beforeAll(async () => {
    network = make()
    folder = mkdtempSync(join(tmpdir(), "ancillary-mdns-"))
    writeFileSync(`${folder}/conf`, "[server]\nhost-name=office\n[publish]\npublish-workstation=no\n")
    // `ip netns exec` has mounts of its own, so these daemons have a bus of their own.
    const start = [
      "mount -t tmpfs tmpfs /run",
      "mkdir -p /run/dbus /run/avahi-daemon",
      "dbus-daemon --system --fork --nopidfile",
      `exec avahi-daemon --no-drop-root --no-chroot -f ${folder}/conf`
    ]
    avahi = spawn("ip", ["netns", "exec", network.office, "sh", "-ec", start.join("\n")])
    for await (const line of avahi.stderr ?? []) if (String(line).includes("startup complete")) break
  })
  afterAll(async () => {
    const gone = once(avahi, "exit")
    avahi.kill("SIGKILL")
    await gone
    const { stdout } = await run("ip", ["netns", "pids", network.office])
    for (const pid of stdout.split("\n").filter((pid) => pid !== "")) process.kill(Number(pid), "SIGKILL")
    network.remove()
    rmSync(folder, { recursive: true })
  })

  const start = async (program: URL, name: string, ready: string) => {
    const words = ["netns", "exec", network.printer, process.execPath, bundled(program), name]
    const child = spawn("ip", words, { stdio: ["ignore", "pipe", "inherit"] })
    const end = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, "exit")
      child.kill("SIGTERM")
      await gone
    }
    onTestFinished(end)
    let output = ""
    await new Promise<void>((resolve) =>
      child.stdout.on("data", (chunk) => {
        output += String(chunk)
        if (output.includes(ready)) resolve()
      })
    )
    return end
  }
  const office = async (...words: ReadonlyArray<string>) =>
    (await run("nsenter", ["-t", String(avahi.pid), "-m", "-n", ...words])).stdout
  /** The links on which avahi-daemon finds the service of a host, each with the address that it resolves to. */
  const browse = async (host: string) =>
    (await office("avahi-browse", "-rptk", "_http._tcp"))
      .split("\n")
      .map((line) => line.split(";"))
      .filter(([state, , , , , , found]) => state === "=" && found === `${host}.local`)
      .map(([, link, family, , , , , address, port]) => `${link} ${family} ${address} ${port}`)
      .toSorted()
  const until = async (host: string, wanted: (found: ReadonlyArray<string>) => boolean) => {
    for (;;) {
      const found = await browse(host)
      if (wanted(found)) return found
    }
  }
  const dig = (server: string, ...words: ReadonlyArray<string>) =>
    office("dig", "-p", "5353", `@${server}`, "+short", ...words)
  const responder = new URL("../src/main.ts", import.meta.url)

  it("avahi-daemon finds the service on each link, with the address of the link", async () => {
    await start(responder, "page", "answering on sB")
    const found = await until("page", ({ length }) => length >= 4)
    // By IPv6 it takes an address of any family, of the same link.
    expect(found.map((line) => line.replace(/fe80\S+|fd77:(\d)\S+/, "an address"))).toEqual([
      "cA IPv4 10.77.1.1 8080",
      expect.stringMatching(/^cA IPv6 (10\.77\.1\.1|an address) 8080$/),
      "cB IPv4 10.77.2.1 8080",
      expect.stringMatching(/^cB IPv6 (10\.77\.2\.1|an address) 8080$/)
    ])
    expect(await office("avahi-resolve", "-4", "-n", "page.local")).toMatch(/^page\.local\s+10\.77\.[12]\.1\n$/)
  })

  it("dig gets the address of the link that it asks on, and no other", async () => {
    await start(responder, "page", "answering on sB")
    expect(await dig("10.77.1.1", "page.local", "A")).toBe("10.77.1.1\n")
    expect(await dig("10.77.2.1", "page.local", "A")).toBe("10.77.2.1\n")
    expect(await dig("fd77:2::1", "PAGE.local", "AAAA")).toContain("fd77:2::1\n")
    expect(await dig("fd77:2::1", "page.local", "AAAA")).not.toContain("fd77:1::1\n")
  })

  it("a link that comes is answered on, and one that goes ends nothing", async () => {
    await start(responder, "page", "answering on sB")
    cable(
      { host: network.printer, device: "sC", addresses: ["10.77.3.1/24"] },
      { host: network.office, device: "cC", addresses: ["10.77.3.2/24"] }
    )
    const all = await until("page", (found) => found.some((line) => line.startsWith("cC IPv4")))
    expect(all).toContain("cC IPv4 10.77.3.1 8080")
    inside(network.printer, "link", "del", "sC")
    expect(await until("page", (found) => !found.some((line) => line.startsWith("cC")))).toContain(
      "cA IPv4 10.77.1.1 8080"
    )
    // A new link has the name and the address of the old one, and perhaps its index.
    cable(
      { host: network.printer, device: "sC", addresses: ["10.77.3.1/24"] },
      { host: network.office, device: "cC", addresses: ["10.77.3.2/24"] }
    )
    await until("page", (found) => found.includes("cC IPv4 10.77.3.1 8080"))
    inside(network.printer, "link", "del", "sC")
  })

  it("an address that is changed is answered with, and the old one is not", async () => {
    await start(responder, "page", "answering on sB")
    await until("page", (found) => found.includes("cB IPv4 10.77.2.1 8080"))
    inside(network.printer, "addr", "add", "10.77.2.9/24", "dev", "sB")
    inside(network.printer, "addr", "del", "10.77.2.1/24", "dev", "sB")
    onTestFinished(() => {
      inside(network.printer, "addr", "add", "10.77.2.1/24", "dev", "sB")
      inside(network.printer, "addr", "del", "10.77.2.9/24", "dev", "sB")
    })
    await until("page", (found) => found.includes("cB IPv4 10.77.2.9 8080"))
    const answered = async () => (await dig("10.77.2.9", "page.local", "A")) === "10.77.2.9\n"
    while (!(await answered()));
  })

  it("a responder that ends says goodbye: avahi-daemon forgets the service", async () => {
    const end = await start(responder, "page", "answering on sB")
    await until("page", ({ length }) => length >= 4)
    await end()
    await until("page", ({ length }) => length === 0)
  })

  it("bonjour-service over @ancillary/dgram is found on both links", async () => {
    await start(new URL("../src/bonjour.mjs", import.meta.url), "scanner", "announced")
    const links = ["cA", "cB"].map((link) => `${link} IPv4`)
    const found = await until("scanner", (found) => links.every((link) => found.some((line) => line.startsWith(link))))
    expect(found.filter((line) => line.includes("IPv4"))).toHaveLength(2)
  })
})
