/** The server against dig, kdig and dnsperf on another host, over a link with several addresses of both families. */
import { execFile, execFileSync, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { cable, canMakeNamespaces, hosts } from "../../../packages/posix/test/namespaces/network.ts"
import { onPath, requirement } from "../../../packages/testing/machine.ts"
import { bundled } from "../../../packages/testing/program.ts"

const able = requirement(
  "the DNS example",
  ["ip", "dig", "kdig", "dnsperf"].every(onPath) && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps bind9-dnsutils knot-dnsutils dnsperf"
)

const run = promisify(execFile)
const servers = ["10.77.1.1", "10.77.1.3", "fd77::1", "fd77::3"]

describe.runIf(able)("the DNS example", () => {
  const make = () =>
    hosts(["names", "resolver"], ({ names, resolver }) =>
      cable(
        { host: names, device: "sA", addresses: ["10.77.1.1/24", "10.77.1.3/24", "fd77::1/64", "fd77::3/64"] },
        { host: resolver, device: "cA", addresses: ["10.77.1.2/24", "fd77::2/64"] }
      )
    )
  let network: ReturnType<typeof make>
  let end = () => {}
  beforeAll(async () => {
    network = make()
    const node = [process.execPath, bundled(new URL("../src/main.ts", import.meta.url))]
    const server = spawn("ip", ["netns", "exec", network.names, ...node], {
      stdio: ["ignore", "pipe", "inherit"],
      // dnsperf asks more often than a resolver.
      env: { ...process.env, RATE: "1000000" }
    })
    end = () => void server.kill("SIGKILL")
    for await (const line of server.stdout) if (String(line).includes("answering for example.test")) break
  })
  afterAll(() => {
    end()
    network.remove()
  })

  const on = async (program: string, ...words: ReadonlyArray<string>): Promise<string> =>
    (await run("ip", ["netns", "exec", network.resolver, program, ...words])).stdout
  const dig = (server: string, ...words: ReadonlyArray<string>) => on("dig", `@${server}`, "-p", "5353", ...words)

  it.each(servers)("dig and kdig take the answer from %s: it leaves from the address asked", async (server) => {
    expect((await dig(server, "+short", "www.example.test", "A")).trim().split("\n")).toEqual([
      "192.0.2.1",
      "192.0.2.2"
    ])
    expect(await on("kdig", `@${server}`, "-p", "5353", "+short", "www.example.test", "AAAA")).toBe("2001:db8::1\n")
  })

  it.each([
    ["www.example.test", "MX", "NOERROR", 0],
    ["mail.example.test", "MX", "NOERROR", 1],
    ["docs.example.test", "A", "NOERROR", 3],
    ["example.test", "SOA", "NOERROR", 1],
    ["absent.example.test", "A", "NXDOMAIN", 0],
    ["elsewhere.test", "A", "REFUSED", 0]
  ])("%s %s is %s with %i answers", async (name, type, status, answers) => {
    const text = await dig("10.77.1.1", name, type)
    expect(text).toContain(`status: ${status}`)
    expect(text).toContain(`ANSWER: ${answers},`)
  })

  it("an answer that is too large for the client is truncated", async () => {
    const ask = ["+ignore", "long.example.test", "TXT"]
    expect(await dig("10.77.1.1", "+noedns", ...ask)).toMatch(/flags: qr aa tc/)
    expect(await dig("10.77.1.1", "+bufsize=1232", ...ask)).not.toMatch(/flags: [a-z ]*tc/)
  })

  it("bytes that are no query end nothing: the next query is answered", async () => {
    const program = `
import os, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for size in [0, 1, 11, 12, 13, 40, 512]:
    for _ in range(20): s.sendto(os.urandom(size), ("10.77.1.1", 5353))
`
    execFileSync("ip", ["netns", "exec", network.resolver, "python3", "-c", program])
    expect(await dig("10.77.1.3", "+short", "ns.example.test", "A")).toBe("192.0.2.53\n")
  })

  it("dnsperf loses no query", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ancillary-dns-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const queries = join(folder, "queries")
    writeFileSync(queries, "www.example.test A\nabsent.example.test A\nmail.example.test MX\n".repeat(100))
    const report = await on(
      "dnsperf",
      "-s",
      "10.77.1.1",
      "-p",
      "5353",
      "-d",
      queries,
      "-n",
      "10",
      "-q",
      "50",
      "-t",
      "60"
    )
    expect(report).toMatch(/Queries sent:\s+3000\n/)
    expect(report).toMatch(/Queries completed:\s+3000 \(100\.00%\)/)
  })
})
