/** The ends of the datagrams of a soak. Every sum has to be exact. */
import type { DatagramStats } from "@ancillary/effect3"

/** Handlers by the way in which the soak wanted them to end, counted by the handlers themselves. */
export class Begun {
  failing = 0
  interrupted = 0
  slow = 0
  limited = 0
}

/** Datagrams of the whole run, by their end. */
export class Account {
  sent = 0
  readonly ends = new Map<string, number>()
  answers = 0
  servers = 0
  /** Answers that were not sent, because they exceed the amplification limit or the response rate. */
  limited = 0

  add(end: string, datagrams: number): void {
    this.ends.set(end, (this.ends.get(end) ?? 0) + datagrams)
  }

  get ended(): number {
    let sum = 0
    for (const datagrams of this.ends.values()) sum += datagrams
    return sum
  }
}

/** The sums of one server after its end. `left` is the number of datagrams that it had not read, and `drops` that of the kernel. */
export const close = (
  account: Account,
  given: {
    readonly sent: number
    readonly begun: Begun
    readonly stats: DatagramStats
    readonly left: number
    readonly drops: number
    readonly answers: number
    readonly answerDrops: number
  }
): ReadonlyArray<string> => {
  const { answerDrops, answers, begun, drops, left, sent, stats } = given
  const { faults, handlers, limits } = stats
  const n = Number
  const faulty = Object.values(faults).reduce((sum, one) => sum + one, 0n)
  const ends: ReadonlyArray<readonly [string, number]> = [
    ["succeeded", n(handlers.succeeded)],
    ["failed", n(handlers.failed)],
    ["interrupted", n(handlers.interrupted)],
    ["timed out", n(handlers.timedOut)],
    ["overflow", n(stats.overflow)],
    ["above the response rate", n(limits.rateLimited)],
    ["of a loop", n(limits.loops)],
    ["from itself", n(stats.fromItself)],
    ["left in the buffer of a server that stopped", left],
    ["dropped by the kernel", drops]
  ]
  for (const [end, datagrams] of ends) account.add(end, datagrams)
  account.sent += sent
  account.answers += answers
  account.limited += n(limits.amplified + limits.unsent)
  account.servers++
  const served = n(handlers.started + stats.overflow + limits.rateLimited + limits.loops + stats.fromItself)
  const equal = (what: string, one: number, other: number) => (one === other ? [] : [`${what}: ${one} and ${other}`])
  return [
    ...equal("sent datagrams, and their ends", sent, n(stats.dequeued) + drops),
    ...equal("taken datagrams, and delivered ones", n(stats.dequeued), n(stats.delivered + faulty + stats.dropped)),
    ...equal("delivered datagrams, and those of the server", n(stats.delivered), served + left),
    ...equal("handlers that run after the end", n(handlers.running), 0),
    ...equal("failed handlers", n(handlers.failed), begun.failing + begun.limited),
    ...equal("datagrams of limits, and limited handlers", n(limits.amplified), begun.limited),
    ...(n(handlers.timedOut) <= begun.slow
      ? []
      : [`${handlers.timedOut} handlers timed out, and ${begun.slow} were slow`]),
    ...(n(handlers.interrupted) >= begun.interrupted
      ? []
      : [`${handlers.interrupted} handlers were interrupted, and ${begun.interrupted} interrupted themselves`]),
    ...equal("sent answers, and received ones", n(stats.sent), answers + answerDrops)
  ]
}
