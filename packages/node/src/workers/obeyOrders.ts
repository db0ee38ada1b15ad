/** The worker's end of the channel. */
import type { Unavailable } from "@ancillary/engine/driver/Driver"
import { type Answered, type Began, type Begin, type Counters, isOrdered } from "./orders.ts"

/**
 * A program that serves on the order of a parent process.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerProgram {
  /** Begins to serve. Returns the reason if it cannot. */
  readonly begin: (begin: Begin) => Promise<Began | string>
  readonly count: () => Promise<Counters>
  /** Reads no more, lets handlers finish, and returns the last counters. */
  readonly stop: () => Promise<Counters>
}

/**
 * Obeys the orders of the parent process. Returns the reason if no parent started this process with `startWorkers`.
 *
 * `over` resolves when the parent dismissed this process, or has ended, so that no other process would stop this one. `close` closes the channel, so
 * that the process can end.
 *
 * @category constructors
 * @since 0.1.0
 */
export const obeyOrders = (
  program: WorkerProgram
): { readonly over: Promise<void>; readonly close: () => void } | Unavailable => {
  if (process.send === undefined || !process.connected)
    return {
      feature: "DatagramWorkers.runWorker",
      why: "no parent process started this program",
      remedy: "Start it with DatagramWorkers.serve, which passes it a socket"
    }
  const answer = async (id: number, answering: () => Promise<Began | Counters | string>): Promise<void> => {
    let result: Answered["answer"]
    try {
      const outcome = await answering()
      result = typeof outcome === "string" ? { failure: outcome } : outcome
    } catch (cause) {
      result = { failure: cause instanceof Error ? cause.message : String(cause) }
    }
    // If the parent has ended meanwhile, `over` is the consequence.
    if (process.connected) process.send?.({ ancillaryAnswer: id, answer: result } satisfies Answered, () => undefined)
  }
  const obey = (message: unknown) => {
    if (!isOrdered(message)) return
    const { ancillaryOrder: id, order } = message
    void answer(id, () => (order.order === "begin" ? program.begin(order.begin) : program[order.order]()))
  }
  let gone: () => void = () => undefined
  const over = new Promise<void>((resolve) => (gone = resolve))
  process.on("message", obey)
  process.once("disconnect", gone)
  return {
    over,
    close: () => {
      process.off("message", obey)
      process.off("disconnect", gone)
      if (process.connected) process.disconnect()
    }
  }
}
