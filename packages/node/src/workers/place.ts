/** A place among the workers: a socket, and the processes that serve on it one after the other. */
import type { ForkOptions } from "node:child_process"
import { addCounters } from "./counters.ts"
import { late, within } from "./limits.ts"
import { type At, type Counters, isFailed } from "./orders.ts"
import { type End, faultOf, type Silent, unscheduled, type WorkerFault } from "./WorkerFault.ts"
import { type Ended, isEnded, passedDescriptor, WorkerProcess } from "./WorkerProcess.ts"

/**
 * Waits for the next start of a worker that died, and returns whether there is one. A throw gives the worker up.
 *
 * @category models
 * @since 0.1.0
 */
export type Restart = (fault: WorkerFault, stopped: AbortSignal) => Promise<boolean>

/** How the processes of a place are run. Times are in milliseconds. */
export interface Start {
  readonly program: string | URL
  readonly fork: ForkOptions
  /** The socket that the worker takes over, as a descriptor of this process. */
  readonly descriptor: number | undefined
  readonly at: At
  readonly concurrency: number | undefined
  readonly shutdown: number
  /** Time until it must serve. */
  readonly startup: number
  /** Interval at which its counters are requested, and the time limit of an answer. */
  readonly heartbeat: number
  readonly patience: number
  /** Makes the policy of one worker. */
  readonly restart: () => Restart
  /** Receives a warning of each end, and an error if the worker is given up. */
  readonly log: (level: "warning" | "error", message: string) => void
}

/** Time for the stop order and its answer, and for the end of the process after it. */
const grace = 5000

/** Time that a request for the counters waits for a worker that does not answer. */
const maximumWait = 5000

export class Place {
  /** The endpoint of its first process that serves. */
  readonly ready: Promise<At>
  /** Resolves when the worker is given up, with the reason, or when it was stopped. */
  readonly over: Promise<WorkerFault | undefined>
  readonly #worker: number
  readonly #how: Start
  readonly #stopped = new AbortController()
  #isReady: (at: At) => void = () => undefined
  #at: At
  #starts = 0
  #hasServed = false
  #process: WorkerProcess | undefined
  #serving: WorkerProcess | undefined
  #counting: Promise<undefined> | undefined
  /** The last report of the current process. It is not replaced after the report of its stop. */
  #last: Counters | undefined
  #isFinal = false
  #earlier: Counters | undefined

  constructor(worker: number, how: Start) {
    this.#worker = worker
    this.#how = how
    this.#at = how.at
    this.ready = new Promise((resolve) => (this.#isReady = resolve))
    this.over = this.#keep()
  }

  get state(): { readonly pid: number | undefined; readonly restarts: number } {
    return { pid: this.#serving?.pid, restarts: this.#restarts }
  }

  /** Requests the counters of the current process, and returns them with those of the earlier ones, as far as they were reported. */
  async stats(): Promise<Counters | undefined> {
    if (this.#serving !== undefined) await within(this.#count(this.#serving), Math.min(this.#how.patience, maximumWait))
    return this.#counters
  }

  /** Lets the current process finish its answers, and starts no other one. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    const process = this.#process
    if (process !== undefined) {
      if (process === this.#serving) await this.#dismiss(process)
      else process.kill()
    }
    await this.over
  }

  get #restarts(): number {
    return Math.max(this.#starts - 1, 0)
  }

  get #counters(): Counters | undefined {
    return this.#earlier === undefined || this.#last === undefined
      ? (this.#last ?? this.#earlier)
      : addCounters(this.#earlier, this.#last)
  }

  /** Starts one process after the other, until the worker is stopped or given up. */
  async #keep(): Promise<WorkerFault | undefined> {
    const { log, restart } = this.#how
    let next: Restart | undefined
    for (;;) {
      this.#starts++
      const end = await this.#live()
      if (this.#stopped.signal.aborted) return undefined
      const fault = faultOf(this.#worker, this.#restarts, this.#hasServed, end)
      // If a worker never served, its program is faulty, and a restart would only hide this.
      if (!this.#hasServed) return fault
      log("warning", fault.message)
      try {
        next ??= restart()
        const again = await next(fault, this.#stopped.signal)
        if (this.#stopped.signal.aborted) return undefined
        if (again) continue
      } catch (defect) {
        if (this.#stopped.signal.aborted) return undefined
        log("error", `Worker ${this.#worker} is given up`)
        return unscheduled(this.#worker, this.#restarts, defect)
      }
      log("error", `Worker ${this.#worker} is given up`)
      return fault
    }
  }

  /** Runs one process. Returns when it has ended. */
  async #live(): Promise<End> {
    const { concurrency, descriptor, fork, heartbeat, patience, program, shutdown, startup } = this.#how
    const process = new WorkerProcess(program, fork, descriptor)
    this.#process = process
    this.#isFinal = false
    try {
      const passed = descriptor === undefined ? undefined : passedDescriptor
      const begin = { at: this.#at, descriptor: passed, concurrency, shutdown }
      const began = await this.#answer(process, process.ask({ order: "begin", begin }), startup)
      if ("silentFor" in began || isEnded(began)) return began
      if (isFailed(began)) {
        process.dismiss()
        await this.#gone(process)
        return began
      }
      const { at, counters } = began
      // Port 0 is a free port the first time, and the same port afterwards.
      this.#at = at
      this.#last = counters
      this.#serving = process
      this.#hasServed = true
      this.#isReady(at)
      for (;;) {
        const ended = await process.endsWithin(heartbeat)
        if (ended !== late) return ended
        const silent = await this.#answer(process, this.#count(process), patience)
        if (silent !== undefined) return silent
      }
    } finally {
      this.#earlier = this.#counters
      this.#last = undefined
      this.#serving = undefined
      this.#process = undefined
    }
  }

  /** Waits for an answer. If it is late, the process is killed, and the result is the end of its life. */
  async #answer<A>(process: WorkerProcess, answer: Promise<A>, limit: number): Promise<A | Silent> {
    const outcome = await within(answer, limit)
    if (outcome !== late) return outcome
    process.kill()
    await process.endsWithin(Infinity)
    return { silentFor: limit }
  }

  /** Takes a report of the counters. One request at a time: a stopped process reads none of them. */
  #count(process: WorkerProcess): Promise<undefined> {
    this.#counting ??= process.ask({ order: "count" }).then((counters) => {
      this.#counting = undefined
      this.#report(process, counters)
      return undefined
    })
    return this.#counting
  }

  #report(process: WorkerProcess, counters: Counters | Ended, isFinal = false): void {
    if (isEnded(counters) || process !== this.#serving || this.#isFinal) return
    this.#last = counters
    this.#isFinal = isFinal
  }

  /** Lets a process finish its answers, and waits for its end. */
  async #dismiss(process: WorkerProcess): Promise<void> {
    const stopped = process.ask({ order: "stop" }).then((counters) => this.#report(process, counters, true))
    await within(stopped, this.#how.shutdown + grace)
    process.dismiss()
    await this.#gone(process)
  }

  async #gone(process: WorkerProcess): Promise<void> {
    if ((await process.endsWithin(grace)) === late) process.kill()
    await process.endsWithin(Infinity)
  }
}
