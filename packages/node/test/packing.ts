/** The packages as they are published: built, packed, and unpacked as a package manager lays them out. */
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

/** The repository. */
export const root = fileURLToPath(new URL("../../..", import.meta.url))

export const packages = ["control", "engine", "effect3", "posix", "winsock", "node", "testing"] as const
export type Name = (typeof packages)[number]

export interface Manifest {
  readonly [key: string]: unknown
  readonly dependencies?: { readonly [name: string]: string }
  readonly peerDependencies?: { readonly [name: string]: string }
  readonly exports: { readonly [path: string]: { readonly [condition: string]: string } | string | null }
}
export const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest

/** Builds, packs each public package into a folder, and returns the tarballs by name. */
export const pack = (folder: string): ReadonlyMap<Name, string> => {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root })
  const which = packages.flatMap((name) => ["-w", `packages/${name}`])
  // Built already: a build for each package would take longer than all of the rest.
  const args = ["pack", "--json", "--silent", "--ignore-scripts", "--pack-destination", folder, ...which]
  const packed = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8" })) as ReadonlyArray<{
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

/** A package of the repository's own `node_modules`, with all that it needs beside it. */
const link = (name: string, modules: string): void => {
  mkdirSync(dirname(join(modules, name)), { recursive: true })
  symlinkSync(join(root, "node_modules", name), join(modules, name))
}

/** As npm does: all in one folder. `foreign`: what is there beside ours. */
export const layOutFlat = (
  folder: string,
  tarballs: ReadonlyMap<Name, string>,
  foreign: ReadonlyArray<string>
): void => {
  const modules = join(folder, "node_modules")
  for (const [name, tarball] of tarballs) unpack(tarball, join(modules, "@ancillary", name))
  for (const name of foreign) link(name, modules)
}

/** As pnpm does: a package sees what its manifest names, and the program what was installed by name (`direct`). */
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

/** Puts a package of the repository where a compiler takes it for the program's own, and not for a link out of its folder. */
export const copyIn = (name: string, folder: string): void =>
  cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true })
