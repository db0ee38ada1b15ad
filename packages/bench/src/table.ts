/**
 * A run as tables, in Markdown that is laid out for a terminal too.
 */
import { type Figure, figures, judge } from "./figures.ts"
import type { Measured, Run } from "./result.ts"
import { ratio, type Series, spread, type Spread } from "./rounds.ts"
import { dgram } from "./names.ts"
import type { Unit, Workload } from "./workload.ts"

/** Cells in rows, the first row a heading. */
export const table = ([heading = [], ...rows]: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = heading.map((_, column) => Math.max(...[heading, ...rows].map((row) => row[column]?.length ?? 0), 3))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`
  return [line(heading), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join("\n")
}

/** A spread of ratios; `-` if a reading was 0 in most rounds. */
const times = ({ highest, lowest, median }: Spread): string =>
  Number.isFinite(median) ? `${median.toFixed(2)} (${lowest.toFixed(2)} to ${highest.toFixed(2)})` : "-"

const micro = (value: number): string =>
  value < 1e7 ? `${(value / 1000).toFixed(2)} µs` : `${(value / 1e6).toFixed(1)} ms`

const fraction = (value: number): string => {
  if (value > 0.5) return value.toFixed(2)
  return value === 0 ? "0" : `1/${(1 / value).toFixed(0)}`
}

const formats: { readonly [unit in Unit]: (value: number) => string } = {
  time: micro,
  bytes: (value) => `${Math.round(value)} bytes`,
  calls: fraction,
  faults: (value) => (value < 10 ? value.toFixed(3) : value.toFixed(0)),
  percent: (value) => `${value.toFixed(2)} %`,
  "a second": (value) => `${Math.round(value)}/s`
}

/** Formats a value in its unit. A few calls for many datagrams are a fraction of one. */
export const shown = (value: number, unit: Unit): string => formats[unit](value)

/** The command that measures one workload. */
export const command = (workload: string): string => `npm run bench -- --only ${workload}`

/** A workload's candidates: what each took, and that against Node's and the first of C's in the same round. */
export const candidates = ({ series, workload }: Measured): string => {
  const others = [
    series.find(({ name }) => name === dgram),
    series.find(({ name }) => name === "C" || name.startsWith("C, "))
  ].filter((each) => each !== undefined)
  const compared = workload.readings.flatMap((each, reading) =>
    reading === 0 || each.compared === true ? [{ ...each, reading }] : []
  )
  const heading = [
    "",
    ...workload.readings.map(({ name }) => name),
    ...others.flatMap(({ name }) =>
      compared.map((each) => (each.reading === 0 ? `against ${name}` : `${each.name}, against ${name}`))
    )
  ]
  const rows = series.map((one) => [
    one.name,
    ...workload.readings.map(({ unit }, reading) => shown(spread(one, reading).median, unit)),
    ...others.flatMap((other) =>
      compared.map(({ reading }) => (other === one ? "1" : times(ratio(one, other, reading))))
    )
  ])
  return table([heading, ...rows])
}

/** Upper limit of a figure. */
export const aim = ({ against, most }: Figure, unit: Unit): string =>
  against === undefined ? shown(most, unit) : most.toFixed(2)

/** The unit of a figure's reading. */
export const unitOf = ({ reading = 0 }: Figure, { workload }: Measured): Unit =>
  workload.readings[reading]?.unit ?? workload.readings[0].unit

/** The figures that are to be reached, as far as the run has them. */
export const verdicts = ({ measured }: Run): string =>
  table([
    ["figure", "against", "to reach", "found", "", "command"],
    ...figures.flatMap((figure) => {
      const of = measured.find(({ workload }) => workload.name === figure.workload)
      if (of === undefined) return []
      const { reached, value } = judge(figure, of.series)
      const unit = unitOf(figure, of)
      const found = value === undefined ? "-" : figure.against === undefined ? shown(value.median, unit) : times(value)
      const verdict = reached === undefined ? "not run here" : reached ? "reached" : "not reached"
      const what = `${figure.what} (${figure.candidate})`
      return [[what, figure.against ?? "", `≤ ${aim(figure, unit)}`, found, verdict, `\`${command(figure.workload)}\``]]
    })
  ])

/** The series of a candidate in two checkouts. */
export type Pair = readonly [here: Series, there: Series]

/** The readings of a candidate in both checkouts, and their ratio in the same round. */
export const ratios = ({ readings }: Pick<Workload, "readings">, all: ReadonlyArray<Pair>): string =>
  table([
    ["", "reading", "this checkout", "the other", "this against the other"],
    ...all.flatMap(([one, other]) =>
      readings.map(({ name, unit }, reading) => [
        reading === 0 ? one.name : "",
        name,
        shown(spread(one, reading).median, unit),
        shown(spread(other, reading).median, unit),
        times(ratio(one, other, reading))
      ])
    )
  ])
