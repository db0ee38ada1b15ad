/**
 * The cost of another process, as Linux reports it.
 */
import { readdirSync, readFileSync } from "node:fs"

/** Resident bytes, and nanoseconds of processor time of all threads. */
export const used = (pid: number): readonly [resident: number, processor: number] => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const resident = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  const processor = readdirSync(`/proc/${pid}/task`).reduce(
    (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
    0
  )
  return [resident, processor]
}
