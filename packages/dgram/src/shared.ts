/** A socket of the cluster's primary, which its workers share. */
import cluster from "node:cluster"
import type { EventEmitter } from "node:events"
import { constants } from "node:os"
import { getSystemErrorName } from "node:util"
import type { Foreign } from "./handle.ts"
import type { Type } from "./addresses.ts"

/** libuv's flags of `uv_udp_bind`. uv.h */
const [UV_UDP_IPV6ONLY, UV_UDP_REUSEADDR] = [1, constants.UV_UDP_REUSEADDR]

interface Request {
  readonly address: string | null
  readonly port: number | null
  readonly fd: number
  readonly addressType: Type
  readonly ipv6Only: boolean
  readonly reuseAddr: boolean
}

/** The handle that Node passes to a worker. */
interface SharedHandle {
  readonly fd: number
  /** Closed when the cluster disconnects. */
  owner: EventEmitter
  readonly close: () => void
}

/** The interface that Node's own modules and this one call. It is not documented, and is equal from Node 0.12 to 26. */
interface Worker {
  readonly _getServer?: (
    socket: EventEmitter,
    options: object,
    callback: (error: number, handle: SharedHandle | null) => void
  ) => void
}

/** Asks the primary for a socket. Calls back with the code of an error, or with the descriptor. */
export const fromPrimary = (
  socket: EventEmitter,
  { ipv6Only, reuseAddr, ...request }: Request,
  callback: (code: string, handle: Foreign | undefined) => void
): void => {
  const { _getServer: ask } = cluster as Worker
  if (ask === undefined) return callback("ENOTSUP", undefined)
  const flags = (reuseAddr ? UV_UDP_REUSEADDR : 0) | (ipv6Only ? UV_UDP_IPV6ONLY : 0)
  ask(socket, { ...request, flags: request.fd > 0 ? null : flags }, (error, handle) => {
    if (error || handle === null) return callback(getSystemErrorName(error), undefined)
    handle.owner = socket
    callback("", { descriptor: handle.fd, release: () => handle.close() })
  })
}
