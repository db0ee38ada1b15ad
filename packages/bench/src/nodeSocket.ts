/**
 * A socket of `node:dgram` as its best users make one. Its `lookup` returns a literal unchanged, which saves a call of the resolver for each
 * sent datagram.
 */
import * as node from "node:dgram"
import type { Socket } from "node:dgram"

/** Requested by every reader, those of other languages too. A kernel grants twice this much without further set-up. */
export const receiveBuffer = 212_992

type Lookup = (name: string, family: unknown, done: (error: null, address: string, family: number) => void) => void

const literal: Lookup = (name, _family, done) => {
  done(null, name, 4)
}

/** `node:dgram`, or a module that replaces it. */
export type Face = Pick<typeof node, "createSocket">

export const nodeSocket = ({ createSocket }: Face = node): Socket => createSocket({ type: "udp4", lookup: literal })

/** Binds to a free port of the loopback address. */
export const bindNode = (socket: Socket): Promise<Socket> =>
  new Promise((resolve, reject) => {
    socket.once("error", reject)
    socket.bind(0, "127.0.0.1", () => {
      socket.off("error", reject)
      resolve(socket)
    })
  })
