/** The functions of `@effect/vitest` that the conformance suite uses, for effects of Effect 4: each test runs one in a scope. */
import { Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { it as vitest } from "vitest"

export { describe, expect } from "vitest"

type Program = Effect.Effect<unknown, unknown, Scope.Scope>
type Run = (program: Program) => Promise<unknown>

const live: Run = (program) => Effect.runPromise(Effect.scoped(program))
const timed: Run = (program) => live(Effect.provide(program, TestClock.layer()))

const tester = (run: Run) => {
  const register = (name: string, program: () => Program) => vitest(name, async () => void (await run(program())))
  return Object.assign(register, {
    each:
      <A>(cases: ReadonlyArray<A>) =>
      (name: string, program: (given: A) => Program) =>
        vitest.for(cases)(name, async (given) => void (await run(program(given)))),
    runIf: (is: boolean) => (name: string, program: () => Program) =>
      vitest.runIf(is)(name, async () => void (await run(program())))
  })
}

const plain = (name: string, test: () => void) => vitest(name, test)

export const it = Object.assign(plain, { effect: tester(timed), scoped: tester(timed), scopedLive: tester(live) })
