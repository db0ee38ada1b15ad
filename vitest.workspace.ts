import type { TestProjectConfiguration } from "vitest/config"

/** The tests of one package. */
const suite = (name: string): TestProjectConfiguration => ({
  extends: true,
  test: { name, root: `packages/${name}`, include: ["test/**/*.test.ts"] }
})

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
  suite("socket"),
  suite("posix"),
  suite("winsock"),
  suite("node"),
  suite("testing"),
  suite("fuzz"),
  examples,
  types
]
