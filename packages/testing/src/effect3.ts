/**
 * The network in memory for programs of Effect 3: its layers, and Effect's clock as its time.
 *
 * @since 0.1.0
 */
export * as NetworkSockets from "./NetworkSockets.ts"
