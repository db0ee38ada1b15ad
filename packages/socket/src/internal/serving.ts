/** The loop of a server: a datagram for each free slot of a handler. No result of a handler ends the loop. */
import type { ControlMessage, Endpoint, Family } from "@ancillary/control"
import type { DatagramReceiveError as Failure } from "@ancillary/engine/errors/DatagramError"
import { addServedPort, type Guard } from "@ancillary/engine/server"
import {
  type Cancel,
  FailureKinds,
  isItself,
  type OpenSocket,
  type Outcome,
  ReceivedDatagram,
  retainDescriptors
} from "@ancillary/engine/socket"
import { errorOf } from "../DatagramError.ts"
import type { DatagramServer, StopReport } from "../ServerTypes.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import type { Checked } from "./serveOptions.ts"
import { Deadline, TimeLimit } from "./timeLimit.ts"

/** Maximum receive calls in one turn. Calls that only return errors of other datagrams do not use up the turn otherwise. */
const callsPerTurn = 64
/** Minimum time in milliseconds for aborted handlers to end. */
const leave = 5000
/** The longest time that a timer of Node takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

export class Serving {
  readonly #core: OpenSocket
  readonly #options: Checked
  /** The socket that handlers get. */
  readonly #socket: unknown
  /** True if the server closes the socket. */
  readonly #owned: boolean
  readonly #kinds = new FailureKinds()
  /** Aborts when the server does not wait for its handlers any longer. */
  readonly #late = new AbortController()
  readonly #isUnix: boolean
  readonly #drops: boolean
  readonly #limit: TimeLimit | undefined
  readonly #guard: Guard | undefined
  readonly #unserved: (() => void) | undefined
  #running = 0
  /** Cancels the wait for datagrams. */
  #leave: Cancel = () => {}
  #isReading = true
  /** True while all handlers are busy, so no datagram is read. */
  #isPaused = false
  #isTurning = false
  /** Called when the last handler has ended. */
  #onIdle: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined
  #closing: Promise<StopReport> | undefined
  readonly #finished: Promise<void>
  #finish: () => void = () => {}

  constructor(core: OpenSocket, options: Checked, given: { readonly socket: unknown; readonly owned: boolean }) {
    this.#core = core
    this.#options = options
    this.#socket = given.socket
    this.#owned = given.owned
    this.#drops = options.overflow === "drop"
    this.#limit = options.timeLimit === Infinity ? undefined : new TimeLimit(options.timeLimit)
    const { localAddress } = core
    this.#unserved = localAddress.family === "unix" ? undefined : addServedPort(localAddress.port)
    this.#guard = core.protect(options.limits, () => performance.now())
    this.#isUnix = core.plan.family === "unix"
    this.#finished = new Promise((resolve, reject) => {
      this.#finish = () => (this.#failure === undefined ? resolve() : reject(this.#failure.error))
    })
    // Printed already. A program that does not await it has no unhandled rejection.
    this.#finished.catch(() => undefined)
    options.signal?.addEventListener("abort", this.#abort)
    this.#wait()
  }

  server<F extends Family, D extends ControlMessage.Any>(socket: DatagramSocket<F, D>): DatagramServer<F, D> {
    const close = () => this.close()
    return {
      socket,
      localAddress: socket.localAddress,
      stats: () => socket.stats(),
      finished: this.#finished,
      close,
      [Symbol.asyncDispose]: async () => void (await close())
    }
  }

  close(): Promise<StopReport> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  readonly #abort = (): void => void this.close()

  async #close(): Promise<StopReport> {
    this.#isReading = false
    this.#leave()
    this.#options.signal?.removeEventListener("abort", this.#abort)
    const begun = this.#running
    await this.#idle(this.#options.shutdown)
    const late = this.#running
    if (late > 0) {
      this.#late.abort()
      this.#limit?.abortAll()
      await this.#idle(Math.max(this.#options.shutdown, leave))
      if (this.#running > 0) this.#print(`${this.#running} handlers of a server did not end when their signal aborted`)
      else this.#print(`${late} handlers of a server were aborted, because it stopped`)
    }
    this.#limit?.close()
    this.#unserved?.()
    if (this.#guard !== undefined) this.#core.unprotect(this.#guard)
    if (this.#owned) this.#core.close()
    this.#finish()
    return { finished: begun - late, interrupted: late - this.#running, abandoned: this.#running }
  }

  /** Waits until no handler runs, for a number of milliseconds. */
  #idle(milliseconds: number): Promise<void> {
    if (this.#running === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = milliseconds > longestTimer ? undefined : setTimeout(() => this.#onIdle?.(), milliseconds)
      this.#onIdle = () => {
        clearTimeout(timer)
        this.#onIdle = undefined
        resolve()
      }
    })
  }

  /** Waits for the next report of the event loop, or for a pause that is due. The loop does not report unread datagrams. */
  #wait(): void {
    if (!this.#isReading) return
    const pause = this.#core.takePause()
    this.#leave =
      pause > 0 || this.#core.hasUnread ? this.#core.afterPause(pause, this.#turn) : this.#core.onReadable(this.#turn)
  }

  readonly #turn = (closed: boolean): void => {
    if (!this.#isReading) return
    if (closed) return this.#end(undefined)
    this.#isTurning = true
    let failure: Failure | undefined
    try {
      failure = this.#read()
    } catch (defect) {
      // The driver threw. Nothing else learns of it in the event loop's callback.
      return this.#fail(defect)
    } finally {
      this.#isTurning = false
    }
    if (failure !== undefined || this.#core.closed) return this.#end(failure)
    this.#isPaused = !this.#drops && this.#running >= this.#options.concurrency
    if (!this.#isPaused) this.#wait()
  }

  /** Reads while there are datagrams and free slots. Returns the error that ends reading. */
  #read(): Failure | undefined {
    const core = this.#core
    for (let call = 0; call < callsPerTurn && !core.isPauseDue && !core.isTurnSpent; call++) {
      if (!this.#isWanted()) return undefined
      const more = core.receiveEach(this.#deliver, this.#isWanted)
      if (typeof more !== "boolean") return more
      if (!more) return undefined
    }
    return undefined
  }

  readonly #isWanted = (): boolean =>
    this.#isReading && (this.#running < this.#options.concurrency || this.#drops) && !this.#core.closed

  readonly #deliver = (outcome: Outcome): boolean => {
    // A fault is counted and ends with its datagram.
    if (outcome instanceof ReceivedDatagram) this.#handle(outcome)
    return this.#isWanted()
  }

  #handle(datagram: ReceivedDatagram): void {
    const counts = this.#core.served
    if (isItself(this.#core, this.#core.localAddress, datagram.from) && !isToMany(datagram)) {
      counts.skippedItself++
      return
    }
    if (this.#guard !== undefined && !this.#guard.receives(datagram.from, datagram.data)) return
    if (this.#drops && this.#running >= this.#options.concurrency) {
      counts.overflow++
      return
    }
    counts.started++
    // The next read would close the descriptors of the datagram.
    const release = this.#isUnix ? retainDescriptors(datagram.control) : undefined
    const deadline = this.#limit === undefined ? undefined : new Deadline()
    let returned: unknown
    try {
      returned = this.#options.handler(datagram, this.#socket, deadline?.signal ?? this.#late.signal)
    } catch (error) {
      return this.#failed(error, datagram.from, release)
    }
    if ((typeof returned !== "object" || returned === null) && typeof returned !== "function") {
      return this.#succeeded(release)
    }
    this.#running++
    let isOver = false
    const end = () => {
      if (deadline !== undefined) this.#limit?.end(deadline)
      if (isOver) return
      this.#running--
      if (this.#running === 0) this.#onIdle?.()
      this.#resume()
    }
    if (deadline !== undefined) {
      deadline.onLate = () => {
        this.#timedOut(datagram.from)
        end()
        isOver = true
      }
      this.#limit?.begin(deadline)
    }
    // A value that is not a promise resolves with itself. One whose `then` throws rejects.
    void new Promise((resolve) => resolve(returned))
      .then(
        () => (isOver ? release?.() : this.#succeeded(release)),
        (error: unknown) => (isOver ? release?.() : this.#failed(error, datagram.from, release))
      )
      .then(end)
  }

  /** Counts a handler whose time is over. Its result is ignored from now on. */
  #timedOut(from: Endpoint<Family>): void {
    this.#core.served.timedOut++
    const { onError, timeLimit } = this.#options
    const error = new HandlerTimeout(
      `The handler took longer than timeLimit, ${timeLimit} ms. End it when its signal aborts.`
    )
    if (onError !== undefined) quietly(() => onError(error, from))
    else if (this.#kinds.isNew(error))
      this.#print(
        `The handler of a datagram from ${String(from)} took longer than timeLimit. Others are counted by stats().handlers.timedOut and not printed`
      )
  }

  #succeeded(release: (() => void) | undefined): void {
    this.#core.served.succeeded++
    release?.()
  }

  #failed(error: unknown, from: Endpoint<Family>, release: (() => void) | undefined): void {
    release?.()
    if (this.#late.signal.aborted) {
      this.#core.served.interrupted++
      return
    }
    this.#core.served.failed++
    const { onError } = this.#options
    if (onError !== undefined) quietly(() => onError(error, from))
    else if (this.#kinds.isNew(error))
      this.#print(
        `The handler of a datagram from ${String(from)} failed. Others that fail in this way are counted by stats().handlers.failed and not printed`,
        error
      )
  }

  /** Continues to read when a handler has ended and all were busy. */
  #resume(): void {
    if (!this.#isPaused || this.#isTurning) return
    this.#isPaused = false
    this.#turn(this.#core.closed)
  }

  /** Ends the server, because its socket was closed or cannot be read. */
  #end(failure: Failure | undefined): void {
    if (failure !== undefined && failure.reason !== "Closed") return this.#fail(errorOf(failure))
    this.#isReading = false
    void this.close()
  }

  #fail(error: unknown): void {
    this.#isReading = false
    this.#failure = { error }
    this.#print("The server stopped reading", error)
    void this.close()
  }

  #print(...line: ReadonlyArray<unknown>): void {
    quietly(() => console.error(...line))
  }
}

class HandlerTimeout extends Error {
  override readonly name = "TimeoutError"
}

/** Calls a function of the program, and ignores its exception. */
const quietly = (f: () => void): void => {
  try {
    f()
  } catch {
    // A logger may throw.
  }
}

/**
 * The socket itself receives datagrams that it sent to a group, and so does another program with its port. A reply is delivered to only one
 * of them.
 */
const isToMany = ({ delivery }: ReceivedDatagram): boolean => delivery === "multicast" || delivery === "broadcast"
