/**
 * The tests that show a row on a running system, a test a row: written by `npm run catalogue -- --run`, looked at again by every run of those
 * tests. Node only.
 */
import { readFileSync } from "node:fs"
import type { Row } from "./ways.ts"

/** `packages/posix/test/conformance.test.ts > Linux > exchange > …`, as the runner names it. */
export type TestName = string

export const file: URL = new URL("runs.json", import.meta.url)

export const runs = (): ReadonlyMap<Row, TestName> =>
  new Map(
    Object.entries(JSON.parse(readFileSync(file, "utf8")) as { readonly [row in Row]: TestName }) as Array<
      [Row, TestName]
    >
  )

/** What the catalogue says of the tests of a file and they do not show: `there` are all of them, `seen` is what those saw that passed. */
export const overstated = (
  path: string,
  there: ReadonlySet<TestName>,
  seen: ReadonlyMap<TestName, ReadonlyArray<Row> | undefined>,
  claims: ReadonlyMap<Row, TestName> = runs()
): ReadonlyArray<string> => {
  const faults = new Set<string>()
  for (const [row, test] of claims) {
    if (!test.startsWith(`${path} > `)) continue
    // One that was not run, or failed, is told of by the runner.
    if (!there.has(test)) faults.add(`there is no test "${test}"`)
    else if (seen.get(test)?.includes(row) === false) faults.add(`"${test}" does not show ${row}`)
  }
  return [...faults]
}

/** Where the programs that a test starts leave what they see: a row a line. */
export const childRows: string | undefined = process.env["ANCILLARY_CHILD_ROWS"]

/** Where a run of the suites leaves what was seen: a line a test. Absent, unless the catalogue is being renewed. */
export const report: string | undefined = process.env["ANCILLARY_RUNS"]
