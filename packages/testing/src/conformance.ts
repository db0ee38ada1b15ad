/**
 * What every driver must do, as tests: what is exchanged, the laws of reading, the refusals, what a fault of one datagram may not disturb.
 *
 * @since 0.1.0
 */
import type { DatagramUnsupportedError } from "@ancillary/socket"
import type { Driver } from "@ancillary/socket/Driver"
import { describe } from "@effect/vitest"
import type { Effect } from "effect"
import { bench } from "./conformance/bench.ts"
import { exchange } from "./conformance/exchange.ts"
import { faults } from "./conformance/faults.ts"
import { laws } from "./conformance/laws.ts"
import type { PlatformFacts } from "./conformance/platform.ts"
import { refusals } from "./conformance/refusals.ts"

export { linux, type PlatformFacts, wine } from "./conformance/platform.ts"

/**
 * Registers the suite for a driver, with vitest. Expectations that differ by platform come from `facts`.
 *
 * @example
 * ```ts
 * import { LinuxSockets } from "@ancillary/posix"
 * import { conformance, linux } from "@ancillary/testing/conformance"
 *
 * conformance(linux, LinuxSockets.driver({ guarded: true }))
 * ```
 *
 * @category suites
 * @since 0.1.0
 */
export const conformance = (facts: PlatformFacts, driver: Effect.Effect<Driver, DatagramUnsupportedError>): void => {
  describe(facts.name, () => {
    const all = bench(facts, driver)
    exchange(all)
    laws(all)
    refusals(all)
    faults(all)
  })
}
