/**
 * A run as tables, in Markdown that is laid out for a terminal too.
 */
import { type Figure, figures, judge } from "./figures.ts"
import type { Measured, Run } from "./result.ts"
import { ratio, spread, type Spread } from "./rounds.ts"
import { dgram, type Workload } from "./workload.ts"

/** Cells in rows, the first row a heading. */
export const table = ([heading = [], ...rows]: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = heading.map((_, column) => Math.max(...[heading, ...rows].map((row) => row[column]?.length ?? 0), 3))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`
  return [line(heading), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join("\n")
}

const times = ({ highest, lowest, median }: Spread): string =>
  `${median.toFixed(2)} (${lowest.toFixed(2)} to ${highest.toFixed(2)})`

/** A reading in its unit; calls are given as a part of one a datagram. */
export const shown = (value: number, unit: Workload["unit"]): string => {
  if (unit === "µs") return `${(value / 1000).toFixed(2)} µs`
  if (unit === "calls" && value > 0.5) return value.toFixed(2)
  return unit === "bytes" ? `${Math.round(value)} bytes` : `1/${(1 / value).toFixed(0)}`
}

/** What a command prints of one workload. */
export const command = (workload: string): string => `npm run bench -- --only ${workload}`

/** A workload's candidates: what each took, and that against Node's and the first of C's in the same round. */
export const candidates = ({ series, workload }: Measured): string => {
  const others = [
    series.find(({ name }) => name === dgram),
    series.find(({ name }) => name === "C" || name.startsWith("C, "))
  ].filter((each) => each !== undefined)
  const heading = ["", ...workload.readings, ...others.map(({ name }) => `against ${name}`)]
  const rows = series.map((one) => [
    one.name,
    ...workload.readings.map((_, reading) => shown(spread(one, reading).median, workload.unit)),
    ...others.map((other) => (other === one ? "1" : times(ratio(one, other))))
  ])
  return table([heading, ...rows])
}

/** What a figure has to be at the most. */
export const aim = ({ against, most }: Figure, unit: Workload["unit"]): string =>
  against === undefined ? shown(most, unit) : most.toFixed(2)

/** The figures that are to be reached, as far as the run has them. */
export const verdicts = ({ measured }: Run): string =>
  table([
    ["figure", "against", "to reach", "found", "", "command"],
    ...figures.flatMap((figure) => {
      const of = measured.find(({ workload }) => workload.name === figure.workload)
      if (of === undefined) return []
      const { reached, value } = judge(figure, of.series)
      const found =
        value === undefined ? "-" : figure.against === undefined ? shown(value.median, of.workload.unit) : times(value)
      const verdict = reached === undefined ? "not run here" : reached ? "reached" : "not reached"
      const what = `${figure.what} (${figure.candidate})`
      return [
        [
          what,
          figure.against ?? "",
          `≤ ${aim(figure, of.workload.unit)}`,
          found,
          verdict,
          `\`${command(figure.workload)}\``
        ]
      ]
    })
  ])
