import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import * as Darwin from "../src/platform/darwin.ts"
import * as Linux from "../src/platform/linux.ts"
import * as Winsock from "../src/platform/winsock.ts"

const packages = fileURLToPath(new URL("../../", import.meta.url))
const control = join(packages, "control/src")

const filesUnder = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.[cm]?[jt]s$/.test(file))
    .map((file) => join(folder, file))

/** The network in memory is the kernel of its hosts: it gets the same numbers and has to support all of them. */
const isKernel = (file: string) => /^(?:testing|fuzz)\/src\/network\//.test(file)

/** Sources of the packages that call a kernel, without tests and builds. */
const sources = readdirSync(packages, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(join(packages, entry.name)).includes("src"))
  .flatMap(({ name }) => filesUnder(join(packages, name, "src")))
  .map((path) => ({
    file: relative(packages, path).replaceAll("\\", "/"),
    lines: readFileSync(path, "utf8").split("\n")
  }))
  .filter(({ file }) => !isKernel(file))

interface Line {
  readonly file: string
  readonly line: string
  readonly at: string
}

const platforms = { linux: Linux, darwin: Darwin, winsock: Winsock }
const names = new Set(Object.values(platforms).flatMap((constants) => Object.keys(constants)))

/** The lines with each constant. One search of the sources finds all of them. */
const linesOf = new Map<string, Array<Line>>()
for (const { file, lines } of sources)
  for (const [index, line] of lines.entries())
    for (const word of new Set(line.match(/\w+/g)))
      if (names.has(word)) {
        const found = linesOf.get(word) ?? []
        linesOf.set(word, found)
        found.push({ file, line, at: `${file}:${index + 1}` })
      }

/** The lines with a constant, as a pattern requires it. */
const linesWith = (name: string, pattern: RegExp) => (linesOf.get(name) ?? []).filter(({ line }) => pattern.test(line))

/** A use through its module (`Linux.IP_TTL`), which is imported under the platform's name. */
const usedOf = (platform: string, name: string): RegExp =>
  new RegExp(`\\b${platform[0]?.toUpperCase()}${platform.slice(1)}\\.${name}\\b`)
const isPlatform = (file: string) => file.startsWith("control/src/platform/")
/** True for a line in the docstring of a combinator, because people search for the constant there. */
const isSearchedFor = (file: string, line: string) =>
  file.startsWith("engine/src/spec/combinators/") && /^\s*\*/.test(line)
const isOption = (file: string) => file.startsWith("engine/src/spec/option/")

/**
 * The topics of a file. Each file of a message is a topic. Files that share code in `internal/` are one topic: the traffic class byte and its
 * views, the timestamps of SO_TIMESTAMPING, the error queue.
 */
const homes = (file: string): ReadonlyArray<string> => {
  const shared = /^control\/src\/internal\/(\w+)\.ts$/.exec(file)?.[1]
  if (shared !== undefined) return [shared]
  if (!/^control\/src\/message\/[A-Z][A-Za-z0-9]*\.ts$/.test(file)) return []
  const lines = sources.find((source) => source.file === file)?.lines ?? []
  // A request with the `int` 1 is not a topic.
  const imported = lines.flatMap((line) => /from "\.\.\/internal\/(?!on\b)(\w+)\.ts"/.exec(line)?.[1] ?? [])
  return imported.length === 0 ? [file] : imported
}

/** Levels belong to all messages. */
const levels = new Set(["IPPROTO_IP", "IPPROTO_IPV6", "IPPROTO_UDP", "SOL_SOCKET"])
const used = (name: string) => linesWith(name, new RegExp(`\\.${name}\\b`)).filter(({ file }) => !isPlatform(file))
/** Socket options that belong to no message, each in the tables of options. Prose may name them. */
const options = new Set(
  [...names].filter((name) => {
    const files = used(name).map(({ file }) => file)
    return !levels.has(name) && files.some(isOption) && !files.some((file) => homes(file).length > 0)
  })
)
const ofMessages = [...names].filter((name) => !levels.has(name) && !options.has(name))

describe("the search test", () => {
  it("finds what it searches for", () => {
    expect(sources.length).toBeGreaterThan(40)
    expect(ofMessages).toEqual(
      expect.arrayContaining(["IP_PKTINFO", "IPV6_RECVHOPLIMIT", "IP_TOS", "SO_RXQ_OVFL", "SCM_TIMESTAMP", "IP_ECN"])
    )
    expect([...options]).toEqual(
      expect.arrayContaining(["IPV6_V6ONLY", "SO_BINDTODEVICE", "SO_RCVBUF", "IP_UNICAST_IF", "MCAST_JOIN_GROUP"])
    )
    // A constant of a message and an option belongs to the message.
    expect(options.has("IP_TOS")).toBe(false)
  })

  it.each(ofMessages)("%s occurs only in its platform's constants and in its message's file", (name) => {
    // The default value of all datagrams is an option with the same number.
    const places = (linesOf.get(name) ?? []).filter(
      ({ file, line }) => !isPlatform(file) && !isOption(file) && !isSearchedFor(file, line)
    )
    const strays = places.filter(({ file }) => homes(file).length === 0)
    expect(strays.map(({ at }) => at)).toEqual([])
    // By platform, because two platforms may give one name to different things (SO_TIMESTAMP).
    for (const platform of Object.keys(platforms)) {
      const used = linesWith(name, usedOf(platform, name)).filter(({ file }) => !isOption(file))
      const common = used
        .map(({ file }) => homes(file))
        .reduce((one, other) => one.filter((each) => other.includes(each)), homes(used[0]?.file ?? ""))
      expect(common.length > 0 || used.length === 0, `${name} is used by: ${used.map(({ at }) => at).join(", ")}`).toBe(
        true
      )
    }
  })

  it.each([...options])("%s, an option of no message, occurs only in the tables of options", (name) => {
    const files = new Set(used(name).map(({ file }) => file))
    expect([...files].filter((file) => !isOption(file))).toEqual([])
    expect(files.size, `${name} is used by: ${[...files].join(", ")}`).toBe(1)
  })

  it.each(Object.keys(platforms))("%s: every constant is used", (platform) => {
    const constants = Object.keys(platforms[platform as keyof typeof platforms])
    expect(constants.filter((name) => linesWith(name, usedOf(platform, name)).length === 0)).toEqual([])
  })
})

describe("the purity of control", () => {
  const imports = filesUnder(control).flatMap((path) => {
    const text = readFileSync(path, "utf8").replaceAll(/^ *(\/?\*|\/\/).*$/gm, "")
    const found = text.matchAll(/\b(?:from|import|require)\s*\(?\s*["'`]([^"'`]+)["'`]/g)
    return [...found].map(([, specifier = ""]) => ({ path, specifier }))
  })

  it("imports only its own files: no effect, no node, no koffi", () => {
    expect(imports.length).toBeGreaterThan(40)
    const inside = ({ path, specifier }: (typeof imports)[number]) =>
      /^\.\.?\//.test(specifier) && !relative(control, resolve(dirname(path), specifier)).startsWith("..")
    expect(
      imports.filter((each) => !inside(each)).map(({ path, specifier }) => `${relative(packages, path)}: ${specifier}`)
    ).toEqual([])
  })

  it("uses no global that only Node or only a browser has", () => {
    const globals =
      /(?<![.\w])(process|Buffer|require|__dirname|window|document|TextEncoder|TextDecoder|setTimeout)(?=[.(])/
    const found = sources.flatMap(({ file, lines }) =>
      file.startsWith("control/src/")
        ? lines.flatMap((line, index) =>
            !/^ *(\/?\*|\/\/)/.test(line) && globals.test(line) ? [`${file}:${index + 1}`] : []
          )
        : []
    )
    expect(found).toEqual([])
  })
})
