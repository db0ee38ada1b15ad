/**
 * For tests: a driver that bends what the real one says. The suite that every driver passes is in `@ancillary/testing/conformance`.
 *
 * @since 0.1.0
 */
export * as FaultyDriver from "./FaultyDriver.ts"
