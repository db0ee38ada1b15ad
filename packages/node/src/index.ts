/**
 * Datagram sockets for Node on every platform it runs on.
 *
 * @since 0.1.0
 */
export * as DatagramWorkers from "./DatagramWorkers.ts"
export * as HostName from "./HostName.ts"
export * as NodeSockets from "./NodeSockets.ts"
