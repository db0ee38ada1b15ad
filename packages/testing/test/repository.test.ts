/** Rules of the repository. */
import { spawnSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it, onTestFinished } from "vitest"
import projects from "../../../vitest.workspace.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const sources = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter(
      (name) => /\.m?ts$/.test(name) && !/node_modules|dist|\.cache/.test(name) && statSync(join(root, name)).isFile()
    )

const imports = (file: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync(join(root, file), "utf8").matchAll(/^(?!\s*\*).*(?:from|import\()\s*"([^"]+)"/gm),
    ([, name]) => name ?? ""
  )

it("the lock file contains every optional dependency for every platform", () => {
  interface Entry {
    readonly optionalDependencies?: { readonly [name: string]: string }
  }
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: { readonly [at: string]: Entry }
  }
  const missing = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${at}/node_modules/${name}` in packages)
    )
  )
  expect(missing).toEqual([])
  expect(JSON.stringify(packages)).not.toMatch(/"resolved":"https?:/)
})

/** The packages that each package may import. */
const arrows: { readonly [room: string]: ReadonlyArray<string> } = {
  control: [],
  engine: ["control"],
  effect: ["control", "engine"],
  effect3: ["control", "engine"],
  native: ["control", "engine"],
  posix: ["control", "engine", "native"],
  winsock: ["control", "engine", "native"],
  testing: ["control", "engine", "effect3"],
  node: ["control", "engine", "posix", "winsock"],
  socket: ["control", "engine", "node"]
}

/** The packages that the part for Node of a face (`src/node`) may import beside. */
const onNode = ["node", "posix", "winsock"]
/** And the part for tests (`src/testing`). */
const forTests = ["testing"]

/** The files of a package, and those of it that each imports, types included. */
const graphOf = (room: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const all = sources(`packages/${room}/src`)
  const known = new Set(all)
  return new Map(
    all.map((file) => [
      file,
      imports(file).flatMap((name) => {
        const path = join(file, "..", name)
        return name.startsWith(".") && known.has(path) ? [path] : []
      })
    ])
  )
}

/** Files that import each other, by whichever way. */
const circlesOf = (graph: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<string> => {
  const circles: Array<string> = []
  const done = new Set<string>()
  const walk = (file: string, way: ReadonlyArray<string>): void => {
    const at = way.indexOf(file)
    if (at >= 0) circles.push([...way.slice(at), file].join(" → "))
    if (at >= 0 || done.has(file)) return
    for (const next of graph.get(file) ?? []) walk(next, [...way, file])
    done.add(file)
  }
  for (const file of graph.keys()) walk(file, [])
  return circles
}

it("a graph of imports that has a circle: it is found", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["c", ["b"]],
    ["d", []]
  ])
  expect(circlesOf(graph)).toEqual(["b → c → b"])
})

it("no file of a package imports itself by way of others, types included", () => {
  const rooms = readdirSync(join(root, "packages")).filter((room) =>
    readdirSync(join(root, "packages", room)).includes("src")
  )
  expect(rooms).toEqual(expect.arrayContaining([...Object.keys(arrows), "dgram", "bench", "fuzz"]))
  for (const room of rooms) {
    const graph = graphOf(room)
    expect([room, graph.size > 0, circlesOf(graph)]).toEqual([room, true, []])
  }
})

it("imports run one way", () => {
  for (const [room, known] of Object.entries(arrows)) {
    for (const file of sources(`packages/${room}/src`)) {
      const isOnNode = /^packages\/effect3?\/src\/node\//.test(file)
      const ours = imports(file).flatMap((name) => /^@ancillary\/([a-z0-9]+)/.exec(name)?.[1] ?? [])
      const isForTests = file.startsWith("packages/effect/src/testing/")
      const permitted = isOnNode ? [...known, ...onNode] : isForTests ? [...known, ...forTests] : known
      expect([file, ours.filter((name) => !permitted.includes(name))]).toEqual([file, []])
      // The rest of a face runs without Node, so it does not load its part for Node.
      if (!isOnNode) expect([file, imports(file).filter((name) => name.includes("/node/"))]).toEqual([file, []])
      if (!isForTests) expect([file, imports(file).filter((name) => name.includes("/testing/"))]).toEqual([file, []])
      const foreign = imports(file).filter((name) =>
        room === "engine" ? !/^\.|^@ancillary\//.test(name) : (isOnNode ? /^koffi/ : /^koffi|^node:/).test(name)
      )
      if (["control", "engine", "effect", "effect3", "testing"].includes(room))
        expect([file, foreign]).toEqual([file, []])
    }
  }
})

it("control, engine, native, node, posix, socket and winsock import no Effect", () => {
  for (const room of ["control", "engine", "native", "node", "posix", "socket", "winsock"]) {
    for (const file of sources(`packages/${room}/src`)) {
      expect([file, imports(file).filter((name) => /^(?:@effect\/|effect(?:\/|$))/.test(name))]).toEqual([file, []])
    }
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(join(root, `packages/${room}/package.json`), "utf8")
    ) as { readonly dependencies?: object; readonly peerDependencies?: object }
    expect([room, Object.keys({ ...dependencies, ...peerDependencies }).includes("effect")]).toEqual([room, false])
  }
})

it("effect3 imports modules that Effect 4 lacks in one file, named for the remedy", () => {
  const effect4 = readdirSync(join(root, "packages/effect/node_modules/effect/dist"))
  const lacks = (file: string) =>
    Array.from(
      readFileSync(join(root, file), "utf8").matchAll(/^(?:import|export) (?!type ).*from "effect\/(\w+)"/gm),
      ([, module]) => module ?? ""
    ).filter((module) => !effect4.includes(`${module}.js`))
  const [remedy = "", ...others] = sources("packages/effect3/src").filter((file) => lacks(file).length > 0)
  expect(remedy).toContain("requires effect 3")
  expect(others).toEqual([])
})

it("the example of the engine has at most 60 lines and uses no face and no Effect", () => {
  const [main = "", ...rest] = sources("examples/engine/src")
  expect(rest).toEqual([])
  expect(readFileSync(join(root, main), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(60)
  expect(imports(main).filter((name) => !/^@ancillary\/(?:control$|engine\/|posix$)/.test(name))).toEqual([])
  expect(imports(main).some((name) => name.startsWith("@ancillary/engine/"))).toBe(true)
})

const effect = 'import { Effect } from "effect"\nexport const a = Effect\n'
const koffi = 'import k from "koffi"\nexport const a: unknown = k\n'
const from = (module: string) => `export * from "${module}"\n`
const oneWay = "faces -> node -> drivers, testing -> effect3 -> engine -> control."

/** The folder of a wrong module, its text, and the sentence of the linter. */
const rejected: ReadonlyArray<readonly [folder: string, text: string, sentence: string]> = [
  ["control/src", effect, "control is pure."],
  ["engine/src", effect, "engine is plain."],
  ["engine/src", koffi, "engine, effect, effect3 and testing run anywhere."],
  ["engine/src", from("@ancillary/posix"), oneWay],
  ["engine/src", from("@ancillary/native/memory"), oneWay],
  ["engine/src", "export const a: unknown = process\n", "Only drivers ask for the platform."],
  ["effect/src", from("@ancillary/posix"), "effect -> engine -> control."],
  ["effect/src", from("@ancillary/effect3"), "effect -> engine -> control."],
  ["effect/src/node", from("@ancillary/effect3"), "The Node part of a face knows node and the drivers."],
  ["effect3/src", from("@ancillary/effect"), oneWay],
  ["posix/src", from("@ancillary/effect3/node"), "A driver knows native, engine and control."],
  ["native/src", from("@ancillary/posix"), "A driver knows native, engine and control."],
  ["native/src", effect, "Drivers are data and calls without Effect."],
  ["posix/src", effect, "Drivers are data and calls without Effect."],
  ["winsock/src", effect, "Drivers are data and calls without Effect."],
  ["socket/src", from("@ancillary/posix"), "socket -> node -> engine -> control."],
  ["socket/src", effect, "socket is a face without Effect."],
  ["node/src", effect, "node is plain."],
  ["node/src", koffi, "Only drivers touch FFI."]
]

it("lint rejects imports against the arrows, and koffi or process outside drivers", () => {
  const copy = mkdtempSync(join(tmpdir(), "ancillary-lint-"))
  onTestFinished(() => rmSync(copy, { recursive: true }))
  cpSync(join(root, ".oxlintrc.json"), join(copy, ".oxlintrc.json"))
  const files = rejected.map(([folder, text], index) => {
    const file = join("packages", folder, `against${index}.ts`)
    mkdirSync(join(copy, "packages", folder), { recursive: true })
    writeFileSync(join(copy, file), text)
    return file
  })
  const linter = join(root, "node_modules/.bin/oxlint")
  const { stdout } = spawnSync(linter, ["--format=json", "packages"], { cwd: copy, encoding: "utf8" })
  const { diagnostics } = JSON.parse(stdout) as {
    readonly diagnostics: ReadonlyArray<{ readonly filename: string; readonly message: string; readonly help?: string }>
  }
  for (const [index, [, , sentence]] of rejected.entries()) {
    const found = diagnostics.filter(({ filename }) => filename === files[index])
    expect([files[index], found.map(({ help = "", message }) => `${message} ${help}`).join("\n")]).toEqual([
      files[index],
      expect.stringContaining(sentence)
    ])
  }
})

it("the list of projects contains the tests of every workspace", () => {
  const included = projects.flatMap(({ test: { include, name } }) => (name.includes("/") ? [] : include))
  const workspaces = ["packages", "examples"].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => `${parent}/${name}`)
      .filter((folder) => existsSync(join(root, folder, "test")))
  )
  expect(included.toSorted()).toEqual(workspaces.map((folder) => `${folder}/test/**/*.test.ts`).toSorted())
})

it("each of the 33 traps that were measured on Linux has a test with its number", () => {
  const suites = [...sources("packages"), ...sources("examples")].filter((file) =>
    /\/test\/|testing\/src\/internal/.test(file)
  )
  const titles = suites.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8")
    return Array.from(
      text.matchAll(/(?:it|describe)[\w.]*(?:\([^"`]*\))?\(\s*["`]([^"`]*traps? [^"`]*)["`]/g),
      ([, title]) => title ?? ""
    )
  })
  const named = new Set(
    titles.flatMap((title) => Array.from(title.matchAll(/trap (\d+)/g), ([, number]) => Number(number)))
  )
  const traps = Array.from({ length: 33 }, (_, i) => i + 1)
  expect(traps.filter((number) => !named.has(number))).toEqual([])
})

it("every link in the documents has a target", () => {
  const documents = [
    "README.md",
    "CONTRIBUTING.md",
    ...readdirSync(join(root, "docs")).map((name) => join("docs", name))
  ].filter((name) => name.endsWith(".md"))
  for (const document of documents) {
    for (const [, target] of readFileSync(join(root, document), "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect([
        document,
        target,
        statSync(join(root, document, "..", target ?? ""), { throwIfNoEntry: false }) !== undefined
      ]).toEqual([document, target, true])
    }
  }
})
