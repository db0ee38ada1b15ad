/**
 * `npm run test:names`: fails if a test of the list (tests.txt.gz) is lost. A test may be renamed or moved if `renamed.txt` has its new name.
 *
 * - Without arguments it asks vitest for the tests of the tree. With files behind it (`-- a.json`), reports of vitest's JSON reporter, it reads those.
 * - `--update` writes the list anew, once nothing is lost.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync, gzipSync } from "node:zlib"
import { compare, parseRenames, suggest } from "./compare.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const list = new URL("tests.txt.gz", import.meta.url)
const renames = new URL("renamed.txt", import.meta.url)

interface Listed {
  readonly name: string
  readonly file: string
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly assertionResults: ReadonlyArray<{ readonly ancestorTitles: ReadonlyArray<string>; readonly title: string }>
  }>
}

/** Returns `path > suite > … > title` of each test that vitest lists or reports. */
const namesIn = (text: string): ReadonlyArray<string> => {
  const found = JSON.parse(text) as ReadonlyArray<Listed> | Report
  const named = (file: string, name: string) =>
    [relative(root, file).replaceAll("\\", "/"), name].join(" > ").replaceAll("\n", "\\n")
  return "testResults" in found
    ? found.testResults.flatMap(({ assertionResults, name }) =>
        assertionResults.map(({ ancestorTitles, title }) => {
          // A file of types stands in front of its own titles.
          const titles = ancestorTitles.filter(
            (each, index) => index > 0 || !name.endsWith(each) || !each.includes("/")
          )
          return named(name, [...titles, title].join(" > "))
        })
      )
    : found.map(({ file, name }) => named(file, name))
}

const listed = (): ReadonlyArray<string> => {
  const folder = mkdtempSync(join(tmpdir(), "ancillary-names-"))
  try {
    const file = join(folder, "names.json")
    const { status } = spawnSync("npx", ["vitest", "list", `--json=${file}`], { cwd: root, stdio: "inherit" })
    if (status !== 0) throw new Error("vitest cannot list the tests.")
    return namesIn(readFileSync(file, "utf8"))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const words = process.argv.slice(2)
const reports = words.filter((word) => word !== "--update")
const now = reports.length === 0 ? listed() : reports.flatMap((report) => namesIn(readFileSync(report, "utf8")))
const before = gunzipSync(readFileSync(list)).toString("utf8").trimEnd().split("\n")
const { added, lost, unused } = compare(before, now, parseRenames(readFileSync(renames, "utf8")))

console.log(`${before.length} tests in the list, ${now.length} in the tree: ${lost.length} lost, ${added.length} new.`)
for (const name of lost) console.log(`lost: ${name}`)
for (const line of unused) console.log(`renamed.txt: no test has this name: ${line}`)
if (lost.length > 0 && added.length > 0) {
  console.log("Add to packages/testing/names/renamed.txt what was renamed (one line each, old → new). Perhaps:")
  for (const line of suggest(lost, added)) console.log(line)
}
if (lost.length > 0 || unused.length > 0) process.exitCode = 1
else if (words.includes("--update")) {
  writeFileSync(list, gzipSync([...now].toSorted().join("\n"), { level: 9 }))
  writeFileSync(renames, "")
}
