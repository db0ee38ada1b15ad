/**
 * Writes a run to the documents: the tables between the marks of `docs/performance.md`, the picture, and all measured values.
 */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { plot } from "./plot.ts"
import { shownPrices } from "./prices.ts"
import type { Run } from "./result.ts"
import { candidates, command, verdicts } from "./table.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const page = `${root}docs/performance.md`
const [begin, end] = ["<!-- measured -->", "<!-- /measured -->"]

export const publish = (run: Run): void => {
  const text = readFileSync(page, "utf8")
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${page} has no ${begin} and ${end}`)
  writeFileSync(page, `${before}${begin}\n\n${measured(run)}\n\n${end}${after}`)
  writeFileSync(`${root}docs/performance.svg`, plot(run))
  writeFileSync(`${root}docs/performance.json`, JSON.stringify(run))
  execFileSync("npx", ["oxfmt", "--write", "docs/performance.md", "docs/performance.json"], { cwd: root })
}

const measured = (run: Run): string => {
  const { cores, date, node, prices, processor, system } = run.machine
  return [
    `Measured on ${date}: ${processor}, ${cores} cores, ${system}, Node ${node}. ${shownPrices(prices)}`,
    verdicts(run),
    "![Each figure as a part of its limit](performance.svg)",
    ...run.measured.flatMap((each) => [
      `## ${each.workload.title}`,
      `\`${command(each.workload.name)}\``,
      candidates(each)
    ])
  ].join("\n\n")
}
