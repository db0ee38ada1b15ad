/**
 * Runs test files with vitest's runner inside the Windows Node, and writes one JSON line when each test starts and ends.
 *
 * A file and not stdout, because tests also print, and lines written before a crash are kept.
 */
import { it } from "@effect/vitest"
import { startTests, type Task, type VitestRunner } from "@vitest/runner"
import { getFullName, getSuites, getTests } from "@vitest/runner/utils"
import { appendFileSync } from "node:fs"
// By its path, because a driver's package must not depend on a package that imports the drivers.
import { start } from "../../testing/catalogue/session.ts"
import { expect } from "./vitest-shim.ts"

/** The module makes `toEqual` compare bytes as a whole, as the setup file does elsewhere. */
export { areEqualBytes } from "../../testing/equalBytes.ts"

type Line =
  | { readonly started: string }
  /** `rows`: the rows of the catalogue that the test proved on Winsock. */
  | { readonly name: string; readonly ok: boolean; readonly rows?: ReadonlyArray<string>; readonly error?: string }
  | { readonly done: true }

// Wine ignores sent control data, which the conformance suite asserts.
const take = start({ looks: false })

/** `layer` of @effect/vitest replaces methods of `it`. Vitest gives each file its own `it`; here the next file needs the first ones again. */
const methods = { ...it }

const errorsOf = (task: Task): string =>
  (task.result?.errors ?? [])
    .map(({ message, stack = "", diff }) =>
      // The stack of a timeout has the line of the test, and lacks the message.
      [stack.includes(message) ? undefined : message, stack, diff].filter(Boolean).join("\n")
    )
    .join("\n\n")

const outcome = (task: Task): Line => {
  const name = getFullName(task)
  switch (task.result?.state) {
    case "pass":
      return { name, ok: true, rows: take() }
    case "fail":
      return { name, ok: false, error: errorsOf(task) }
    default:
      // A test that does not apply to Windows must depend on the layer's features, because a skip would look like a proof.
      return { name, ok: false, error: "Did not run: skipped, or its set-up failed" }
  }
}

/** Runs the files (name to module) one after the other and ends the process: 0 when all is well, 1 when a test failed. */
export const runFiles = async (files: Record<string, () => Promise<unknown>>, report: string): Promise<void> => {
  const write = (line: Line) => appendFileSync(report, `${JSON.stringify(line)}\n`)
  const settled = new Set<Task>()
  const settle = (task: Task) => {
    if (!settled.has(task)) write(outcome(task))
    settled.add(task)
  }
  const runner: VitestRunner = {
    config: {
      root: "/",
      setupFiles: [],
      passWithNoTests: false,
      allowOnly: false,
      sequence: { seed: 0, hooks: "stack", setupFiles: "list" },
      maxConcurrency: 5,
      // Wine: the first call of a DLL may take a second.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      retry: 0
    },
    importFile: (path) => {
      Object.assign(it, methods)
      return files[path.slice(1)]?.()
    },
    extendTaskContext: (context) => Object.assign(context, { expect }),
    onBeforeRunTask: (test) => {
      take()
      if (test.mode === "run" || test.mode === "queued") write({ started: getFullName(test) })
    },
    onAfterRunTask: settle
  }
  // The timers of the runner do not keep the process alive. Without this timer, a test that waits for nothing would end it.
  setInterval(() => {}, 60_000)
  const ran = await startTests(
    Object.keys(files).map((name) => `/${name}`),
    runner
  )
  // Failures that the runner does not report: tests that did not run, and suites and files whose own code failed.
  getTests(ran).forEach(settle)
  getSuites(ran)
    .filter((suite) => suite.result?.errors?.length)
    .forEach(settle)
  write({ done: true })
  // A handle that a test did not close would keep the process alive, other than under vitest.
  process.exit([...settled].every((task) => task.result?.state === "pass") ? 0 : 1)
}
