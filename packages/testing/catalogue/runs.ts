/**
 * For each row, the test that proves it on a running system. `npm run catalogue -- --run` writes the file, and every
 * run of those tests checks it. Node only.
 */
import { readFileSync } from "node:fs"
import type { Row } from "./ways.ts"

/** `packages/posix/test/conformance.test.ts > Linux > exchange > …`, the name in the runner. */
export type TestName = string

export const file: URL = new URL("runs.json", import.meta.url)

export const runs = (): ReadonlyMap<Row, TestName> =>
  new Map(
    Object.entries(JSON.parse(readFileSync(file, "utf8")) as { readonly [row in Row]: TestName }) as Array<
      [Row, TestName]
    >
  )

/**
 * Rows that the catalogue attributes to tests of a file, but that the tests did not prove. `there` are all tests,
 * `seen` are the rows of those that passed.
 */
export const overstated = (
  path: string,
  there: ReadonlySet<TestName>,
  seen: ReadonlyMap<TestName, ReadonlyArray<Row> | undefined>,
  claims: ReadonlyMap<Row, TestName> = runs()
): ReadonlyArray<string> => {
  const faults = new Set<string>()
  for (const [row, test] of claims) {
    if (!test.startsWith(`${path} > `)) continue
    // The runner reports a test that did not run or that failed.
    if (!there.has(test)) faults.add(`there is no test "${test}"`)
    else if (seen.get(test)?.includes(row) === false) faults.add(`"${test}" does not show ${row}`)
  }
  return [...faults]
}

/** File into which the programs of a test write the rows that they prove, one per line. */
export const childRows: string | undefined = process.env["ANCILLARY_CHILD_ROWS"]

/**
 * File into which a run of the suites writes its observations, one test per line. Absent unless the catalogue is being
 * renewed.
 */
export const report: string | undefined = process.env["ANCILLARY_RUNS"]
