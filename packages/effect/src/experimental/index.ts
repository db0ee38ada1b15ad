/**
 * Parts that rest on experimental modules of Effect. A minor version may change them, as it may change those.
 *
 * @experimental
 * @since 0.1.0
 */
export * as DatagramSocket from "./DatagramSocket.ts"
