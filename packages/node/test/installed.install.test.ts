/**
 * The program of the README and a program with declarations, in an empty folder into which npm, Yarn 1 and pnpm have
 * installed the tarballs.
 */
import { execFile, spawn, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { manifest, type Name, pack, packages, root } from "./packing.ts"

/** The package managers and the older compiler, installed once. Yarn 1 and pnpm are packages of npm. */
const tools = join(root, "node_modules/.cache/ancillary-managers")
const wanted = ["yarn@1.22.22", "pnpm@10.34.8", "typescript@5.9.3"]
const program = promisify(execFile)

const isThere = (): boolean =>
  onPath("tar") &&
  (existsSync(join(tools, "node_modules/pnpm")) || spawnSync("npm", ["ping"], { timeout: 30_000 }).status === 0)

const folder = mkdtempSync(join(tmpdir(), "ancillary-installed-"))
/** The version of a package that the repository has installed. `beside` is a package that has a version of its own. */
const versionOf = (name: string, beside = "."): string =>
  String(manifest(join(root, beside, "node_modules", name))["version"])
const effect4 = { effect: versionOf("effect", "packages/effect") }
const effect3 = { effect: versionOf("effect") }

type Manager = "npm" | "yarn" | "pnpm"
const install: { readonly [M in Manager]: (cwd: string) => Promise<unknown> } = {
  npm: (cwd) => program("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd }),
  yarn: (cwd) =>
    program(
      process.execPath,
      // Its cache knows a tarball by name and version, which an older build had, too.
      [join(tools, "node_modules/yarn/bin/yarn.js"), "install", "--no-progress", "--cache-folder", join(cwd, ".yarn")],
      { cwd }
    ),
  pnpm: (cwd) =>
    program(process.execPath, [join(tools, "node_modules/pnpm/bin/pnpm.cjs"), "install", "--prefer-offline"], {
      cwd,
      env: { ...process.env, CI: "1" }
    })
}

describe.runIf(requirement("installed by npm, Yarn and pnpm", isThere(), "Connect this machine to the npm registry"))(
  "installed",
  () => {
    let tarballs: ReadonlyMap<Name, string> = new Map()
    beforeAll(async () => {
      tarballs = await pack(folder)
      mkdirSync(tools, { recursive: true })
      const have = wanted.every((each) => existsSync(join(tools, "node_modules", each.slice(0, each.lastIndexOf("@")))))
      if (!have) await program("npm", ["install", "--prefix", tools, "--no-audit", "--no-fund", ...wanted])
    })
    afterAll(() => rmSync(folder, { recursive: true }), 120_000)

    const fileOf = (name: Name) => `file:${tarballs.get(name)}`
    /** Makes an empty folder with the manifest of a program, and runs a package manager in it. */
    const installed = async (
      manager: Manager,
      ours: ReadonlyArray<Name>,
      foreign: { readonly [name: string]: string }
    ) => {
      const cwd = mkdtempSync(join(folder, `${manager}-`))
      // The packages are not published, so their dependencies are tarballs too.
      const all = Object.fromEntries(packages.map((name) => [`@ancillary/${name}`, fileOf(name)]))
      const inner = Object.fromEntries(
        Object.entries(all).filter(([name]) => !ours.some((own) => name.endsWith(`/${own}`)))
      )
      const dependencies = {
        ...Object.fromEntries(ours.map((name) => [`@ancillary/${name}`, fileOf(name)])),
        ...foreign
      }
      const redirected = { npm: { overrides: inner }, yarn: { resolutions: all }, pnpm: { pnpm: { overrides: all } } }[
        manager
      ]
      const own = { name: "program", version: "1.0.0", private: true, type: "module", dependencies, ...redirected }
      writeFileSync(join(cwd, "package.json"), JSON.stringify(own))
      await install[manager](cwd)
      return cwd
    }

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

    /** Returns the first program of a README. It uses any free port, since tests run side by side. */
    const programOf = (readme: string): string => {
      const [, text = ""] = /```ts\n(.*?)```/s.exec(readFileSync(join(root, readme), "utf8")) ?? []
      return text.replace("port: 5300", "port: 0")
    }

    it.each(["npm", "yarn", "pnpm"] as const)(
      "%s: the README's program starts with the packages that the README installs",
      async (manager) => {
        const cwd = await installed(manager, ["effect"], effect4)
        writeFileSync(join(cwd, "program.mjs"), programOf("README.md"))
        expect(await begin(cwd, "program.mjs")).toMatch(/listening on 0\.0\.0\.0:\d+/)
        expect(existsSync(join(cwd, "node_modules/@effect/platform"))).toBe(false)
      }
    )

    it.each([
      ["effect", effect4],
      ["effect3", effect3]
    ] as const)("the first program of %s's README runs with this package and Effect", async (face, foreign) => {
      const cwd = await installed("npm", [face], foreign)
      writeFileSync(join(cwd, "program.mjs"), programOf(`packages/${face}/README.md`))
      expect(await begin(cwd, "program.mjs")).toMatch(/\d+ hops left/)
    })

    it("pnpm, TypeScript 5.9 and 6: every inferred type has a name in the packages", async () => {
      const ours = ["effect3", "posix", "winsock", "testing"] as const
      const foreign = Object.fromEntries(["@effect/platform", "@types/node"].map((name) => [name, versionOf(name)]))
      const cwd = await installed("pnpm", ours, { ...effect3, ...foreign })
      cpSync(join(root, "packages/node/test/declared/inferred.ts"), join(cwd, "inferred.ts"))
      const compile = join(root, "packages/node/test/declared/compile.mjs")
      for (const [compiler, version, way] of [
        [join(tools, "node_modules/typescript"), /^5\.9\./, "Bundler"],
        [join(root, "node_modules/typescript"), /^6\./, "NodeNext"]
      ] as const) {
        const { stdout } = await program(process.execPath, [compile, compiler, cwd, way], { maxBuffer: 2 ** 26 })
        const seen = JSON.parse(stdout) as {
          readonly version: string
          readonly said: unknown
          readonly declarations: string
        }
        expect(seen.version).toMatch(version)
        expect(seen.said).toEqual([])
        expect(seen.declarations).not.toMatch(/@ancillary\/control|\.pnpm|\bany\b/)
      }
    })
  }
)
