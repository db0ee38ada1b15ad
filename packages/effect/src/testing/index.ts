/**
 * The network in memory of `@ancillary/testing` for programs of Effect 4: its layers, and Effect's clock as its time.
 *
 * @since 0.1.0
 */
export * as NetworkSockets from "./NetworkSockets.ts"
