/**
 * `createSocket` as `node:dgram` has it, on Ancillary's engine.
 *
 * @since 0.1.0
 */
import type { Type } from "./addresses.ts"
import type { RemoteInfo } from "./remoteInfo.ts"
import { Socket, type SocketOptions } from "./Socket.ts"

export type { AddressInfo, Type } from "./addresses.ts"
export type { BindOptions } from "./binding.ts"
export type { Lookup, LookupCallback } from "./lookup.ts"
export { type Ecn, RemoteInfo } from "./remoteInfo.ts"
export type { Message, Payload, SendOptions } from "./sendArguments.ts"
export type { SendCallback, SendControl } from "./sending.ts"
export { Socket, type SocketOptions } from "./Socket.ts"
export type { Stats } from "./stats.ts"

/**
 * Makes a socket. It is bound by `bind`, `connect` or the first `send`.
 *
 * @throws ERR_SOCKET_BAD_TYPE if the type is neither `udp4` nor `udp6`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const createSocket = (
  options: Type | SocketOptions,
  listener?: (data: Buffer, info: RemoteInfo) => void
): Socket => new Socket(options, listener)
