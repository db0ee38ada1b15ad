/**
 * `npm run catalogue` writes docs/catalogue.md. With `-- --run` it first runs the suites, and records in runs.json
 * which test proves which row. Do this after a test was added, renamed or removed. With file names (`-- --run
 * packages/posix/test/unix.test.ts`) it runs only these, and keeps the records of the others.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { file, runs, type TestName } from "./runs.ts"
import { root } from "./sources.ts"
import { type Row, rowOf, ways } from "./ways.ts"

interface Observed {
  readonly test: TestName
  readonly rows: ReadonlyArray<Row>
}

/** Rows that the tests of the given files proved, or of all suites without files. */
const observe = (files: ReadonlyArray<string>): ReadonlyArray<Observed> => {
  const folder = mkdtempSync(join(tmpdir(), "ancillary-runs-"))
  const report = join(folder, "runs.jsonl")
  try {
    const { status } = spawnSync(
      "npx",
      ["vitest", "run", ...(files.length === 0 ? ["packages/posix/", "packages/winsock/"] : files)],
      {
        cwd: root,
        stdio: "inherit",
        // Without this, a suite that cannot run here would be silently missing from the catalogue.
        env: { ...process.env, ANCILLARY_RUNS: report, ANCILLARY_REQUIRE: "all" }
      }
    )
    if (status !== 0) throw new Error("the suites are not green: what they show is not written down")
    return readFileSync(report, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Observed)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Counts the words of a row's family and message in the name of a test. */
const closeness = (test: TestName, row: Row): number => {
  // The probe tries every message, so it is specific to none.
  if (test.includes(" > probe > ")) return -1
  const said = test.toLowerCase()
  const [, family = "", key = ""] = row.split(" ")
  return [family, ...key.split(/(?=[A-Z])/)].filter((word) => said.includes(word.toLowerCase())).length
}

const fileOf = (test: TestName): string | undefined => test.split(" > ")[0]

const renew = (files: ReadonlyArray<string>) => {
  const observed = observe(files)
  const ran = new Set(observed.map(({ test }) => fileOf(test)))
  const kept = files.length === 0 ? new Map<Row, TestName>() : runs()
  const shown = [...new Set(ways.map(rowOf))].toSorted().flatMap((row) => {
    const before = kept.get(row)
    if (before !== undefined && !ran.has(fileOf(before))) return [[row, before] as const]
    // The most specific test. Among equals, the test that proves the fewest other rows.
    const [best] = observed
      .filter(({ rows }) => rows.includes(row))
      .toSorted(
        (a, b) =>
          closeness(b.test, row) - closeness(a.test, row) || a.rows.length - b.rows.length || (a.test < b.test ? -1 : 1)
      )
    return best === undefined ? [] : [[row, best.test] as const]
  })
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`)
}

const [flag, ...files] = process.argv.slice(2)
if (flag === "--run") renew(files)
// Imported late, because it reads runs.json when it is loaded.
const { render } = await import("./document.ts")
writeFileSync(join(root, "docs/catalogue.md"), render())
