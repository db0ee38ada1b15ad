/** Runs the handlers of a server, and counts their results. No result of a handler ends the server. */
import type { Endpoint, Family } from "@ancillary/control"
import type { Room } from "@ancillary/engine/server"
import { FailureKinds, type ReceivedDatagram, retainDescriptors, type Served } from "@ancillary/engine/socket"
import { print, quietly } from "./printing.ts"
import type { ServedSocket } from "./servedSocket.ts"
import type { Checked } from "./serveOptions.ts"
import type { Stopping } from "./stopping.ts"
import { Deadline, TimeLimit } from "./timeLimit.ts"

/** A handler that has begun. */
interface Begun {
  readonly counts: Served
  readonly from: Endpoint<Family>
  /** Absent unless the times of handlers are recorded. */
  readonly at: number | undefined
  /** Gives up the descriptors of its datagram. */
  readonly release: (() => void) | undefined
}

export class Handling {
  readonly #options: Checked
  readonly #room: Room
  readonly #stopping: () => Stopping
  readonly #kinds = new FailureKinds()
  /** Aborts when the server does not wait for its handlers any longer. */
  readonly #late = new AbortController()
  readonly #drops: boolean
  readonly #limit: TimeLimit | undefined

  constructor(options: Checked, room: Room, stopping: () => Stopping) {
    this.#options = options
    this.#room = room
    this.#stopping = stopping
    this.#drops = options.overflow === "drop"
    this.#limit = options.timeLimit === Infinity ? undefined : new TimeLimit(options.timeLimit)
  }

  /** Aborts the handlers that are pending. */
  abort(): void {
    this.#late.abort()
    this.#limit?.abortAll()
  }

  /** Ends the wait for late handlers. */
  end(): void {
    this.#limit?.close()
  }

  readonly handle = (datagram: ReceivedDatagram, { core, given }: ServedSocket): void => {
    const counts = core.served
    if (this.#drops && this.#room.isFull) {
      counts.overflow++
      return
    }
    counts.started++
    const { from } = datagram
    const begun: Begun = {
      counts,
      from,
      at: counts.times === undefined ? undefined : performance.now(),
      // The next read would close the descriptors of the datagram.
      release: core.plan.family === "unix" ? retainDescriptors(datagram.control) : undefined
    }
    const deadline = this.#limit === undefined ? undefined : new Deadline()
    let returned: unknown
    try {
      returned = this.#options.handler(datagram, given, deadline?.signal ?? this.#late.signal)
    } catch (error) {
      return this.#failed(error, begun)
    }
    if ((typeof returned !== "object" || returned === null) && typeof returned !== "function") {
      return this.#succeeded(begun)
    }
    this.#wait(returned, begun, deadline)
  }

  /** Waits for the promise of a handler, or for its time limit. */
  #wait(returned: unknown, begun: Begun, deadline: Deadline | undefined): void {
    const stopping = this.#stopping()
    this.#room.take()
    stopping.begin()
    let isOver = false
    const end = () => {
      if (deadline !== undefined) this.#limit?.end(deadline)
      if (isOver) return
      isOver = true
      stopping.done()
      this.#room.release()
    }
    if (deadline !== undefined) {
      deadline.onLate = () => {
        this.#timedOut(begun)
        end()
      }
      this.#limit?.begin(deadline)
    }
    // A value that is not a promise resolves with itself. One whose `then` throws rejects.
    void new Promise((resolve) => resolve(returned))
      .then(
        () => (isOver ? begun.release?.() : this.#succeeded(begun)),
        (error: unknown) => (isOver ? begun.release?.() : this.#failed(error, begun))
      )
      .then(end)
  }

  /** Counts a handler whose time is over. Its result is ignored from now on. */
  #timedOut({ at, counts, from }: Begun): void {
    counts.timedOut++
    record(counts, at)
    const { onError, timeLimit } = this.#options
    const error = new HandlerTimeout(
      `The handler took longer than timeLimit, ${timeLimit} ms. End it when its signal aborts.`
    )
    if (onError !== undefined) quietly(() => onError(error, from))
    else if (this.#kinds.isNew(error))
      print(
        `The handler of a datagram from ${String(from)} took longer than timeLimit. Others are counted by stats().handlers.timedOut and not printed`
      )
  }

  #succeeded({ at, counts, release }: Begun): void {
    counts.succeeded++
    record(counts, at)
    release?.()
  }

  #failed(error: unknown, { at, counts, from, release }: Begun): void {
    release?.()
    record(counts, at)
    if (this.#late.signal.aborted) {
      counts.interrupted++
      return
    }
    counts.failed++
    const { onError } = this.#options
    if (onError !== undefined) quietly(() => onError(error, from))
    else if (this.#kinds.isNew(error))
      print(
        `The handler of a datagram from ${String(from)} failed. Others that fail in this way are counted by stats().handlers.failed and not printed`,
        error
      )
  }
}

/** Records the time of a handler, if its program requests it. */
const record = (counts: Served, at: number | undefined): void => {
  if (at !== undefined) counts.times?.add((performance.now() - at) / 1000)
}

class HandlerTimeout extends Error {
  override readonly name = "TimeoutError"
}
