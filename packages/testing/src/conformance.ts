/**
 * Requirements for every driver, as tests: exchange, the laws of reading, refusals, and isolation of faults.
 *
 * @since 0.1.0
 */
import type { DatagramUnsupportedError } from "@ancillary/effect3"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { describe } from "@effect/vitest"
import type { Effect } from "effect"
import { bench } from "./internal/bench.ts"
import { connecting } from "./internal/connecting.ts"
import { durations } from "./internal/durations.ts"
import { events } from "./internal/events.ts"
import { exchange } from "./internal/exchange.ts"
import { faults } from "./internal/faults.ts"
import { handed } from "./internal/handed.ts"
import { headers } from "./internal/headers.ts"
import { interruptions } from "./internal/interruptions.ts"
import { laws } from "./internal/laws.ts"
import type { PlatformFacts } from "./PlatformFacts.ts"
import { builds } from "./internal/builds.ts"
import { reportedBugs } from "./internal/reportedBugs.ts"
import { messages } from "./internal/messages.ts"
import { lent } from "./internal/lent.ts"
import { memberships } from "./internal/memberships.ts"
import { openings } from "./internal/openings.ts"
import { options } from "./internal/options.ts"
import { waysToRead } from "./internal/waysToRead.ts"
import { payloads } from "./internal/payloads.ts"
import { peeks } from "./internal/peeks.ts"
import { probe } from "./internal/probe.ts"
import { readInside } from "./internal/readInside.ts"
import { readings } from "./internal/reading.ts"
import { reentered } from "./internal/reentered.ts"
import { refusals } from "./internal/refusals.ts"
import { replies } from "./internal/replies.ts"
import { resumed } from "./internal/resumed.ts"
import { segments } from "./internal/segments.ts"
import { sendings } from "./internal/sendings.ts"
import { servers } from "./internal/servers.ts"
import { shortages } from "./internal/shortages.ts"
import { together } from "./internal/together.ts"
import { eventLoop } from "./internal/eventLoop.ts"
import { unix } from "./internal/unix.ts"
import { zones } from "./internal/zones.ts"
import { verdicts } from "./internal/verdicts.ts"

export { linux, type PlatformFacts, wine } from "./PlatformFacts.ts"

/** Cases that run with every method of reading, and must give equal results. */
const perReading = {
  exchange,
  messages,
  headers,
  unix,
  payloads,
  sendings,
  segments,
  reportedBugs,
  builds,
  faults,
  events
}

/** Cases about the methods of reading, or that read only to verify that a socket still works. */
const once = {
  laws,
  interruptions,
  resumed,
  waysToRead,
  peeks,
  eventLoop,
  verdicts,
  servers,
  together,
  shortages,
  durations,
  lent,
  readInside,
  refusals,
  openings,
  zones,
  connecting,
  handed,
  reentered,
  options,
  memberships,
  replies,
  probe
}

/**
 * The name of a part of the suite.
 *
 * @category models
 * @since 0.1.0
 */
export type Part = keyof typeof perReading | keyof typeof once

const partsOf = <Names extends Part, A>(parts: { readonly [name in Names]: A }): ReadonlyArray<readonly [Names, A]> =>
  Object.entries<A>(parts).map(([name, part]) => [name as Names, part] as const)

/**
 * Registers the suite for a driver with vitest. `facts` has the expectations that differ by platform. `isWanted` may leave parts out.
 *
 * @example
 * ```ts
 * import { LinuxSockets } from "@ancillary/effect3/node"
 * import { conformance, linux } from "@ancillary/testing/conformance"
 *
 * conformance(linux, LinuxSockets.driver({ guarded: true }))
 * ```
 * @category suites
 * @since 0.1.0
 */
export const conformance = (
  facts: PlatformFacts,
  driver: Effect.Effect<Driver, DatagramUnsupportedError>,
  isWanted: (part: Part) => boolean = () => true
): void => {
  describe(facts.name, () => {
    const one = bench(facts, driver)
    for (const reading of readings) {
      describe(reading.path, () => {
        for (const [name, register] of partsOf(perReading)) if (isWanted(name)) register({ ...one, ...reading })
      })
    }
    for (const [name, register] of partsOf(once)) if (isWanted(name)) register(one)
  })
}
