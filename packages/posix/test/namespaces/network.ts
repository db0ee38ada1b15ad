/**
 * Two hosts with two cables between them, as network namespaces: what crosses a link cannot be shown on loopback.
 *
 * ```text
 * server: sA 10.77.1.1/24 ═══ cA 10.77.1.2/24 :client
 *         sB 10.77.2.1/24 ═══ cB 10.77.2.2/24
 * ```
 *
 * The server's way back to 10.77.9.2, which the client also has, leads over the second cable: asked over the first, it answers over the other.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** Whether this machine lets us make namespaces. */
export const canMakeNamespaces = (): boolean => {
  const name = `ancillary-probe-${process.pid}`
  const made = spawnSync("ip", ["netns", "add", name]).status === 0
  if (made) spawnSync("ip", ["netns", "del", name])
  return made
}

const ip = (...words: ReadonlyArray<string>) => execFileSync("ip", words, { stdio: ["ignore", "ignore", "inherit"] })

export interface Network {
  readonly server: string
  readonly client: string
  readonly remove: () => void
}

export const make = (): Network => {
  const [server, client] = [`ancillary-s-${process.pid}`, `ancillary-c-${process.pid}`]
  const remove = () => {
    for (const name of [server, client]) spawnSync("ip", ["netns", "del", name])
  }
  const inside = (name: string, ...words: ReadonlyArray<string>) => ip("-n", name, ...words)
  try {
    for (const name of [server, client]) {
      ip("netns", "add", name)
      inside(name, "link", "set", "lo", "up")
      // Strict reverse path filtering would drop what comes in by one cable and goes back by the other; answering ARP for the addresses of
      // other interfaces would let through what was sent over the wrong cable.
      for (const setting of ["all.rp_filter=0", "default.rp_filter=0", "all.arp_ignore=1"]) {
        execFileSync("ip", ["netns", "exec", name, "sysctl", "-qw", `net.ipv4.conf.${setting}`])
      }
    }
    for (const [at, which] of [
      [1, "A"],
      [2, "B"]
    ] as const) {
      inside(server, "link", "add", `s${which}`, "type", "veth", "peer", "name", `c${which}`, "netns", client)
      inside(server, "addr", "add", `10.77.${at}.1/24`, "brd", "+", "dev", `s${which}`)
      inside(client, "addr", "add", `10.77.${at}.2/24`, "brd", "+", "dev", `c${which}`)
      inside(server, "link", "set", `s${which}`, "up")
      inside(client, "link", "set", `c${which}`, "up")
    }
    inside(client, "addr", "add", "10.77.9.2/32", "dev", "lo")
    inside(server, "route", "add", "10.77.9.2/32", "via", "10.77.2.2")
    inside(client, "route", "add", "224.0.0.0/4", "dev", "cA")
    inside(server, "addr", "add", "239.77.7.7/32", "dev", "sA", "autojoin")
    for (const [name, dev, address] of [
      [server, "sA", "fe80::77:1/64"],
      [server, "sA", "fe80::77:3/64"],
      [client, "cA", "fe80::77:2/64"]
    ] as const) {
      inside(name, "addr", "add", address, "dev", dev, "nodad")
    }
    return { server, client, remove }
  } catch (error) {
    remove()
    throw error
  }
}

const programOf = (file: string) => [
  process.execPath,
  "--import",
  "tsx",
  "-C",
  "@ancillary/source",
  fileURLToPath(new URL(file, import.meta.url))
]

/** A TypeScript program of this folder inside a namespace: what it printed, as JSON. */
export const run = (namespace: string, file: string, ...words: ReadonlyArray<string>): unknown => {
  const inside = ["netns", "exec", namespace, ...programOf(file), ...words]
  const { status, stderr, stdout } = spawnSync("ip", inside, { cwd: root, encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

/** A TypeScript program of this folder inside a namespace, once it has printed a line; and what ends it. */
export const start = async (
  namespace: string,
  file: string,
  ...words: ReadonlyArray<string>
): Promise<() => Promise<void>> => {
  const child = spawn("ip", ["netns", "exec", namespace, ...programOf(file), ...words], { cwd: root })
  let output = ""
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk) => (output += String(chunk)))
    child.stdout.on("data", (chunk) => {
      output += String(chunk)
      if (output.includes("\n")) resolve()
    })
    child.on("exit", () => reject(new Error(`${file} ended before it was ready:\n${output}`)))
  })
  return () =>
    new Promise((gone) => {
      child.on("exit", () => gone())
      child.kill("SIGKILL")
    })
}

/** Python inside a namespace: what it printed, as JSON. */
export const python = (namespace: string, program: string): unknown => {
  const { status, stderr, stdout } = spawnSync("ip", ["netns", "exec", namespace, "python3", "-c", program], {
    encoding: "utf8"
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
