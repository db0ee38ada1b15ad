/**
 * Sockets, host names, servers in several processes, and the `WSAMSG` structure on Node, as layers and effects.
 *
 * @since 0.1.0
 */
export * as DarwinSockets from "./DarwinSockets.ts"
export * as DatagramWorkers from "./DatagramWorkers.ts"
export * as HandOver from "./HandOver.ts"
export * as HostName from "./HostName.ts"
export * as LinuxSockets from "./LinuxSockets.ts"
export * as NodeSockets from "./NodeSockets.ts"
export * as WinsockSockets from "./WinsockSockets.ts"
export { WsaError } from "./WsaError.ts"
export * as WsaMsg from "./WsaMsg.ts"
export * as WsaSocket from "./WsaSocket.ts"
