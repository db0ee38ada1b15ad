/**
 * Runs for every test file of a project with drivers. If the catalogue is being renewed, it records the rows that the
 * tests prove. Otherwise it compares them with the recorded rows. If a test proves fewer rows, its file fails.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { getNames, getTests } from "@vitest/runner/utils"
import { afterAll, afterEach, beforeEach, type RunnerTask, type RunnerTestFile } from "vitest"
import { hasIpv6, hasRawPrivilege } from "../machine.ts"
import { overstated, report, type TestName } from "./runs.ts"
import { start } from "./session.ts"
import type { Row } from "./ways.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const pathOf = ({ file }: RunnerTask): string => relative(root, file.filepath).replaceAll("\\", "/")
const nameOf = (task: RunnerTask): TestName => [pathOf(task), ...getNames(task).slice(1)].join(" > ")

const children = join(tmpdir(), `ancillary-rows-${process.pid}`)
process.env["ANCILLARY_CHILD_ROWS"] = children
const takeOfChildren = (): ReadonlyArray<Row> => {
  const rows = existsSync(children) ? readFileSync(children, "utf8").trimEnd().split("\n") : []
  rmSync(children, { force: true })
  // Rows from another process, as text.
  return rows as ReadonlyArray<Row>
}
const takeOwn = start({ looks: true })
const take = (): ReadonlyArray<Row> => [...new Set([...takeOwn(), ...takeOfChildren()])]
const seen = new Map<TestName, ReadonlyArray<Row>>()

let file: RunnerTestFile | undefined

beforeEach(({ task }) => {
  file = task.file
  take()
})
afterEach(({ task }) => {
  if (task.result?.state === "pass") seen.set(nameOf(task), take())
})
afterAll(() => {
  if (file === undefined) return
  if (report !== undefined) {
    for (const [test, rows] of seen) appendFileSync(report, `${JSON.stringify({ test, rows })}\n`)
    return
  }
  const faults = overstated(pathOf(file), new Set(getTests(file).map(nameOf)), seen)
  // A host without IPv6 or without privileges runs other tests. It prints a line for each missing feature, or fails if
  // all suites are required.
  if (faults.length > 0 && hasIpv6() && hasRawPrivilege())
    throw new Error(`The catalogue says more than these tests show (npm run catalogue -- --run): ${faults.join("; ")}.`)
})
