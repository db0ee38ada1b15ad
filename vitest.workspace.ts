import { existsSync, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { TestProjectConfiguration } from "vitest/config"
import { vitePlugin } from "./packages/effect/test/conformance/replacing.ts"

/**
 * The tiers beside the fast one, those that take longest first. The name of a file says its tier (`reply.netns.test.ts`); a plain `*.test.ts` is in
 * the fast tier.
 *
 * - `install`: installs the packages with package managers.
 * - `types`: runs the TypeScript compiler.
 * - `wine`: runs a Windows Node under Wine.
 * - `memory`: runs the whole conformance suite on the network in memory.
 * - `golden`: runs C compilers.
 * - `netns`: makes network namespaces.
 * - `child`: starts processes, or threads.
 * - `leaks`: counts what its own process holds, so nothing else may run in that process.
 */
export const tiers = ["install", "types", "wine", "memory", "golden", "netns", "child", "leaks"] as const

/** The tiers of the project `rest/slow` and its like. The compiler keeps a gigabyte, which each collection of later files in its process would visit. */
const shared = tiers.filter((tier) => tier !== "leaks" && tier !== "types")

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const folders = ["packages", "examples"].flatMap((parent) =>
  readdirSync(here(parent))
    .map((name) => `${parent}/${name}`)
    .filter((folder) => existsSync(here(`${folder}/test`)))
)

/** It replaces modules (`vi.mock`), which files before it in its process would have loaded. */
const replacing = "packages/socket/test/conformance.child.test.ts"

const own = [here("packages/testing/bytes.ts")]

/**
 * The tests of some folders: the project `name` is their fast tier, `name/leaks` that tier, and `name/slow` the others but `types`. Each project
 * compiles the sources anew, so one project has as many folders as it can. Each process loads the sources anew, so files share processes if they can.
 */
const suite = (
  name: string,
  folders: ReadonlyArray<string>,
  {
    plugins = [],
    setupFiles = []
  }: { readonly plugins?: Array<typeof vitePlugin>; readonly setupFiles?: Array<string> } = {}
) => {
  const endingWith = (tiers: ReadonlyArray<string>) =>
    tiers.flatMap((tier) => folders.map((folder) => `${folder}/test/**/*.${tier}.test.ts`))
  const project = (name: string, options: { include: Array<string>; exclude?: Array<string>; isolate?: boolean }) => ({
    extends: true as const,
    plugins,
    test: { name, isolate: false, setupFiles: [...own, ...setupFiles], ...options }
  })
  return [
    project(name, {
      include: folders.map((folder) => `${folder}/test/**/*.test.ts`),
      exclude: endingWith(tiers)
    }),
    project(`${name}/slow`, { include: endingWith(shared), exclude: [replacing] }),
    project(`${name}/leaks`, {
      include: [...endingWith(["leaks"]), ...(folders.includes("packages/socket") ? [replacing] : [])],
      isolate: true
    })
  ]
}

/** Compares each row that the catalogue claims with what the tests on real sockets show. */
const setupFiles = [here("packages/testing/catalogue/setup.ts")]

/** Runs the compiler within its process, on programs of any package. */
const compiled = {
  extends: true as const,
  test: {
    name: "compiler/types",
    isolate: false,
    // The compiler allocates so much that most of it is copied twice otherwise.
    execArgv: ["--max-semi-space-size=64"],
    setupFiles: own,
    include: folders.map((folder) => `${folder}/test/**/*.types.test.ts`)
  }
}

/** Checks by `tsc` which programs compile and what an editor shows: `expectTypeOf` and `@ts-expect-error`. */
const declarations = {
  extends: true as const,
  test: {
    name: "declarations/types",
    include: new Array<string>(),
    typecheck: {
      enabled: true,
      only: true,
      include: ["packages/*/test/**/*.test-d.ts"],
      tsconfig: "tsconfig.test.json"
    }
  }
}

/** They need a project of their own. */
const alone = ["packages/effect", "packages/posix"]

export default [
  ...suite("posix", ["packages/posix"], { setupFiles }),
  // Its files see Effect 4 in place of Effect 3.
  ...suite("effect", ["packages/effect"], { plugins: [vitePlugin] }),
  ...suite(
    "rest",
    folders.filter((folder) => !alone.includes(folder))
  ),
  compiled,
  declarations
] satisfies ReadonlyArray<TestProjectConfiguration>
