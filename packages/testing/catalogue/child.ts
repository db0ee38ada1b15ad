/**
 * Imported before a program that a test starts in its own network namespace. Rows that the program proves count for its
 * test. They are written at once, because the test may kill the program at any time.
 */
import { appendFileSync } from "node:fs"
import { childRows } from "./runs.ts"
import { watch } from "./session.ts"

const written = new Set<string>()
watch({ looks: true }, (row) => {
  if (childRows !== undefined && !written.has(row)) appendFileSync(childRows, `${row}\n`)
  written.add(row)
})
