/**
 * Tools for tests: a network in memory, and a driver that changes the results of the real one. The suite that every driver passes is in
 * `@ancillary/testing/conformance`.
 *
 * @since 0.1.0
 */
export * as FaultyDriver from "./FaultyDriver.ts"
export * as Network from "./Network.ts"
export * as NetworkRun from "./NetworkRun.ts"
