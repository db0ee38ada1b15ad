/**
 * Datagram sockets for Node on every platform it runs on. The workers are in `@ancillary/node/DatagramWorkers`, because they load
 * `@effect/platform`, which nothing else here needs.
 *
 * @since 0.1.0
 */
export * as HostName from "./HostName.ts"
export * as NodeSockets from "./NodeSockets.ts"
