/** A server over one or several sockets, which share their handlers. */
import type { ControlMessage, Family } from "@ancillary/control"
import { Room } from "@ancillary/engine/server"
import { closeAll, type LoopEnd, type OpenSocket } from "@ancillary/engine/socket"
import { errorOf } from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import type { DatagramServer, DatagramServers } from "../ServerTypes.ts"
import { Handling } from "./handling.ts"
import { ServedSocket, type Server } from "./servedSocket.ts"
import type { Checked } from "./serveOptions.ts"
import { Stopping } from "./stopping.ts"

/** A socket to serve, and the one that handlers get. */
export interface Given {
  readonly core: OpenSocket
  readonly socket: unknown
}

/** The treatment of a socket whose reading ends by itself. Returns true if the server goes on without it. */
export type GoesOn = (socket: ServedSocket, end: LoopEnd) => boolean

export class Serving {
  readonly stopping: Stopping
  readonly #sockets = new Set<ServedSocket>()
  /** Sockets that are read. */
  readonly #reading = new Set<ServedSocket>()
  readonly #isOwned: boolean
  readonly #server: Server
  readonly #goesOn: GoesOn

  /** With `isOwned` the server closes the sockets. `onStop` is called when the server begins to stop. */
  constructor(
    options: Checked,
    isOwned: boolean,
    { goesOn = () => false, onStop }: { readonly goesOn?: GoesOn; readonly onStop?: () => void } = {}
  ) {
    const room = new Room(options.concurrency, options.overflow === "wait")
    const handling = new Handling(options, room, () => this.stopping)
    this.#isOwned = isOwned
    this.#goesOn = goesOn
    this.#server = {
      room,
      limits: options.limits,
      take: handling.handle,
      onEnd: (end, socket) => this.#end(end, socket)
    }
    this.stopping = new Stopping({
      shutdown: options.shutdown,
      signal: options.signal,
      work: "handlers",
      stop: () => {
        onStop?.()
        for (const socket of this.#sockets) socket.stop()
      },
      abort: () => handling.abort(),
      end: () => {
        handling.end()
        closeAll(Array.from(this.#sockets, (socket) => () => socket.end()))
      }
    })
  }

  /** Adds sockets and reads them. */
  serve(given: ReadonlyArray<Given>): this {
    const added = given.map(({ core, socket }) => new ServedSocket(core, socket, this.#isOwned, this.#server))
    for (const socket of added) {
      this.#sockets.add(socket)
      this.#reading.add(socket)
    }
    for (const socket of added) socket.begin()
    return this
  }

  /** Stops reading a socket, and closes an own one. Its handlers go on. */
  remove(core: OpenSocket): void {
    for (const socket of this.#sockets)
      if (socket.core === core) {
        this.#sockets.delete(socket)
        this.#reading.delete(socket)
        socket.stop()
        socket.end()
      }
  }

  /** The server of one socket. */
  server<F extends Family, D extends ControlMessage.Any>(socket: DatagramSocket<F, D>): DatagramServer<F, D> {
    return serverOf(socket, this.stopping)
  }

  /** The server of several sockets. */
  servers<F extends Family, D extends ControlMessage.Any>(
    sockets: ReadonlyArray<DatagramSocket<F, D>>
  ): DatagramServers<F, D> {
    return { sockets, ...endsOf(this.stopping) }
  }

  /** Ends the server if a socket cannot be read, or if all are closed. */
  #end(end: LoopEnd, socket: ServedSocket): void {
    this.#reading.delete(socket)
    if ("defect" in end) this.stopping.fail(end.defect)
    else if (this.#goesOn(socket, end)) return
    else if (end.error.reason !== "Closed") this.stopping.fail(errorOf(end.error))
    else if (this.#reading.size === 0) void this.stopping.close()
  }
}

/** Returns the members of every server that end it. */
export const endsOf = ({
  close,
  finished
}: Stopping): Pick<DatagramServer<Family, never>, "close" | "finished"> & AsyncDisposable => ({
  finished,
  close,
  [Symbol.asyncDispose]: async () => void (await close())
})

/** Returns the server of a socket for its program. */
export const serverOf = <F extends Family, D extends ControlMessage.Any>(
  socket: DatagramSocket<F, D>,
  stopping: Stopping
): DatagramServer<F, D> => ({
  socket,
  localAddress: socket.localAddress,
  stats: () => socket.stats(),
  ...endsOf(stopping)
})
