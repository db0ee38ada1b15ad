import { existsSync, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { TestProjectConfiguration } from "vitest/config"
import { vitePlugin } from "./packages/effect/test/conformance/replacing.ts"

/**
 * The tiers beside the fast one. The name of a file says its tier (`reply.netns.test.ts`); a plain `*.test.ts` is in the fast tier.
 *
 * - `child`: starts processes, or threads.
 * - `install`: installs the packages with package managers.
 * - `netns`: makes network namespaces.
 * - `memory`: runs the whole conformance suite on the network in memory.
 * - `leaks`: counts what its own process holds, so nothing else may run in that process.
 * - `golden`: runs C compilers.
 * - `types`: runs the TypeScript compiler.
 * - `wine`: runs a Windows Node under Wine.
 */
const tiers = ["child", "install", "netns", "memory", "leaks", "golden", "types", "wine"] as const

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const folders = ["packages", "examples"].flatMap((parent) =>
  readdirSync(here(parent))
    .map((name) => `${parent}/${name}`)
    .filter((folder) => existsSync(here(`${folder}/test`)))
)

/**
 * The tests of some folders: the project `name` is their fast tier, `name/child` and the like are the others. Each project compiles the sources
 * anew, so one project has as many folders as it can.
 */
const suite = (
  name: string,
  folders: ReadonlyArray<string>,
  {
    plugins = [],
    setupFiles = []
  }: { readonly plugins?: Array<typeof vitePlugin>; readonly setupFiles?: Array<string> } = {}
) => {
  const files = folders.flatMap((folder) => readdirSync(here(`${folder}/test`), { recursive: true, encoding: "utf8" }))
  const project = (name: string, ending: string, exclude: Array<string> = []) => ({
    extends: true as const,
    plugins,
    test: {
      name,
      include: folders.map((folder) => `${folder}/test/**/*${ending}`),
      exclude: ["**/node_modules/**", ...exclude],
      setupFiles
    }
  })
  return [
    project(
      name,
      ".test.ts",
      tiers.map((tier) => `**/*.${tier}.test.ts`)
    ),
    ...tiers
      .filter((tier) => files.some((file) => file.endsWith(`.${tier}.test.ts`)))
      .map((tier) => project(`${name}/${tier}`, `.${tier}.test.ts`))
  ]
}

/** Compares each row that the catalogue claims with what the tests on real sockets show. */
const setupFiles = [here("packages/testing/catalogue/setup.ts")]

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
  declarations
] satisfies ReadonlyArray<TestProjectConfiguration>
