/**
 * `createSocket` as `node:dgram` has it, on Ancillary's engine.
 *
 * @since 0.1.0
 */
import type { Type } from "./addresses.ts"
import { RemoteInfo } from "./remoteInfo.ts"
import { Socket, type SocketOptions } from "./Socket.ts"
import { type UnixRemoteInfo, UnixSocket } from "./UnixSocket.ts"

export type { AddressInfo, Type } from "./addresses.ts"
export type { BindOptions } from "./binding.ts"
export type { Lookup, LookupCallback } from "./lookup.ts"
export { type Ecn, RemoteInfo } from "./remoteInfo.ts"
export type { Message, Payload, SendOptions } from "./sendArguments.ts"
export type { SendCallback, SendControl } from "./sending.ts"
export { Socket, type SocketOptions } from "./Socket.ts"
export type { Stats } from "./stats.ts"
export { type UnixRemoteInfo, UnixSocket } from "./UnixSocket.ts"

/**
 * Makes a socket. It is bound by `bind`, `connect` or the first `send`. With `unix_dgram` it is a socket as the package `unix-dgram` has it.
 *
 * @throws ERR_SOCKET_BAD_TYPE if the type is unknown.
 *
 * @category constructors
 * @since 0.1.0
 */
export const createSocket: {
  (type: "unix_dgram", listener?: (data: Buffer, info: UnixRemoteInfo) => void): UnixSocket
  (options: Type | SocketOptions, listener?: (data: Buffer, info: RemoteInfo) => void): Socket
} = (options: Type | SocketOptions | "unix_dgram", listener?: (data: Buffer, info: never) => void): never => {
  // Each kind of socket has a listener of its own, as the overloads say.
  const own = listener as never
  return (options === "unix_dgram" ? new UnixSocket(own) : new Socket(options, own)) as never
}

/**
 * The values of this module, for programs that write `import dgram from "node:dgram"`.
 *
 * @category constructors
 * @since 0.1.0
 */
export default { createSocket, Socket, UnixSocket, RemoteInfo }
