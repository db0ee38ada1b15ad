/**
 * Two hosts with two cables between them, as network namespaces, for tests that need a link and not loopback.
 *
 * ```text
 * server: sA 10.77.1.1/24 ═══ cA 10.77.1.2/24 :client
 *         sB 10.77.2.1/24 ═══ cB 10.77.2.2/24
 * ```
 *
 * The client also has 10.77.9.2. The server's route back to it uses the second cable, so requests over the first are answered over the other.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { bundled, ended } from "../../../testing/program.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** True if this machine allows us to make namespaces. */
export const canMakeNamespaces = (): boolean => {
  const name = `ancillary-probe-${process.pid}`
  const made = spawnSync("ip", ["netns", "add", name]).status === 0
  if (made) spawnSync("ip", ["netns", "del", name])
  return made
}

const ip = (...words: ReadonlyArray<string>) => execFileSync("ip", words, { stdio: ["ignore", "ignore", "inherit"] })
/** `ip` in a namespace. */
export const inside = (namespace: string, ...words: ReadonlyArray<string>): void => void ip("-n", namespace, ...words)
/** `sysctl -w` in a namespace. */
export const sysctl = (namespace: string, setting: string): void =>
  void execFileSync("ip", ["netns", "exec", namespace, "sysctl", "-qw", setting])

/** Makes hosts and names them by their roles. If a step fails, all of them are removed. */
export const hosts = <const Roles extends ReadonlyArray<string>>(
  roles: Roles,
  setUp: (host: { readonly [R in Roles[number]]: string }) => void
): { readonly [R in Roles[number]]: string } & { readonly remove: () => void } => {
  const host = Object.fromEntries(roles.map((role) => [role, `ancillary-${role}-${process.pid}`])) as {
    readonly [R in Roles[number]]: string
  }
  const remove = () => {
    for (const name of Object.values<string>(host)) spawnSync("ip", ["netns", "del", name])
  }
  try {
    for (const name of Object.values<string>(host)) {
      ip("netns", "add", name)
      // An address cannot be a source until duplicate detection ends, which takes a second.
      for (const scope of ["all", "default"]) sysctl(name, `net.ipv6.conf.${scope}.accept_dad=0`)
      inside(name, "link", "set", "lo", "up")
    }
    setUp(host)
  } catch (error) {
    remove()
    throw error
  }
  return { ...host, remove }
}

/** A cable between two hosts. Both ends are up and have their addresses. */
export const cable = (...ends: readonly [End, End]): void => {
  const [one, other] = ends
  inside(one.host, "link", "add", one.device, "type", "veth", "peer", "name", other.device, "netns", other.host)
  for (const { addresses, device, host } of ends) {
    for (const address of addresses) {
      const how = address.includes(":") ? ["nodad"] : ["brd", "+"]
      inside(host, "addr", "add", address, "dev", device, ...how)
    }
    inside(host, "link", "set", device, "up")
  }
}

interface End {
  readonly host: string
  readonly device: string
  readonly addresses: ReadonlyArray<string>
}

export interface Network {
  readonly server: string
  readonly client: string
  readonly remove: () => void
}

export const make = (): Network =>
  hosts(["server", "client"], ({ client, server }) => {
    for (const name of [server, client]) {
      // Strict reverse path filtering would drop datagrams that arrive over one cable and are answered over the other. If interfaces answered
      // ARP for each other's addresses, datagrams over the wrong cable would arrive.
      for (const setting of ["all.rp_filter=0", "default.rp_filter=0", "all.arp_ignore=1"])
        sysctl(name, `net.ipv4.conf.${setting}`)
    }
    cable(
      { host: server, device: "sA", addresses: ["10.77.1.1/24", "fe80::77:1/64", "fe80::77:3/64"] },
      { host: client, device: "cA", addresses: ["10.77.1.2/24", "fe80::77:2/64"] }
    )
    cable(
      { host: server, device: "sB", addresses: ["10.77.2.1/24", "fe80::78:1/64"] },
      { host: client, device: "cB", addresses: ["10.77.2.2/24", "fe80::78:2/64"] }
    )
    inside(client, "addr", "add", "10.77.9.2/32", "dev", "lo")
    inside(server, "route", "add", "10.77.9.2/32", "via", "10.77.2.2")
    inside(client, "route", "add", "224.0.0.0/4", "dev", "cA")
    inside(server, "addr", "add", "239.77.7.7/32", "dev", "sA", "autojoin")
  })

/** Rows of the catalogue that the program proves belong to its test. */
const recorder = new URL("../../../testing/catalogue/child.ts", import.meta.url)
const programOf = (file: string) => [process.execPath, bundled(new URL(file, import.meta.url), recorder)]

/** Runs a TypeScript program of this folder inside a namespace, and returns its output, which is JSON. */
export const run = async (namespace: string, file: string, ...words: ReadonlyArray<string>): Promise<unknown> => {
  const { status, stderr, stdout } = await ended(["ip", "netns", "exec", namespace, ...programOf(file), ...words])
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

/** The index of an interface of a host. */
export const indexOf = (namespace: string, device: string): number =>
  Number(
    execFileSync("ip", ["netns", "exec", namespace, "cat", `/sys/class/net/${device}/ifindex`], { encoding: "utf8" })
  )

/** Starts a TypeScript program of this folder inside a namespace, and waits for its first line. Returns the function that ends it. */
export const start = async (
  namespace: string,
  file: string,
  ...words: ReadonlyArray<string>
): Promise<() => Promise<void>> => (await startReading(namespace, file, ...words)).stop

/** Starts such a program, and gives access to the output after its first line: `lines` waits for so many more lines, each JSON. */
export const startReading = async (
  namespace: string,
  file: string,
  ...words: ReadonlyArray<string>
): Promise<{
  readonly stop: () => Promise<void>
  readonly lines: (count: number) => Promise<ReadonlyArray<unknown>>
}> => {
  const child = spawn("ip", ["netns", "exec", namespace, ...programOf(file), ...words], { cwd: root })
  let output = ""
  let read = 1
  const printed = () => output.split("\n").slice(0, -1)
  const until = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (printed().length >= count) resolve()
      }
      child.stdout.on("data", look)
      child.on("exit", () => reject(new Error(`${file} ended early:\n${output}`)))
      look()
    })
  child.stderr.on("data", (chunk) => (output += String(chunk)))
  child.stdout.on("data", (chunk) => (output += String(chunk)))
  await until(1)
  return {
    stop: () =>
      new Promise((gone) => {
        child.on("exit", () => gone())
        child.kill("SIGKILL")
      }),
    lines: async (count) => {
      await until(read + count)
      const lines = printed().slice(read, read + count)
      read += count
      return lines.map((line): unknown => JSON.parse(line))
    }
  }
}

/** Runs Python inside a namespace, and returns its output, which is JSON. */
export const python = async (namespace: string, program: string): Promise<unknown> => {
  const { status, stderr, stdout } = await ended(["ip", "netns", "exec", namespace, "python3", "-c", program])
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
