/**
 * `vitest` for test files that run where vitest cannot: the same `describe`, `it`, hooks and matchers, out of the packages
 * that vitest itself is made of, without Vite.
 *
 * Missing features fail: `vi` when the bundle is made, snapshots and `expect.poll` when they are called.
 */
import {
  addCustomEqualityTesters,
  ASYMMETRIC_MATCHERS_OBJECT,
  customMatchers,
  getState,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  type MatchersObject,
  type MatcherState,
  setState
} from "@vitest/expect"
import { getCurrentTest } from "@vitest/runner"
import * as chai from "chai"
import type { ExpectStatic } from "vitest"

export {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
  onTestFailed,
  onTestFinished,
  suite,
  test
} from "@vitest/runner"
export { assert, should } from "chai"
export { expectTypeOf } from "expect-type"
export { chai }

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)

/** The method that `JestExtend` adds to chai's `expect`, which has no type for it. */
const extensible = chai.expect as unknown as { extend(expect: ExpectStatic, matchers: MatchersObject): void }

const assertThat = (value: unknown, message?: string): Chai.Assertion => {
  setState({ assertionCalls: getState(expect).assertionCalls + 1 }, expect)
  const assertion = chai.expect(value, message)
  const running = getCurrentTest()
  // The test awaits a `rejects` that its code did not await.
  if (running !== undefined) chai.util.flag(assertion, "vitest-test", running)
  return assertion
}

export const expect = Object.assign(
  assertThat,
  chai.expect,
  (globalThis as unknown as Record<symbol, object>)[ASYMMETRIC_MATCHERS_OBJECT],
  {
    getState: () => getState(expect),
    setState: (state: Partial<MatcherState>) => setState(state, expect),
    extend: (matchers: MatchersObject) => extensible.extend(expect, matchers),
    addEqualityTesters: addCustomEqualityTesters
  }
) as unknown as ExpectStatic

setState({ assertionCalls: 0 }, expect)
// The matchers read their state here.
Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect })
expect.extend(customMatchers)

/** No global set-up runs here, so nothing was provided. Vitest returns undefined then, too. */
export const inject = (_key: string): undefined => undefined
