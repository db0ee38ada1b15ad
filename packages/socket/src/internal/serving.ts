/** A server over one or several sockets, which share their handlers. */
import type { ControlMessage, Family } from "@ancillary/control"
import { Room } from "@ancillary/engine/server"
import type { LoopEnd, OpenSocket } from "@ancillary/engine/socket"
import { errorOf } from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import type { DatagramServer, DatagramServers } from "../ServerTypes.ts"
import { Handling } from "./handling.ts"
import { ServedSocket } from "./servedSocket.ts"
import type { Checked } from "./serveOptions.ts"
import { Stopping } from "./stopping.ts"

/** A socket to serve, and the one that handlers get. */
export interface Given {
  readonly core: OpenSocket
  readonly socket: unknown
}

export class Serving {
  readonly #sockets: ReadonlyArray<ServedSocket>
  readonly #stopping: Stopping
  /** Number of sockets that are read. */
  #reading: number

  /** With `isOwned` the server closes the sockets. */
  constructor(given: ReadonlyArray<Given>, options: Checked, isOwned: boolean) {
    const room = new Room(options.concurrency, options.overflow === "wait")
    const handling = new Handling(options, room, () => this.#stopping)
    const server = { room, limits: options.limits, take: handling.handle, onEnd: (end: LoopEnd) => this.#end(end) }
    this.#sockets = given.map(({ core, socket }) => new ServedSocket(core, socket, isOwned, server))
    this.#reading = given.length
    this.#stopping = new Stopping({
      shutdown: options.shutdown,
      signal: options.signal,
      work: "handlers",
      stop: () => this.#sockets.forEach((socket) => socket.stop()),
      abort: () => handling.abort(),
      end: () => {
        handling.end()
        for (const socket of this.#sockets) socket.end()
      }
    })
    for (const socket of this.#sockets) socket.begin()
  }

  /** The server of one socket. */
  server<F extends Family, D extends ControlMessage.Any>(socket: DatagramSocket<F, D>): DatagramServer<F, D> {
    return serverOf(socket, this.#stopping)
  }

  /** The server of several sockets. */
  servers<F extends Family, D extends ControlMessage.Any>(
    sockets: ReadonlyArray<DatagramSocket<F, D>>
  ): DatagramServers<F, D> {
    const { close, finished } = this.#stopping
    return { sockets, finished, close, [Symbol.asyncDispose]: async () => void (await close()) }
  }

  /** Ends the server if a socket cannot be read, or if all are closed. */
  #end(end: LoopEnd): void {
    this.#reading--
    if ("defect" in end) this.#stopping.fail(end.defect)
    else if (end.error.reason !== "Closed") this.#stopping.fail(errorOf(end.error))
    else if (this.#reading === 0) void this.#stopping.close()
  }
}

/** Returns the server of a socket for its program. */
export const serverOf = <F extends Family, D extends ControlMessage.Any>(
  socket: DatagramSocket<F, D>,
  { close, finished }: Stopping
): DatagramServer<F, D> => ({
  socket,
  localAddress: socket.localAddress,
  stats: () => socket.stats(),
  finished,
  close,
  [Symbol.asyncDispose]: async () => void (await close())
})
