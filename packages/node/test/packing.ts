/** The published form of the packages: built, packed, and unpacked as a package manager would. */
import { execFile, execFileSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { build } from "../../testing/built.ts"

/** Root of the repository. */
export const root = fileURLToPath(new URL("../../..", import.meta.url))

export const packages = [
  "control",
  "engine",
  "effect",
  "effect3",
  "native",
  "posix",
  "winsock",
  "node",
  "socket",
  "dgram",
  "testing"
] as const
export type Name = (typeof packages)[number]

export interface Manifest {
  readonly [key: string]: unknown
  readonly dependencies?: { readonly [name: string]: string }
  readonly peerDependencies?: { readonly [name: string]: string }
  readonly exports: { readonly [path: string]: { readonly [condition: string]: string } | string | null }
}
export const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest

/** Runs a program beside the event loop, so that other tests of the process go on and vitest hears of them. */
const run = promisify(execFile)

/** Builds, packs each public package into a folder, and returns the tarballs by name. */
export const pack = async (folder: string): Promise<ReadonlyMap<Name, string>> => {
  await build()
  const which = packages.flatMap((name) => ["-w", `packages/${name}`])
  // Already built. A build for each package would take longer than the rest together.
  const args = ["pack", "--json", "--silent", "--ignore-scripts", "--pack-destination", folder, ...which]
  const { stdout } = await run("npm", args, { cwd: root, maxBuffer: 2 ** 26 })
  const packed = JSON.parse(stdout) as ReadonlyArray<{
    readonly name: string
    readonly filename: string
  }>
  return new Map(
    packages.map((name) => {
      const found = packed.find((each) => each.name === `@ancillary/${name}`)
      if (found === undefined) throw new Error(`npm packed no @ancillary/${name}`)
      return [name, join(folder, found.filename)]
    })
  )
}

export const unpack = (tarball: string, into: string): void => {
  mkdirSync(into, { recursive: true })
  execFileSync("tar", ["-xzf", tarball, "-C", into, "--strip-components=1"])
}

/** Links a package of the repository's `node_modules`, together with its dependencies. */
const link = (name: string, modules: string): void => {
  mkdirSync(dirname(join(modules, name)), { recursive: true })
  symlinkSync(join(root, "node_modules", name), join(modules, name))
}

/** Unpacks as npm does: all packages in one folder. `foreign` are the other packages there. */
export const layOutFlat = (
  folder: string,
  tarballs: ReadonlyMap<Name, string>,
  foreign: ReadonlyArray<string>
): void => {
  const modules = join(folder, "node_modules")
  for (const [name, tarball] of tarballs) unpack(tarball, join(modules, "@ancillary", name))
  for (const name of foreign) link(name, modules)
}

/**
 * Unpacks as pnpm does: a package sees the packages in its manifest, and the program sees those that were installed by
 * name (`direct`).
 */
export const layOutStrictly = (
  folder: string,
  tarballs: ReadonlyMap<Name, string>,
  direct: ReadonlyArray<Name>,
  foreign: ReadonlyArray<string>
): void => {
  const modules = join(folder, "node_modules")
  const placeOf = (name: string) =>
    join(modules, ".pnpm", `@ancillary+${name}@0.0.0`, "node_modules", "@ancillary", name)
  for (const [name, tarball] of tarballs) {
    const place = placeOf(name)
    unpack(tarball, place)
    const { dependencies = {}, peerDependencies = {} } = manifest(place)
    for (const needed of Object.keys({ ...dependencies, ...peerDependencies })) {
      const [, ours] = /^@ancillary\/(.*)$/.exec(needed) ?? []
      const beside = join(place, "../..")
      if (ours === undefined) link(needed, beside)
      else symlinkSync(relative(join(beside, "@ancillary"), placeOf(ours)), join(beside, "@ancillary", ours))
    }
  }
  mkdirSync(join(modules, "@ancillary"), { recursive: true })
  for (const name of direct)
    symlinkSync(relative(join(modules, "@ancillary"), placeOf(name)), join(modules, "@ancillary", name))
  for (const name of foreign) link(name, modules)
}

/** Copies a package to a place where a compiler treats it as part of the program, and not as a link out of its folder. */
export const copyIn = (name: string, folder: string): void =>
  cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true })
