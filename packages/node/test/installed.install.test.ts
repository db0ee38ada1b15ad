/**
 * The program of the README and a program with declarations, in an empty folder into which npm, Yarn 1 and pnpm have
 * installed the tarballs.
 */
import { spawn } from "node:child_process"
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { faces } from "./faces.ts"
import {
  attempt,
  binaries,
  canInstall,
  compilerOf,
  effect3,
  effect4,
  type Install,
  installer,
  place,
  programOf,
  run,
  typescripts,
  versionOf
} from "./installing.ts"
import { manifest, root } from "./packing.ts"

const folder = place()

/** Compiles `inferred.ts` with `declaration: true`, and expects no error and no type that a program cannot write. */
const declares = async (cwd: string, version: "5.9" | "6", way: "NodeNext" | "Bundler") => {
  const compile = join(root, "packages/node/test/declared/compile.mjs")
  const { stdout } = await run(process.execPath, [compile, compilerOf(version), cwd, way], { maxBuffer: 2 ** 26 })
  const seen = JSON.parse(stdout) as {
    readonly version: string
    readonly said: unknown
    readonly declarations: string
  }
  expect(seen.version.startsWith(version)).toBe(true)
  expect(seen.said).toEqual([])
  expect(seen.declarations).not.toMatch(/@ancillary\/control|\.pnpm|\bany\b/)
}

/** The module of inferred types, with the names of Effect 4 and without the tools for tests, which require Effect 3. */
const forEffect4 = (file: string): string =>
  readFileSync(file, "utf8")
    .replaceAll("@ancillary/effect3", "@ancillary/effect")
    .replaceAll("Effect.Effect.Success<", "Effect.Success<")
    .replace(/import \{ FaultyDriver \}.*\n/, "")
    .replace(/,\n {2}faulty: [^]*?\n {2}\)\n/, "\n")

/** Compiles `program.ts`, and returns the errors in it and in the declarations of our packages. */
const complaints = async (compiler: string, moduleResolution: "nodenext" | "bundler", cwd: string) => {
  const compilerOptions = {
    module: moduleResolution === "bundler" ? "esnext" : "nodenext",
    moduleResolution,
    target: "es2022",
    lib: ["esnext"],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    // declared.types.test.ts and the test of pnpm check the declarations of the packages.
    skipLibCheck: true,
    noEmit: true
  }
  writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }))
  const { output } = await attempt(process.execPath, [join(compiler, "bin/tsc"), "-p", ".", "--pretty", "false"], cwd)
  // Errors in declarations of other packages are not ours.
  return output.split("\n").filter((line) => /error TS/.test(line) && !/^node_modules\/(?!@ancillary)/.test(line))
}

describe.runIf(
  requirement("installed by npm, Yarn and pnpm", canInstall(), "Connect this machine to the npm registry")
)("installed", () => {
  let installed: Install
  beforeAll(async () => {
    installed = await installer(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Returns the first output of a program that runs on, or its whole output if it ends. */
  const begin = (cwd: string, file: string) =>
    new Promise<string>((resolve) => {
      const child = spawn(process.execPath, [file], { cwd })
      onTestFinished(() => void child.kill("SIGKILL"))
      let said = ""
      const hear = (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes("listening on")) resolve(said)
      }
      child.stdout.on("data", hear)
      child.stderr.on("data", hear)
      child.on("close", () => resolve(said))
    })

  it.each(["npm", "yarn", "pnpm"] as const)(
    "%s: the README's program starts with the packages that the README installs",
    async (manager) => {
      const cwd = await installed(manager, ["effect"], effect4)
      writeFileSync(join(cwd, "program.mjs"), programOf("README.md"))
      expect(await begin(cwd, "program.mjs")).toMatch(/listening on 0\.0\.0\.0:\d+/)
      expect(existsSync(join(cwd, "node_modules/@effect/platform"))).toBe(false)
    }
  )

  it.each(faces)(
    "$name: its README runs on each Node and compiles with each TypeScript",
    async ({ companions, name, prints, program, wrong }) => {
      const cwd = await installed("npm", [name], { ...companions, "@types/node": versionOf("@types/node") })
      for (const [version, node] of binaries()) {
        writeFileSync(join(cwd, "program.mjs"), program(Number(version)))
        const ended = await attempt(node, ["program.mjs"], cwd)
        expect({ version, ...ended }).toEqual({ version, code: 0, output: expect.stringMatching(prints) })
      }
      writeFileSync(join(cwd, "program.ts"), `${program(24)}\n// @ts-expect-error: this is wrong.\nvoid ${wrong}\n`)
      for (const [version, compiler] of typescripts())
        for (const resolution of ["nodenext", "bundler"] as const)
          expect([version, resolution, await complaints(compiler, resolution, cwd)]).toEqual([version, resolution, []])
    }
  )

  it.each([
    ["effect", "effect@4", effect3],
    ["effect3", "effect@3", effect4]
  ] as const)("%s beside another Effect: npm refuses it, and Node with a remedy", async (face, needed, wrong) => {
    await expect(installed("npm", [face], wrong)).rejects.toThrow(/ERESOLVE/)
    const cwd = await installed("npm", [face], wrong, ["--force"])
    const { exports } = manifest(join(cwd, "node_modules/@ancillary", face))
    // The part for tests requires @ancillary/testing, which is not installed here.
    const entries = Object.keys(exports).filter((entry) => entry !== "./package.json" && entry !== "./testing")
    const modules = entries.map((entry) => `@ancillary/${face}${entry.slice(1)}`)
    const tried = `for (const each of ${JSON.stringify(modules)}) await import(each).catch(({ message }) => console.log(message))`
    writeFileSync(join(cwd, "tried.mjs"), tried)
    const sentence = new RegExp(
      `@ancillary/${face}/dist/(experimental/)?requires effect . - run npm install ${needed} - or install @ancillary/effect`
    )
    for (const [version, node] of binaries()) {
      const { output } = await attempt(node, ["tried.mjs"], cwd)
      const lines = output.trimEnd().split("\n")
      expect([version, lines.filter((line) => !sentence.test(line))]).toEqual([version, []])
      // Modules without values load.
      expect(lines.length).toBeGreaterThan(8)
    }
  })

  it("pnpm, TypeScript 5.9 and 6: every inferred type has a name in the packages", async () => {
    const ours = ["effect3", "posix", "winsock", "testing"] as const
    const foreign = Object.fromEntries(["@effect/platform", "@types/node"].map((name) => [name, versionOf(name)]))
    const cwd = await installed("pnpm", ours, { ...effect3, ...foreign })
    cpSync(join(root, "packages/node/test/declared/inferred.ts"), join(cwd, "inferred.ts"))
    await declares(cwd, "5.9", "Bundler")
    await declares(cwd, "6", "NodeNext")
  })

  it("pnpm, Effect 4: every inferred type has a name in the package", async () => {
    const cwd = await installed("pnpm", ["effect"], { ...effect4, "@types/node": versionOf("@types/node") })
    writeFileSync(join(cwd, "inferred.ts"), forEffect4(join(root, "packages/node/test/declared/inferred.ts")))
    await declares(cwd, "5.9", "NodeNext")
    await declares(cwd, "6", "Bundler")
  })

  it("pnpm, promises and dgram: every inferred type has a name in the packages", async () => {
    const cwd = await installed("pnpm", ["socket", "dgram"], { "@types/node": versionOf("@types/node") })
    cpSync(join(root, "packages/node/test/declared/promises.ts"), join(cwd, "inferred.ts"))
    await declares(cwd, "5.9", "NodeNext")
    await declares(cwd, "6", "Bundler")
  })
})
