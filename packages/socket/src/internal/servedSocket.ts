/** One socket of a server: its loop, its limits, and the datagrams that are passed on. */
import { addServedPort, type Guard, type Limits, type Room } from "@ancillary/engine/server"
import { isItself, type Loop, type LoopEnd, type OpenSocket, type ReceivedDatagram } from "@ancillary/engine/socket"

/** The parts of a server that its sockets use. */
export interface Server {
  readonly room: Room
  readonly limits: Limits
  /** Gets each datagram that the limits permit. */
  readonly take: (datagram: ReceivedDatagram, socket: ServedSocket) => void
  /** Called once if reading ends by itself. */
  readonly onEnd: (end: LoopEnd, socket: ServedSocket) => void
}

export class ServedSocket {
  readonly core: OpenSocket
  /** The socket that handlers get. */
  readonly given: unknown
  /** True if the server closes the socket. */
  readonly #isOwned: boolean
  readonly #server: Server
  readonly #guard: Guard | undefined
  readonly #unserved: (() => void) | undefined
  readonly #loop: Loop
  #leave: () => void = () => {}

  constructor(core: OpenSocket, given: unknown, isOwned: boolean, server: Server) {
    this.core = core
    this.given = given
    this.#isOwned = isOwned
    this.#server = server
    const { localAddress } = core
    this.#unserved = localAddress.family === "unix" ? undefined : addServedPort(localAddress.port)
    this.#guard = core.protect(server.limits, () => performance.now())
    this.#loop = server.room.loop(core, {
      f: this.#take,
      onEnd: (end) => {
        server.room.forget(this.#loop)
        server.onEnd(end, this)
      }
    })
  }

  /** Reads from the next turn of the event loop, so that the program has the server before its first handler runs. */
  begin(): void {
    const { core } = this
    let isOver = false
    const first = () => {
      isOver = true
      this.#leave = () => this.#loop.cancel()
      this.#loop.begin()
    }
    const pause = core.takePause()
    // The event loop does not report unread datagrams.
    const leave = pause > 0 || core.hasUnread ? core.afterPause(pause, first) : core.onReadable(first)
    if (!isOver) this.#leave = leave
  }

  /** Stops reading. The rest of the last batch goes to the next reader. */
  stop(): void {
    this.#leave()
    this.#server.room.forget(this.#loop)
  }

  /** Ends the limits, and closes an own socket. */
  end(): void {
    this.#unserved?.()
    if (this.#guard !== undefined) this.core.unprotect(this.#guard)
    if (this.#isOwned) this.core.close()
  }

  readonly #take = (datagram: ReceivedDatagram): void => {
    const { core } = this
    if (isItself(core, core.localAddress, datagram.from) && !isToMany(datagram)) {
      core.served.skippedItself++
      return
    }
    if (this.#guard !== undefined && !this.#guard.receives(datagram.from, datagram.data)) return
    this.#server.take(datagram, this)
  }
}

/**
 * The socket itself receives datagrams that it sent to a group, and so does another program with its port. A reply is delivered to only one
 * of them.
 */
const isToMany = ({ delivery }: ReceivedDatagram): boolean => delivery === "multicast" || delivery === "broadcast"
