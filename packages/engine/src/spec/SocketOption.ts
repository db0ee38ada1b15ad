/**
 * Socket options: what one is and how to define one's own, and those that come with this library, which are made the same way.
 *
 * A spec sets them before its socket is bound (`withDefaultHopLimit(9)`, `withSocketOption(mine, 1)`); a bound socket sets and gets them by
 * `setOption` and `getOption`.
 *
 * @since 0.1.0
 */
export * from "./option/buffers.ts"
export { define, type Definition, type Row, type SocketOption } from "./option/definition.ts"
export * from "./option/extensionHeaders.ts"
export * from "./option/fragmentation.ts"
export * from "./option/headers.ts"
export * from "./option/interfaces.ts"
export * from "./option/multicast.ts"
export * from "./option/sharing.ts"
