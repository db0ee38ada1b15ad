/**
 * Imported ahead of a program that a test starts in a network of its own: what it sees, its test has seen. Written down at once, for such a
 * program may be killed whenever its test has what it wants.
 */
import { appendFileSync } from "node:fs"
import { childRows } from "./runs.ts"
import { watch } from "./session.ts"

const written = new Set<string>()
watch({ looks: true }, (row) => {
  if (childRows !== undefined && !written.has(row)) appendFileSync(childRows, `${row}\n`)
  written.add(row)
})
