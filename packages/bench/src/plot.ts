/**
 * The figures as a picture: for each a bar from 0 to the median, its spread, and its limit. Bars are cut off at twice the limit.
 */
import { type Figure, figures, judge } from "./figures.ts"
import type { Run } from "./result.ts"
import type { Spread } from "./rounds.ts"
import { aim, shown, unitOf } from "./table.ts"
import type { Unit } from "./workload.ts"

const row = 34
const left = 330
const width = 900
/** The value at the right edge, in multiples of the limit. */
const edge = 2

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const label = (figure: Figure, { median }: Spread, unit: Unit): string =>
  `${figure.against === undefined ? shown(median, unit) : median.toFixed(2)} of ${aim(figure, unit)}`

export const plot = ({ machine, measured }: Run): string => {
  const bars = figures.flatMap((figure) => {
    const of = measured.find(({ workload }) => workload.name === figure.workload)
    if (of === undefined) return []
    const { reached, value } = judge(figure, of.series)
    return value === undefined ? [] : [{ figure, value, unit: unitOf(figure, of), reached: reached === true }]
  })
  const x = (times: number) => Math.round(left + (Math.min(times, edge) / edge) * (width - left - 100))
  const height = 60 + bars.length * row
  const drawn = bars.map(({ figure, reached, unit, value }, i) => {
    const y = 44 + i * row
    const [median, lowest, highest] = [value.median, value.lowest, value.highest].map((each) => x(each / figure.most))
    const against = figure.against === undefined ? "" : `, against ${figure.against}`
    return `  <text x="${left - 10}" y="${y + 15}" text-anchor="end">${escaped(figure.what + against)}</text>
  <rect x="${left}" y="${y + 3}" width="${(median ?? left) - left}" height="16" fill="${reached ? "#3a8a5f" : "#c2632f"}"/>
  <path d="M${lowest} ${y + 11}H${highest}" stroke="#000" stroke-opacity="0.5"/>
  <text x="${width - 8}" y="${y + 15}" text-anchor="end">${label(figure, value, unit)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
  <rect width="${width}" height="${height}" fill="#fff"/>
  <text x="${left}" y="22">Each figure as a part of its limit (dashed). ${escaped(machine.date)}</text>
${drawn.join("\n")}
  <path d="M${x(1)} 36V${height - 12}" stroke="#000" stroke-dasharray="4 3"/>
</svg>
`
}
