/**
 * Socket options: the definition of one, and the options of this library, which are made in the same way.
 *
 * A spec sets them before its socket is bound (`withDefaultHopLimit(9)`, `withSocketOption(mine, 1)`). A bound socket sets and gets them
 * with `setOption` and `getOption`.
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
export * from "./option/steering.ts"
