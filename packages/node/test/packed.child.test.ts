/** The published form of the packages: built, packed, unpacked with only their dependencies, and used by plain Node. */
import { execFile } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { layOutFlat, manifest, pack, packages, root } from "./packing.ts"

/** The result of a program that ended with 0. */
const output = promisify(execFile)

/** The result of a program, however it ended. */
const ended = (args: ReadonlyArray<string>, cwd: string) =>
  new Promise<{ readonly stderr: string; readonly stdout: string }>((resolve) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 2 ** 26 }, (_, stdout, stderr) => resolve({ stderr, stdout }))
  })

const folder = mkdtempSync(join(tmpdir(), "ancillary-packed-"))
const unpacked = (name: string) => join(folder, "node_modules/@ancillary", name)

describe.runIf(requirement("the packed packages", onPath("tar"), "apt-get install tar"))("packed", () => {
  beforeAll(async () => {
    // Without @effect/platform and vitest: only packages in use are required.
    layOutFlat(folder, await pack(folder), ["effect", "koffi", "@koromix"])
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (program: string, ...args: ReadonlyArray<string>) => {
    writeFileSync(join(folder, "program.mjs"), program)
    return ended([...args, "program.mjs"], folder)
  }

  it("plain Node runs a program on them", async () => {
    const { stderr, stdout } = await run(`
    import { NodeSockets } from "@ancillary/effect3/node"
    import { Datagram, withHopLimit } from "@ancillary/effect3"
    import { Effect } from "effect"
    const program = Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withHopLimit()), { address: "127.0.0.1", port: 0 })
      yield* socket.send({ data: new Uint8Array(1), to: socket.localAddress, control: { hopLimit: 9 } })
      console.log((yield* socket.receive).control.hopLimit)
    })
    await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))`)
    expect([stderr, stdout]).toEqual(["", "9\n"])
  })

  it("internal modules cannot be imported", async () => {
    const { stderr } = await run(`import "@ancillary/engine/socket/socket"`)
    expect(stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED")
  })

  it.each(packages)("%s: has its licence, its README, and a manifest that describes it", (name) => {
    const { description, engines, keywords, license, repository } = manifest(unpacked(name))
    expect({ description, engines, keywords, license, repository }).toEqual({
      description: expect.stringMatching(/^[A-Z].{30,160}\.$/),
      engines: { node: "^20.19.0 || ^22.12.0 || >=24.0.0" },
      keywords: expect.arrayContaining(["ancillary", "datagram"].slice(0, name === "control" ? 1 : 2)),
      license: "MIT",
      repository: { ...(manifest(root)["repository"] as object), directory: `packages/${name}` }
    })
    expect(readFileSync(join(unpacked(name), "LICENSE"), "utf8")).toBe(readFileSync(join(root, "LICENSE"), "utf8"))
    expect(readFileSync(join(unpacked(name), "README.md"), "utf8")).toContain(`# @ancillary/${name}\n`)
  })

  it.each(packages)("%s: every export is a file, and every module has its declarations", (name) => {
    const { exports } = manifest(unpacked(name))
    const modules = readdirSync(join(root, "packages", name, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => file.slice(0, -3))
    const targets = Object.entries(exports).flatMap(([path, target]) => {
      if (target === null) return []
      const conditions = typeof target === "string" ? [target] : Object.values(target)
      const named = path.includes("*") ? modules.filter((module) => !module.includes("/")) : [""]
      return conditions.flatMap((file) => named.map((module) => file.replace("*", module)))
    })
    expect(targets.filter((file) => !existsSync(join(unpacked(name), file)))).toEqual([])
    const built = (module: string, ending: string) => existsSync(join(unpacked(name), "dist", module + ending))
    for (const ending of [".d.ts", ".d.ts.map"]) expect(modules.filter((module) => !built(module, ending))).toEqual([])
    // Modules behind the exports share files.
    const exported = targets.flatMap((file) =>
      file.endsWith(".js") ? [file.slice("./dist/".length, -".js".length)] : []
    )
    expect(exported.filter((module) => !built(module, ".js.map"))).toEqual([])
  })

  it.each(packages)("%s: a tarball holds its sources, their build, and three texts", (name) => {
    const files = readdirSync(unpacked(name), { recursive: true, encoding: "utf8", withFileTypes: true })
    const odd = files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(unpacked(name).length + 1))
      .filter(
        (file) => !/^(src\/.*\.ts|dist\/.*\.(js|d\.ts|js\.map|d\.ts\.map)|README\.md|LICENSE|package\.json)$/.test(file)
      )
    expect(odd).toEqual([])
  })

  it("npm pack without a build builds first, and packs the files of its exports", async () => {
    const copy = mkdtempSync(join(tmpdir(), "ancillary-unbuilt-"))
    onTestFinished(() => rmSync(copy, { recursive: true }))
    const source = join(root, "packages/control")
    mkdirSync(join(copy, "packages/control"), { recursive: true })
    for (const name of ["src", "package.json", "tsconfig.json", "README.md", "LICENSE"])
      cpSync(join(source, name), join(copy, "packages/control", name), { recursive: true })
    for (const path of ["packages/testing/modules", "packages/testing/package.json", "tsconfig.base.json"])
      cpSync(join(root, path), join(copy, path), { recursive: true })
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
    const cwd = join(copy, "packages/control")
    const { stdout: packed } = await output("npm", ["pack", "--silent"], { cwd })
    const { stdout: list } = await output("tar", ["-tzf", join(cwd, packed.trim())])
    expect(list.split("\n")).toEqual(expect.arrayContaining(["package/dist/index.js", "package/dist/index.d.ts"]))
  })
})
