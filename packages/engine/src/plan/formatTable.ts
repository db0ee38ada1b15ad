/**
 * Formats the rows of a table as lines. Each column is as wide as its widest cell.
 *
 * @category plans
 * @since 0.1.0
 */
export const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = rows.reduce<ReadonlyArray<number>>(
    (all, row) => row.map((cell, i) => Math.max(cell.length, all[i] ?? 0)),
    []
  )
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd((widths[i] ?? 0) + 2))
      .join("")
      .trimEnd()
  )
}
