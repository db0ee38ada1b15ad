/**
 * Datagram sockets on Winsock, and the `WSAMSG` structure itself as a resource.
 *
 * @since 0.1.0
 */
export * as WinsockSockets from "./WinsockSockets.ts"
export { isWsaFault, type WsaFault } from "./WsaFault.ts"
export * as WsaMsg from "./WsaMsg.ts"
export * as WsaSocket from "./WsaSocket.ts"
