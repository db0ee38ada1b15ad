/** Counts words that are rare or frequent in plain English, per 1,000 words of prose. */
import { wordsOf } from "./rules.ts"

const counted = {
  what: /^what$/i,
  where: /^where$/i,
  "says/said": /^(?:says|said)$/i,
  "tell/told": /^(?:tells?|told)$/i,
  "nobody/somebody": /^(?:nobody|somebody)$/i,
  who: /^who$/i,
  if: /^if$/i,
  when: /^when$/i,
  returns: /^returns$/i
} as const

export type Counted = keyof typeof counted

const columns = Object.keys(counted) as ReadonlyArray<Counted>

export interface Counts {
  readonly words: number
  readonly per1000: { readonly [word in Counted]: number }
}

export const countsOf = (texts: ReadonlyArray<string>): Counts => {
  const words = texts.flatMap(wordsOf)
  const rate = (word: Counted) => {
    const found = words.filter((each) => counted[word].test(each.replace(/[.'’-]+$/, ""))).length
    return words.length === 0 ? 0 : (found * 1000) / words.length
  }
  return {
    words: words.length,
    per1000: Object.fromEntries(columns.map((word) => [word, rate(word)])) as Counts["per1000"]
  }
}

/** Limits for the whole: `what` is at most 2, `if` at least 3. They need 1,000 words: a rate of fewer depends on chance. */
export const limitsPassed = ({ per1000, words }: Counts): ReadonlyArray<string> =>
  words < 1000
    ? []
    : [
        ...(per1000.what > 2 ? [`'what' occurs ${per1000.what.toFixed(1)} times in 1,000 words; the limit is 2`] : []),
        ...(per1000.if < 3 ? [`'if' occurs ${per1000.if.toFixed(1)} times in 1,000 words; the least is 3`] : [])
      ]

export const table = (rows: ReadonlyArray<readonly [name: string, counts: Counts]>): string => {
  const cells = [
    ["", "words", ...columns],
    ...rows.map(([name, { per1000, words }]) => [
      name,
      words.toLocaleString("en"),
      ...columns.map((word) => per1000[word].toFixed(1))
    ])
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? []
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}
