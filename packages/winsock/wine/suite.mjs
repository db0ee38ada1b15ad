/**
 * Test files of the workspace, run in a Windows Node under Wine.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { bundle } from "./bundle.mjs"
import { prepare, run } from "./prepare.mjs"

const here = fileURLToPath(import.meta.url)
const beside = (name) => fileURLToPath(new URL(name, import.meta.url))
const root = beside("../../..")

const entryPoint = (testFiles) => {
  const files = testFiles.map((file) => resolve(file))
  // `import()`, so that each file is evaluated when the runner collects it and its hooks stay its own.
  const entries = files.map((file) => `${JSON.stringify(relative(root, file))}: () => import(${JSON.stringify(file)})`)
  return `import { runFiles } from ${JSON.stringify(beside("host.ts"))}
await runFiles({ ${entries.join(",\n")} }, process.argv[2])`
}

const readReport = (file) => {
  try {
    return readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
  } catch {
    return []
  }
}

/** What is wrong with the run as a whole: a crash, a hang or an empty run is never green. */
const faultOf = (lines, results, status, timeoutMs) => {
  if (status === null) return `was killed after ${timeoutMs} ms without a result`
  if (lines.at(-1)?.done !== true) return `ended early, with exit code ${status}`
  if (results.length === 0) return "ran no test"
  if (status !== (results.every((result) => result.ok) ? 0 : 1))
    return `ended with exit code ${status} after the last test`
  return undefined
}

/**
 * Bundles the files, runs them, and answers one result a test, named `file > suite > test`.
 *
 * A fault of the whole run is one more result, which failed and tells the test that was running.
 */
export const runSuite = async (testFiles, { plugins = [], timeoutMs = 300_000 } = {}) => {
  const folder = mkdtempSync(join(prepare().folder, "suite-"))
  const [entry, outfile, report] = ["entry.mjs", "bundle.mjs", "report.jsonl"].map((name) => join(folder, name))
  try {
    writeFileSync(entry, entryPoint(testFiles))
    await bundle(entry, outfile, { alias: { vitest: beside("vitest-shim.ts") }, ignoreAnnotations: true, plugins })
    const { status, stdout, stderr } = await run(outfile, { args: [report], report, timeoutMs })
    const output = stdout + stderr
    const lines = readReport(report)
    const results = lines.filter((line) => "ok" in line)
    const fault = faultOf(lines, results, status, timeoutMs)
    if (fault === undefined) return { results, output }
    const running = "started" in (lines.at(-1) ?? {}) ? lines.at(-1).started : undefined
    const error = `The Windows process ${fault}${running === undefined ? "" : `, during "${running}"`}\n${output.slice(-4000)}`
    return { results: [...results, { name: "the run under Wine", ok: false, error }], output }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === here) {
  const { results, output } = await runSuite(process.argv.slice(2))
  const failed = results.filter((result) => !result.ok)
  process.stdout.write(output)
  for (const { name, ok } of results) console.log(`${ok ? "✓" : "✗"} ${name}`)
  for (const { name, error } of failed) console.error(`\n✗ ${name}\n${error}`)
  console.log(`${results.length - failed.length} passed, ${failed.length} failed`)
  process.exitCode = failed.length === 0 ? 0 : 1
}
