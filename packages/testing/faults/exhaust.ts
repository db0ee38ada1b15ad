/**
 * Every call of a program's driver fails once, in every way that the call can fail. `npm run faults` runs all of it. The
 * tests of each face run a fourth, another one for each program.
 */
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { attempt, type Face } from "./attempt.ts"
import { errorsOf } from "./errors.ts"
import type { CallName, Verdict } from "./injected.ts"

const partial: { readonly [name in CallName]?: ReadonlyArray<Verdict> } = {
  receive: ["short", "nothing"],
  receiveErrors: ["short", "nothing"],
  send: ["short", "nothing"]
}

const shown = (verdict: Verdict | "stop"): string => (typeof verdict === "object" ? verdict.code : String(verdict))

const isWhole = process.env["ANCILLARY_FAULTS"] === "all"
/** Without `isWhole` one run of so many is made. */
const stride = 4

/** Registers the tests of a face: one for each program. */
export const faults = (face: Face): void => {
  describe("one failed call", () => {
    it.each(Object.entries(face.programs).map(([name, program], index) => [name, program, index] as const))(
      "%s goes on, or ends with a typed error",
      { timeout: 600_000 },
      async (_, program, index) => {
        // Servers print that they stopped reading.
        const print = vi.spyOn(console, "error").mockImplementation(() => undefined)
        onTestFinished(() => print.mockRestore())
        const { calls, problems } = await attempt(face, program)
        expect(problems).toEqual([])
        expect(calls.length).toBeGreaterThan(4)
        const found: Array<string> = []
        let [runs, drawn] = [0, index]
        // Calls after a fault may differ, so positions are those of the run without one.
        for (const [at, name] of calls.entries())
          for (const verdict of [...errorsOf(name), ...(partial[name] ?? []), "throw", "stop"] as const) {
            if (!isWhole && drawn++ % stride !== 0) continue
            runs++
            const { problems } = await attempt(face, program, at, verdict)
            for (const problem of problems) found.push(`call ${at}, ${name}, ${shown(verdict)}: ${problem}`)
          }
        console.log(`${runs} runs, ${calls.length} calls: ${calls.join(" ")}`)
        expect(found).toEqual([])
      }
    )
  })
}
