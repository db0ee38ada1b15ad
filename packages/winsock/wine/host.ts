/**
 * Runs test files with vitest's own runner inside the Windows Node, and writes one JSON line as each test starts and ends.
 *
 * A file and not stdout: tests print too, and what was written before a crash is still there.
 */
import { it } from "@effect/vitest"
import { startTests, type Task, type VitestRunner } from "@vitest/runner"
import { getFullName, getSuites, getTests } from "@vitest/runner/utils"
import { appendFileSync } from "node:fs"
// By its path: a package that knows the drivers is not one that they know.
import { start } from "../../testing/catalogue/session.ts"
import { expect } from "./vitest-shim.ts"

type Line =
  | { readonly started: string }
  /** `rows`: what the test saw Winsock do, as the catalogue names it. */
  | { readonly name: string; readonly ok: boolean; readonly rows?: ReadonlyArray<string>; readonly error?: string }
  | { readonly done: true }

// Wine: control data that is sent is not looked at, which the conformance suite asserts.
const take = start({ looks: false })

/** `layer` of @effect/vitest replaces methods of `it`. Vitest gives each file its own `it`; here the next file needs the first ones again. */
const methods = { ...it }

const errorsOf = (task: Task): string =>
  (task.result?.errors ?? [])
    .map(({ message, stack = "", diff }) =>
      // The stack of a timeout is that of the line that declared the test, and lacks the message.
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
      // A test that does not run on Windows says so by the layer's feature list; a skip would look like a proof.
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
      // Wine: the first call into a DLL may take a second.
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
  // The runner's own timers do not hold the process: without this, a test that waits for nothing would end it.
  setInterval(() => {}, 60_000)
  const ran = await startTests(
    Object.keys(files).map((name) => `/${name}`),
    runner
  )
  // What the runner passed over in silence: tests that did not run, suites and files whose own code failed.
  getTests(ran).forEach(settle)
  getSuites(ran)
    .filter((suite) => suite.result?.errors?.length)
    .forEach(settle)
  write({ done: true })
  // A handle that a test forgot would hold the process, as it would not under vitest.
  process.exit([...settled].every((task) => task.result?.state === "pass") ? 0 : 1)
}
