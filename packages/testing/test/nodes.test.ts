/** The choice of tests that run again on other versions of Node. */
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { dependent, groupsOf, independent, testFiles } from "../nodes/files.ts"

const files = testFiles()

it("each test file is chosen to depend on Node or not, for one reason", () => {
  const counts = files.map((file) => [file, groupsOf([...dependent, ...independent], file).length] as const)
  expect(counts.filter(([, count]) => count !== 1)).toEqual([])
  expect(files.length).toBeGreaterThan(250)
})

it("each reason has a file", () => {
  const unused = [...dependent, ...independent].filter(
    ({ files: pattern }) => !files.some((file) => pattern.test(file))
  )
  expect(unused).toEqual([])
})

/** Modules and names by which a file uses Node itself. */
const uses =
  /LinuxSockets|NodeSockets|AbortController|process\.execPath|"(?:koffi|node:(?:dgram|worker_threads|child_process|cluster|stream))/

it("a fast or child test that uses Node and does not run again is named alone", () => {
  const named = files.filter(
    (file) =>
      /\/[^./]+(?:\.child)?\.test\.ts$/.test(file) &&
      groupsOf(dependent, file).length === 0 &&
      uses.test(readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8"))
  )
  const together = named.filter((file) =>
    groupsOf(independent, file).some(({ files: pattern }) => files.filter((each) => pattern.test(each)).length > 1)
  )
  expect(together).toEqual([])
  expect(named.length).toBeGreaterThan(3)
})
