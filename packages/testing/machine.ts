/**
 * What a test suite wants of the machine. A suite that cannot run is one printed line that says how to get what is missing; with
 * ANCILLARY_REQUIRE=all it is a failure.
 */
import { spawnSync } from "node:child_process"

/** Whether the machine has it: used with `it.runIf`, `describe.runIf`. */
export const requirement = (name: string, present: boolean, how: string): boolean => {
  if (present) return true
  const line = `not run here: ${name}. ${how}`
  if (process.env["ANCILLARY_REQUIRE"] === "all") throw new Error(line)
  process.stderr.write(`${line}\n`)
  return false
}

/** Whether a program is on the path. */
export const onPath = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0
