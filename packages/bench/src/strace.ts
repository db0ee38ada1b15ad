/**
 * The system calls of another process, including its threads, as strace counts them.
 */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Counts by the name of the call. */
export type Calls = ReadonlyMap<string, number>

/** Counts from when it is attached until the returned function is called. */
export const counting = async (process: number): Promise<() => Promise<Calls>> => {
  const folder = mkdtempSync(join(tmpdir(), "ancillary-calls-"))
  const file = join(folder, "calls")
  const words = ["-f", "-c", "--summary-columns=calls,name", "-o", file, "-p", String(process)]
  const strace = spawn("strace", words, { stdio: ["ignore", "ignore", "pipe"] })
  const gone = once(strace, "exit")
  await new Promise<void>((resolve, reject) => {
    strace.stderr.on("data", (said) => String(said).includes("attached") && resolve())
    strace.on("exit", () => reject(new Error("strace ended before it was attached")))
  })
  return async () => {
    strace.kill("SIGINT")
    await gone
    const counts = readFileSync(file, "utf8").matchAll(/^ *(\d+) (?!total)(\w+) *$/gm)
    rmSync(folder, { recursive: true })
    return new Map([...counts].map(([, calls, name = ""]) => [name, Number(calls)]))
  }
}

/** Adds up the calls of these names, or all calls. */
export const sum = (calls: Calls, names: ReadonlyArray<string> = [...calls.keys()]): number =>
  names.reduce((total, name) => total + (calls.get(name) ?? 0), 0)

/** Whether strace is there and may look at other processes. Its absence is no failure, because containers often forbid it. */
export const canCount = (): boolean => {
  if (spawnSync("strace", ["-f", "-c", "--summary-columns=calls,name", "-o", "/dev/null", "true"]).status === 0)
    return true
  process.stderr.write(
    "not run here: system calls. Install strace 6 or later where processes may be traced: apt-get install strace\n"
  )
  return false
}
