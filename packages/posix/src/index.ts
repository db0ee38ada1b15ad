/**
 * Datagram sockets on libc: Linux and macOS.
 *
 * @since 0.1.0
 */
export * as DarwinSockets from "./DarwinSockets.ts"
export * as LinuxSockets from "./LinuxSockets.ts"
