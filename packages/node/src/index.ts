/**
 * Datagram sockets for Node on every platform that has a driver. The workers are in `@ancillary/node/DatagramWorkers`,
 * because they load `@effect/platform`, which the rest of this package does not need.
 *
 * @since 0.1.0
 */
export * as HostName from "./HostName.ts"
export * as NodeSockets from "./NodeSockets.ts"
