/**
 * Picks the driver of the current system, and looks host names up. The faces build their layers and functions on it.
 *
 * @since 0.1.0
 */
export { type HostNameFault, resolveHost } from "./resolveHost.ts"
export { systemDriver } from "./systemDriver.ts"
