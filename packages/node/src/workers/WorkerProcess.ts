/** One process of a worker, and the orders to it. */
import { type ChildProcess, fork, type ForkOptions } from "node:child_process"
import { after, late } from "./limits.ts"
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
  #child: ChildProcess | undefined
  #ended: Ended | undefined
  /** Functions that wait for the end. A promise would keep every one that has stopped to wait, as long as the process lives. */
  readonly #onEnd = new Set<(ended: Ended) => void>()
  #orders = 0
  readonly #waiting = new Map<number, (answer: Answered["answer"]) => void>()

  /** Starts the program. It inherits `descriptor` as `passedDescriptor`. */
  constructor(program: string | URL, options: ForkOptions, descriptor: number | undefined) {
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

  #end(ended: Ended): void {
    this.#ended ??= ended
    for (const call of this.#onEnd) call(this.#ended)
    this.#onEnd.clear()
  }

  /** Resolves with the end of the process, or with `late` after a number of milliseconds. */
  endsWithin(milliseconds: number): Promise<Ended | typeof late> {
    return new Promise((resolve) => {
      if (this.#ended !== undefined) return resolve(this.#ended)
      const ended = (end: Ended) => {
        cancel()
        resolve(end)
      }
      this.#onEnd.add(ended)
      const cancel = after(milliseconds, () => {
        this.#onEnd.delete(ended)
        resolve(late)
      })
    })
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Gives an order. Returns its answer, or the end of the process if that comes first. */
  ask<O extends Order>(order: O): Promise<Answers[O["order"]] | Ended> {
    const message: Ordered = { ancillaryOrder: ++this.#orders, order }
    return new Promise((resolve) => {
      if (this.#ended !== undefined) return resolve(this.#ended)
      this.#onEnd.add(resolve)
      this.#waiting.set(message.ancillaryOrder, (answer) => {
        this.#onEnd.delete(resolve)
        // Both ends have the same version, so an answer has the type that belongs to its order.
        resolve(answer as Answers[O["order"]])
      })
      // If the channel is closed, the end of the process is the answer.
      if (this.#child?.connected === true) this.#child.send(message, () => undefined)
    })
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
