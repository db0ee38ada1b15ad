/** The number of handlers that may run at a time, for all sockets of a server. */
import type { Loop, LoopCalls } from "../receive/loop.ts"

/** A socket that can be read in a loop. */
interface Readable {
  readonly loop: (calls: LoopCalls) => Loop
}

/**
 * Room for handlers. The loops of a server's sockets share it, and take turns when there is room again.
 *
 * @category servers
 * @since 0.1.0
 */
export class Room {
  #free: number
  readonly #waits: boolean
  readonly #loops: Array<Loop> = []
  #next = 0

  /** With `waits` datagrams stay in the kernel while there is no room. Otherwise they are read, and the caller drops them. */
  constructor(most: number, waits: boolean) {
    this.#free = most
    this.#waits = waits
  }

  /** True if as many handlers run as may. */
  get isFull(): boolean {
    return this.#free <= 0
  }

  /** Takes the room of one handler. */
  take(): void {
    this.#free--
  }

  /** Gives the room of a handler back. The loop that reads first is another one each time, so no socket takes all of it. */
  release(): void {
    this.#free++
    const { length } = this.#loops
    if (length === 0) return
    this.#next = (this.#next + 1) % length
    // A copy, because a handler may end the loop of its socket.
    const loops = length === 1 ? this.#loops : [...this.#loops.slice(this.#next), ...this.#loops.slice(0, this.#next)]
    for (const loop of loops) loop.resume()
  }

  /** Makes the loop of a socket. A call requests only as many datagrams as there is room for; the rest stays in the kernel. */
  loop(socket: Readable, calls: Omit<LoopCalls, "room">): Loop {
    const loop = socket.loop({ ...calls, room: this.#waits ? this.#room : undefined })
    this.#loops.push(loop)
    return loop
  }

  /** Forgets a loop that has ended. */
  forget(loop: Loop): void {
    const at = this.#loops.indexOf(loop)
    if (at >= 0) this.#loops.splice(at, 1)
  }

  readonly #room = (): number => Math.max(0, this.#free)
}
