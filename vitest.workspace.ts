import { fileURLToPath } from "node:url"
import type { TestProjectConfiguration } from "vitest/config"

/** The tests of one package. */
const suite = (name: string, setupFiles: Array<string> = []): TestProjectConfiguration => ({
  extends: true,
  test: { name, root: `packages/${name}`, include: ["test/**/*.test.ts"], setupFiles }
})

/** What tests on real sockets show of each row of the definitions is what the catalogue may say. */
const recorded = [fileURLToPath(new URL("packages/testing/catalogue/setup.ts", import.meta.url))]

const examples: TestProjectConfiguration = {
  extends: true,
  test: { name: "examples", root: "examples", include: ["*/test/**/*.test.ts"] }
}

/** What must and must not compile, and what an editor shows: `expectTypeOf` and `@ts-expect-error`, checked by `tsc`. */
const types: TestProjectConfiguration = {
  extends: true,
  test: {
    name: "types",
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
  suite("control"),
  suite("engine"),
  suite("effect3"),
  suite("posix", recorded),
  suite("winsock"),
  suite("node"),
  suite("testing"),
  suite("fuzz"),
  suite("bench"),
  examples,
  types
]
