/** The first test of docs/testing.md is one that CI runs. */
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8")

it("the first test of the document is the file that CI runs, of less than 30 lines", () => {
  const [, block] = /```ts\n(.*?)```/s.exec(read("../../../../docs/testing.md")) ?? []
  expect(block).toBe(read("../../../effect/test/newcomer.test.ts"))
  expect(block?.trimEnd().split("\n").length).toBeLessThan(30)
})
