/**
 * The test files that run again on Node 22 and 24. These test parts of Node: the FFI, readiness by libuv, processes, threads, module loading, garbage
 * collection, `node:dgram`, and the order of promises, streams and signals. Every test file is in one of the two lists.
 */
import { existsSync, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** Files by their paths from the root, and the reason. */
export interface Group {
  readonly files: RegExp
  readonly why: string
}

/** They run again. */
export const dependent: ReadonlyArray<Group> = [
  { files: /^packages\/posix\/test\/[^.]+(\.child|\.leaks)?\.test/, why: "sockets of the system: the FFI and libuv" },
  { files: /^packages\/dgram\/test\/[^.]+(\.child)?\.test/, why: "compared with node:dgram of that Node" },
  {
    files: /^packages\/socket\/test\/(?!hostileValues|conformance)[^.]+(\.child|\.leaks)?\.test/,
    why: "promises, iterators and signals"
  },
  {
    files: /^packages\/node\/test\/(?!hostileValues|hostileMembers|packed)[^.]+(\.child|\.leaks)?\.test/,
    why: "workers, hand-over, host names and module loading"
  },
  {
    files: /^packages\/effect\/test\/(receiving|reentrance|sending|serving|(?!conformance)\w+\.child)\.test/,
    why: "streams and fibers on sockets of the system, and processes"
  },
  { files: /^packages\/effect3\/test\/waiting\.test/, why: "fibers that wait for sockets of the system" },
  { files: /^packages\/(engine|fuzz)\/test\/.*\.leaks\.test/, why: "memory and descriptors of a process" },
  {
    files: /^examples\/(all-cores|engine|observability)\/test\/\w+\.child\.test/,
    why: "processes that end by a signal"
  }
]

/** They have the same result on every Node, so the Node of `npm test` is enough. */
export const independent: ReadonlyArray<Group> = [
  { files: /\.(install|types|wine)\.test/, why: "other programs: package managers, compilers, a Node of its own" },
  { files: /\.golden\.test/, why: "C compilers" },
  { files: /\.netns\.test/, why: "the kernel's networks" },
  { files: /\.memory\.test/, why: "the network in memory" },
  {
    files: /^packages\/(control|engine|testing|bench)\/test\/(?!recorder|repository|nodes)[\w/]+\.test/,
    why: "JavaScript without sockets"
  },
  { files: /^packages\/testing\/test\/recorder\.test/, why: "messages of the kernel" },
  { files: /^packages\/testing\/test\/repository\.test/, why: "the linter" },
  { files: /^packages\/testing\/test\/nodes\.test/, why: "these lists" },
  { files: /^packages\/testing\/test\/network\/capture\.child\.test/, why: "tcpdump" },
  { files: /^packages\/fuzz\/test\/echo\.test/, why: "bytes of the kernel, drawn by seed" },
  { files: /^packages\/fuzz\/test\/(?!echo)\w+\.test/, why: "the engine and the decoders, drawn by seed" },
  { files: /^packages\/winsock\/test\/elsewhere\.test/, why: "a driver that is refused here" },
  { files: /^packages\/winsock\/test\/message\.test/, why: "structures in memory" },
  {
    files: /^packages\/effect\/test\/conformance\.child\.test/,
    why: "the suite, which runs again over the driver alone"
  },
  {
    files: /^packages\/socket\/test\/conformance\.child\.test/,
    why: "the suite, which runs again over the driver alone"
  },
  { files: /^packages\/effect\/test\/observability\/metrics\.test/, why: "sums of counters" },
  {
    files:
      /^packages\/effect\/test\/(experimental|netAddresses|newcomer|services|observability\/spans|server\/\w+)\.test/,
    why: "a face over the engine, whose waits are those of the repeated files"
  },
  {
    files: /^packages\/effect3\/test\/(decoder|interfaces|room|observability\/\w+|server\/\w+)\.test/,
    why: "a face over the network in memory"
  },
  { files: /^packages\/node\/test\/hostile(Members|Values)\.test/, why: "the engine's checks of arguments" },
  { files: /^packages\/socket\/test\/hostileValues\.test/, why: "the engine's checks of arguments" },
  {
    files: /^packages\/node\/test\/packed\.child\.test/,
    why: "npm and tar; installed.install.test.ts runs on each Node"
  },
  { files: /^examples\/cluster\/test\/cluster\.child\.test/, why: "PostgreSQL" },
  { files: /^examples\/demo\/test\/demo\.child\.test/, why: "npm and Wine" },
  { files: /^examples\/echo-server\/test\/echo\.child\.test/, why: "the TypeScript compiler" },
  { files: /^examples\/ntp\/test\/ntp\.test/, why: "packets of NTP" },
  { files: /^examples\/(?!ntp\/)\w+\/test\/\w+\.test/, why: "JavaScript without sockets" }
]

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Every test file of the repository, by its path from the root. */
export const testFiles = (): ReadonlyArray<string> =>
  ["packages", "examples"].flatMap((parent) =>
    readdirSync(`${root}${parent}`)
      .map((name) => `${parent}/${name}/test`)
      .filter((folder) => existsSync(`${root}${folder}`))
      .flatMap((folder) =>
        readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
          .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
          .filter((file) => file.endsWith(".test.ts"))
      )
  )

export const groupsOf = (groups: ReadonlyArray<Group>, file: string): ReadonlyArray<Group> =>
  groups.filter(({ files }) => files.test(file))
