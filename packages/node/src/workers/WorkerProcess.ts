/** One process of a worker, and the orders to it. */
import { type ChildProcess, fork, type ForkOptions } from "node:child_process"
import { type Answered, type Answers, isAnswered, type Order, type Ordered } from "./orders.ts"

/** The end of a process: it exited, a signal ended it, or it could not be started (`cause`). */
export interface Ended {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly cause?: unknown
}

export const isEnded = (value: object): value is Ended => Object.hasOwn(value, "exitCode")

/** The first descriptor after the three standard streams and the channel. */
export const passedDescriptor = 4

export class WorkerProcess {
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ended>
  #end: (ended: Ended) => void = () => undefined
  #child: ChildProcess | undefined
  #orders = 0
  readonly #waiting = new Map<number, (answer: Answered["answer"]) => void>()

  /** Starts the program. It inherits `descriptor` as `passedDescriptor`. */
  constructor(program: string | URL, options: ForkOptions, descriptor: number | undefined) {
    this.ended = new Promise((resolve) => (this.#end = resolve))
    const stdio: ForkOptions["stdio"] = ["ignore", "inherit", "inherit", "ipc"]
    if (descriptor !== undefined) stdio.push(descriptor)
    try {
      const child = fork(program, [], { ...options, serialization: "advanced", stdio })
      this.#child = child
      child.once("exit", (exitCode, signal) => this.#end({ exitCode, signal }))
      // If the process could not be created, it has no exit event. If it was created, this is an order that came too late.
      child.on("error", (cause) => {
        if (child.pid === undefined) this.#end({ exitCode: null, signal: null, cause })
      })
      child.on("message", (message) => {
        if (!isAnswered(message)) return
        this.#waiting.get(message.ancillaryAnswer)?.(message.answer)
        this.#waiting.delete(message.ancillaryAnswer)
      })
    } catch (cause) {
      this.#end({ exitCode: null, signal: null, cause })
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Gives an order. Returns its answer, or the end of the process if that comes first. */
  ask<O extends Order>(order: O): Promise<Answers[O["order"]] | Ended> {
    const message: Ordered = { ancillaryOrder: ++this.#orders, order }
    const answer = new Promise<Answers[O["order"]]>((resolve) =>
      // Both ends have the same version, so an answer has the type that belongs to its order.
      this.#waiting.set(message.ancillaryOrder, resolve as (answer: Answered["answer"]) => void)
    )
    // If the channel is closed, the end of the process is the answer.
    if (this.#child?.connected === true) this.#child.send(message, () => undefined)
    return Promise.race([answer, this.ended])
  }

  /** Closes the channel, which ends a worker that runs. */
  dismiss(): void {
    if (this.#child?.connected === true) this.#child.disconnect()
  }

  /** Ends a process that does not answer. Only SIGKILL ends one that is stopped or computes. */
  kill(): void {
    this.#child?.kill("SIGKILL")
  }
}
