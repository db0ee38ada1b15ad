import type { Driver } from "@ancillary/engine/driver/Driver"
import { DatagramSockets, type DatagramUnsupportedError } from "@ancillary/effect3"
import { Effect, Either, type Layer, Option } from "effect"
import * as FaultyDriver from "../FaultyDriver.ts"
import type { PlatformFacts } from "../PlatformFacts.ts"
import { type Reading, readings } from "./reading.ts"

/** Parameters of every part of the suite: a driver, the facts about its platform, layers, and a way to read. */
export interface Bench extends Reading {
  readonly facts: PlatformFacts
  readonly driver: Effect.Effect<Driver, DatagramUnsupportedError>
  readonly layer: Layer.Layer<DatagramSockets, DatagramUnsupportedError>
  /** The driver with hooks around it. */
  readonly over: (hooks: FaultyDriver.Hooks) => Layer.Layer<DatagramSockets, DatagramUnsupportedError>
}

export const bench = (facts: PlatformFacts, driver: Bench["driver"]): Bench => {
  // All tests use one driver, as in a program, because its arenas are shared.
  const shared = Effect.runSync(Effect.cached(driver))
  return {
    ...readings[0],
    facts,
    driver: shared,
    layer: DatagramSockets.layer(shared, []),
    over: (hooks) =>
      DatagramSockets.layer(
        Effect.map(shared, (driver) => FaultyDriver.wrap(driver, hooks)),
        []
      )
  }
}

export const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))
/** The error of a result that failed. */
export const failureOf = <A, E>(result: Either.Either<A, E>): E | undefined =>
  Option.getOrUndefined(Either.getLeft(result))

/** The value of a result that succeeded. */
export const successOf = <A, E>(result: Either.Either<A, E>): A | undefined =>
  Option.getOrUndefined(Either.getRight(result))

export const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
