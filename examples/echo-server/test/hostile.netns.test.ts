/**
 * Every program of the documents that answers unknown peers receives hostile datagrams, and still answers the next
 * honest one.
 */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { build } from "../../../packages/testing/built.ts"
import { onPath, requirement } from "../../../packages/testing/machine.ts"
import { bundled } from "../../../packages/testing/program.ts"
import { canMakeNamespaces } from "../../../packages/posix/test/namespaces/network.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const cache = fileURLToPath(new URL("../.cache", import.meta.url))

const able = requirement(
  "hostile datagrams",
  onPath("ip") && onPath("python3") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 python3"
)

/** A program, its port, and whether its parent binds the socket. */
interface Program {
  readonly file: string
  readonly port: number
  readonly inherits: boolean
  readonly words?: ReadonlyArray<string>
  /** A request that it answers, in hexadecimal digits. Most programs answer any bytes. */
  readonly request?: string
}

const zeros = (count: number) => "00".repeat(count)
/** A query for the address of `page.local`, and for that of a name of the DNS example. */
const mdnsQuery = `0007 0000 0001 0000 0000 0000 0470616765056c6f63616c00 0001 0001`
const dnsQuery = `0007 0100 0001 0000 0000 0000 026e73076578616d706c65047465737400 0001 0001`
/** A DHCPDISCOVER. */
const discover = `01010600 00000007 ${zeros(20)} 020000000001 ${zeros(10 + 64 + 128)} 63825363 350101 ff`

/** Blocks of a document that answer. Each is a separate program. */
const programsOf = (document: string): ReadonlyArray<readonly [string, string]> => {
  const text = readFileSync(`${root}/${document}`, "utf8").replaceAll(/^ *\* ?/gm, document.endsWith(".ts") ? "" : "$&")
  return (
    Array.from(text.matchAll(/```ts\n(.*?)```/gs), ([, code = ""], i) => [`${document} ${i + 1}`, code] as const)
      .filter(([, code]) =>
        /\b(serve|serveAll|serveOn|serveSessions|forEach|forEachBorrowed|runForEach|forever)\(/.test(code)
      )
      .filter(([, code]) => /\b(reply|tryReply|session\.send)\(|to: from/.test(code))
      // A program that asks itself ends, and a stranger does not know its port.
      .filter(([, code]) => Number(/port: (\d+)/.exec(code)?.[1]) !== 0)
      // A worker and its parent are two files: examples/all-cores tests both.
      .filter(([, code]) => !code.includes("DatagramWorkers"))
      // A network in memory has no strangers.
      .filter(([, code]) => !/"@ancillary\/(?:effect\/)?testing/.test(code))
  )
}

const documents = [
  "README.md",
  ...readdirSync(`${root}/docs`).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
  ...readdirSync(`${root}/packages`).map((name) => `packages/${name}/README.md`),
  ...["Datagram", "DatagramServer", "DatagramSocket", "Interfaces"].map((name) => `packages/effect3/src/${name}.ts`)
].filter((name) => spawnSync("test", ["-f", `${root}/${name}`]).status === 0)

const blocks = documents.flatMap(programsOf)

const written = ([name, code]: readonly [string, string]): Program => {
  const [, face = "effect3"] = /"@ancillary\/(effect|effect3|socket)"/.exec(code) ?? []
  // Below the package whose Effect the program imports.
  const folder = face === "effect3" ? cache : `${root}/packages/${face}/node_modules/.cache`
  mkdirSync(folder, { recursive: true })
  const file = `${folder}/${name.replaceAll(/\W+/g, "-")}.ts`
  const main = /^const (echo|program|activated) = /m.exec(code)?.[1]
  const runs = face === "socket" || code.includes("Effect.runPromise")
  const runner = `
import { NodeSockets as TheSockets } from "@ancillary/${face}/node"
import { Effect as Running } from "effect"
Running.runPromise(Running.scoped(Running.zipRight(${main}, Running.never)).pipe(Running.provide(TheSockets.layer)))
`
  writeFileSync(file, runs ? code : code + runner)
  const port = Number(/port: (\d+)/.exec(code)?.[1] ?? 5300)
  return { file, port, inherits: code.includes("adopt(") }
}

const examples: ReadonlyArray<readonly [string, () => Program]> = [
  ["examples/echo-server", () => ({ file: "examples/echo-server/src/main.ts", port: 5300, inherits: false })],
  ["examples/template", () => ({ file: "examples/template/src/main.ts", port: 5300, inherits: false })],
  ["examples/all-cores", () => ({ file: "examples/all-cores/dist/main.js", port: 5302, inherits: false })],
  ["examples/engine", () => ({ file: "examples/engine/src/main.ts", port: 5303, inherits: false })],
  ["examples/dns", () => ({ file: "examples/dns/src/main.ts", port: 5353, inherits: false, request: dnsQuery })],
  [
    "examples/mdns",
    () => ({ file: "examples/mdns/src/main.ts", port: 5353, inherits: false, words: ["page"], request: mdnsQuery })
  ],
  [
    "examples/dhcp",
    () => ({ file: "examples/dhcp/src/main.ts", port: 67, inherits: false, words: ["lo"], request: discover })
  ],
  ...blocks.map((block) => [block[0], () => written(block)] as const)
]

/** Starts a program in its own network namespace, and returns its output so far. */
const start = (namespace: string, { file, inherits, port, words: given = [] }: Program) => {
  // Workers are files beside the program, so it runs as it was built.
  const words = [process.execPath, file.endsWith(".js") ? file : bundled(pathToFileURL(resolve(root, file))), ...given]
  const folder = mkdtempSync(join(tmpdir(), "ancillary-hostile-"))
  const bound = `
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", ${port}))
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.execv(sys.argv[1], sys.argv[1:])
`
  const child = spawn("ip", ["netns", "exec", namespace, ...(inherits ? ["python3", "-c", bound] : []), ...words], {
    cwd: root,
    // Another test runs the same blocks, whose Unix sockets have paths below the folder for temporary files.
    env: { ...process.env, TMPDIR: folder }
  })
  onTestFinished(() => {
    child.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  })
  let output = ""
  child.stdout.on("data", (chunk) => (output += String(chunk)))
  child.stderr.on("data", (chunk) => (output += String(chunk)))
  return { child, output: () => output }
}

/**
 * Sends many hostile datagrams of every kind, with honest requests before and after. Prints the number of datagrams
 * that were sent in this namespace during three honest requests: 6 without other traffic.
 */
const hostile = `
import json, socket, struct, sys
port = int(sys.argv[1])
request = bytes.fromhex(sys.argv[2])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
def forged(source, source_port, destination="127.0.0.1"):
    for data in (b"hostile", request): send(source, source_port, destination, data)
def send(source, source_port, destination, data):
    udp = struct.pack("!HHHH", source_port, port, 8 + len(data), 0) + data
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(destination))
    try:
        raw.sendto(ip + udp, (destination, 0))
    except OSError:
        pass # A source that the kernel does not let out.
# A peer of its own each time: the answer to an earlier question is another's.
def ask(patience):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(patience)
        peer.sendto(request, ("127.0.0.1", port))
        try:
            assert peer.recvfrom(2000)[1] == ("127.0.0.1", port)
            return True
        except TimeoutError:
            return False
def sent():
    names, values = [line.split()[1:] for line in open("/proc/self/net/snmp") if line.startswith("Udp:")]
    return int(values[names.index("OutDatagrams")])
while not ask(0.2): pass
gone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(50):
    forged("127.0.0.1", 0)
    for own in ("127.0.0.1", "127.0.0.2", "10.9.8.7"):
        for asked in ("127.0.0.1", "127.0.0.2", "10.9.8.7"):
            forged(own, port, asked)
    forged("0.0.0.0", 68)
    forged("0.0.0.0", port)
    forged("0.0.0.0", 0)
    forged("224.0.0.1", 5353)
    forged("255.255.255.255", 9)
    forged("127.255.255.255", 9)
    forged("10.9.8.255", 9, "10.9.8.7")
    forged("203.0.113.9", 9)
    forged("127.0.0.1", 1)
    gone.sendto(b"", ("127.0.0.1", port))
    if i % 10 == 0: gone.sendto(bytes(65507), ("127.0.0.1", port))
gone.close()
while not ask(1): pass
# What a processor queued arrives when that has time; a server that answers itself never comes to rest.
answers = 0
while answers != 6:
    before = sent()
    for i in range(3):
        # A worker that was late on a busy machine is replaced, with the datagrams that waited for it.
        while not ask(20): pass
    answers = sent() - before
print(json.dumps(answers))
`

const hostileWords = ({ port, request = Buffer.from("who?").toString("hex") }: Program) => [String(port), request]

describe.runIf(able)("hostile datagrams", () => {
  beforeAll(build)

  it("are sent to every block of the documents that answers", () => {
    expect(blocks.length).toBeGreaterThan(5)
  })

  it.each(examples)("%s survives them, and does not answer itself", async (name, program) => {
    const namespace = `ancillary-hostile-${process.pid}`
    const ip = (...words: ReadonlyArray<string>) => expect(spawnSync("ip", words).status).toBe(0)
    ip("netns", "add", namespace)
    onTestFinished(() => void spawnSync("ip", ["netns", "del", namespace]))
    ip("-n", namespace, "link", "set", "lo", "up")
    ip("-n", namespace, "addr", "add", "10.9.8.7/24", "brd", "+", "dev", "lo")
    const made = program()
    const { child, output } = start(namespace, made)
    const asking = spawn("ip", ["netns", "exec", namespace, "python3", "-c", hostile, ...hostileWords(made)])
    onTestFinished(() => void asking.kill("SIGKILL"))
    let printed = ""
    asking.stdout.on("data", (chunk) => (printed += String(chunk)))
    asking.stderr.on("data", (chunk) => (printed += String(chunk)))
    const ended = await Promise.race([once(asking, "exit"), once(child, "exit").then(() => "the program ended")])
    expect([ended, printed, output()]).toEqual([[0, null], "6\n", expect.any(String)])
    // Only the first datagram of each kind is logged.
    expect(output().match(/level=ERROR|\] ERROR \(/g)?.length ?? 0, name).toBeLessThanOrEqual(8)
  })
})
