import { readdirSync } from "node:fs"
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

/** The tests of one workspace: the project `name` is its fast tier, `name/child` and the like are the others. */
const suite = (
  name: string,
  {
    root = `packages/${name}`,
    setupFiles = [],
    plugins = []
  }: { readonly root?: string; readonly setupFiles?: Array<string>; readonly plugins?: Array<typeof vitePlugin> } = {}
): ReadonlyArray<TestProjectConfiguration> => {
  const files = readdirSync(here(root), { recursive: true, encoding: "utf8" })
  const project = (name: string, include: string, exclude: Array<string> = []): TestProjectConfiguration => ({
    extends: true,
    plugins,
    test: { name, root, include: [`**/test/**/${include}`], exclude: ["**/node_modules/**", ...exclude], setupFiles }
  })
  return [
    project(
      name,
      "*.test.ts",
      tiers.map((tier) => `**/*.${tier}.test.ts`)
    ),
    ...tiers
      .filter((tier) => files.some((file) => file.endsWith(`.${tier}.test.ts`)))
      .map((tier) => project(`${name}/${tier}`, `*.${tier}.test.ts`))
  ]
}

/** Compares each row that the catalogue claims with what the tests on real sockets show. */
const setupFiles = [here("packages/testing/catalogue/setup.ts")]

/** Checks by `tsc` which programs compile and what an editor shows: `expectTypeOf` and `@ts-expect-error`. */
const declarations: TestProjectConfiguration = {
  extends: true,
  test: {
    name: "declarations/types",
    include: [],
    typecheck: {
      enabled: true,
      only: true,
      include: ["packages/*/test/**/*.test-d.ts"],
      tsconfig: "tsconfig.test.json"
    }
  }
}

export default [
  ...suite("control"),
  ...suite("engine"),
  ...suite("effect", { plugins: [vitePlugin] }),
  ...suite("effect3"),
  ...suite("posix", { setupFiles }),
  ...suite("winsock"),
  ...suite("node"),
  ...suite("dgram"),
  ...suite("socket"),
  ...suite("testing"),
  ...suite("fuzz"),
  ...suite("bench"),
  ...suite("examples", { root: "examples" }),
  declarations
]
