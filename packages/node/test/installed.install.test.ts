/**
 * The program of the README and a program with declarations, in an empty folder into which npm, Yarn 1 and pnpm have
 * installed the tarballs.
 */
import { spawn } from "node:child_process"
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { checking, compilerIn, type Compiler, configure, declaring, type Resolution } from "./compiling.ts"
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
  versionOf
} from "./installing.ts"
import { manifest, root } from "./packing.ts"

const folder = place()

/** The module of inferred types, with the names of Effect 4 and without the tools for tests, which require Effect 3. */
const forEffect4 = (file: string): string =>
  readFileSync(file, "utf8")
    .replaceAll("@ancillary/effect3", "@ancillary/effect")
    .replaceAll("Effect.Effect.Success<", "Effect.Success<")
    .replace(/import \{ FaultyDriver \}.*\n/, "")
    .replace(/,\n {2}faulty: [^]*?\n {2}\)\n/, "\n")

const resolutions = ["nodenext", "bundler"] as const
const types = { "@types/node": versionOf("@types/node") }

describe.runIf(
  requirement("installed by npm, Yarn and pnpm", canInstall(), "Connect this machine to the npm registry")
)("installed", { concurrent: true }, () => {
  let installed: Install
  const compilers = new Map<string, Compiler>()
  beforeAll(async () => {
    installed = await installer(folder)
    for (const version of ["5.9", "6"] as const) compilers.set(version, compilerIn(compilerOf(version)))
  })
  afterAll(() => {
    for (const { end } of compilers.values()) end()
    rmSync(folder, { recursive: true })
  })

  const compile = async (version: "5.9" | "6", cwd: string, files: ReadonlyArray<string>) => {
    const all = await compilers.get(version)?.compile(cwd, files)
    expect(all?.map((each) => each.version.startsWith(version))).toEqual(files.map(() => true))
    return all ?? []
  }

  /** Compiles `program.ts` with each TypeScript and each resolution, and returns the errors. */
  const complaints = async (cwd: string) => {
    const files = resolutions.map((resolution) => configure(cwd, resolution, checking(resolution)))
    const native = files.map(async (file) => {
      const tsc = join(compilerOf("7"), "bin/tsc")
      const { output } = await attempt(process.execPath, [tsc, "-p", file, "--pretty", "false"], cwd)
      // Errors in declarations of other packages are not ours.
      return output.split("\n").filter((line) => /error TS/.test(line) && !/^node_modules\/(?!@ancillary)/.test(line))
    })
    const said = async (version: "5.9" | "6") => (await compile(version, cwd, files)).map((each) => each.said)
    const [old, now, next] = await Promise.all([said("5.9"), said("6"), Promise.all(native)])
    return { "5.9": old, "6": now, "7": next }
  }

  /** Compiles `inferred.ts` with declarations, and expects no error and no type that a program cannot write. */
  const declares = async (cwd: string, version: "5.9" | "6", resolution: Resolution) => {
    const [seen] = await compile(version, cwd, [configure(cwd, resolution, declaring(resolution))])
    expect(seen?.said).toEqual([])
    expect(seen?.declarations).toContain("export declare const")
    expect(seen?.declarations).not.toMatch(/@ancillary\/control|\.pnpm|\bany\b/)
  }

  /** Returns the first output of a program that runs on, or its whole output if it ends. */
  const begin = (cwd: string, file: string) =>
    new Promise<string>((resolve) => {
      const child = spawn(process.execPath, [file], { cwd })
      let said = ""
      const hear = (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes("listening on")) child.kill("SIGKILL")
      }
      child.stdout.on("data", hear)
      child.stderr.on("data", hear)
      child.on("close", () => resolve(said))
    })

  it.each(faces)(
    "$name: its README runs on each Node and compiles with each TypeScript",
    async ({ companions, name, prints, program, wrong }) => {
      const cwd = await installed("npm", [name], { ...companions, ...types })
      const runs = binaries().map(async ([version, node]) => {
        const file = `program-${version}.mjs`
        writeFileSync(join(cwd, file), program(Number(version)))
        return { version, ...(await attempt(node, [file], cwd)) }
      })
      for (const { version, ...ended } of await Promise.all(runs))
        expect({ version, ...ended }).toEqual({ version, code: 0, output: expect.stringMatching(prints) })
      writeFileSync(join(cwd, "program.ts"), `${program(24)}\n// @ts-expect-error: this is wrong.\nvoid ${wrong}\n`)
      expect(await complaints(cwd)).toEqual({ "5.9": [[], []], "6": [[], []], "7": [[], []] })
    }
  )

  it.each(["npm", "yarn", "pnpm"] as const)(
    "%s: the README's program starts with the packages that the README installs",
    async (manager) => {
      // Yarn takes longest, so it installs only what the README does. Types have no part in what runs.
      const cwd = await installed(manager, ["effect"], manager === "yarn" ? effect4 : { ...effect4, ...types })
      writeFileSync(join(cwd, "readme.mjs"), programOf("README.md"))
      expect(await begin(cwd, "readme.mjs")).toMatch(/listening on 0\.0\.0\.0:\d+/)
      expect(existsSync(join(cwd, "node_modules/@effect/platform"))).toBe(false)
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
    const runs = binaries().map(async ([version, node]) => {
      const { output } = await attempt(node, ["tried.mjs"], cwd)
      return [version, output.trimEnd().split("\n")] as const
    })
    for (const [version, lines] of await Promise.all(runs)) {
      expect([version, lines.filter((line) => !sentence.test(line))]).toEqual([version, []])
      // Modules without values load.
      expect(lines.length).toBeGreaterThan(8)
    }
  })

  it("pnpm, TypeScript 5.9 and 6: every inferred type has a name in the packages", async () => {
    const ours = ["effect3", "posix", "winsock", "testing"] as const
    const foreign = { "@effect/platform": versionOf("@effect/platform"), ...types }
    const cwd = await installed("pnpm", ours, { ...effect3, ...foreign })
    cpSync(join(root, "packages/node/test/declared/inferred.ts"), join(cwd, "inferred.ts"))
    await Promise.all([declares(cwd, "5.9", "bundler"), declares(cwd, "6", "nodenext")])
  })

  it("pnpm, Effect 4: every inferred type has a name in the package", async () => {
    const cwd = await installed("pnpm", ["effect"], { ...effect4, ...types })
    writeFileSync(join(cwd, "inferred.ts"), forEffect4(join(root, "packages/node/test/declared/inferred.ts")))
    await Promise.all([declares(cwd, "5.9", "nodenext"), declares(cwd, "6", "bundler")])
  })

  it("pnpm, promises and dgram: every inferred type has a name in the packages", async () => {
    const cwd = await installed("pnpm", ["socket", "dgram"], types)
    cpSync(join(root, "packages/node/test/declared/promises.ts"), join(cwd, "inferred.ts"))
    await Promise.all([declares(cwd, "5.9", "nodenext"), declares(cwd, "6", "bundler")])
  })
})
