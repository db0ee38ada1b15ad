/**
 * A bound socket while it is connected, as its `ConnectedSocket` uses it: the same core with a peer, which ends before the core does.
 */
import type { Endpoint, Family } from "@ancillary/control"
import type { Core } from "./socket.ts"
import type { Face } from "./face.ts"
import type { Outcome } from "../receive/incoming.ts"
import type { Waiter, Waiters } from "./waiters.ts"

/** Waiters of one connection. They wait with those of the socket, and end with the connection. */
class OwnWaiters {
  readonly #waiters: Waiters
  /** From a waiter to the function that the socket wakes. */
  readonly #own = new Map<Waiter, Waiter>()

  constructor(waiters: Waiters) {
    this.#waiters = waiters
  }

  read(waiter: Waiter): void {
    this.#waiters.read(this.#enter(waiter))
  }
  write(waiter: Waiter): void {
    this.#waiters.write(this.#enter(waiter))
  }
  attend(waiter: Waiter): void {
    this.#waiters.attend(this.#enter(waiter))
  }
  waitElsewhere(waiter: Waiter): void {
    this.#waiters.waitElsewhere(this.#enter(waiter))
  }

  leave(waiter: Waiter): void {
    const own = this.#own.get(waiter)
    if (own === undefined) return
    this.#own.delete(waiter)
    this.#waiters.leave(own)
  }

  end(): void {
    for (const waiter of this.#own.keys()) {
      this.leave(waiter)
      waiter(true)
    }
  }

  #enter(waiter: Waiter): Waiter {
    const own = (closed: boolean) => {
      this.#own.delete(waiter)
      waiter(closed)
    }
    this.#own.set(waiter, own)
    return own
  }
}

export class ConnectedCore implements Face {
  readonly local: Endpoint<Family>
  readonly peer: Endpoint<Family>
  readonly waiters: OwnWaiters
  readonly plan: Core["plan"]
  readonly declined: Core["declined"]
  readonly descriptor: number
  readonly live: Core["live"]
  readonly events: Core["events"]
  readonly calls: Core["calls"]
  readonly outgoing: Core["outgoing"]
  readonly served: Core["served"]
  readonly faults: Core["faults"]

  readonly #core: Core
  #ended = false

  constructor(core: Core, local: Endpoint<Family>, peer: Endpoint<Family>) {
    this.#core = core
    this.local = local
    this.peer = peer
    this.waiters = new OwnWaiters(core.waiters)
    this.plan = core.plan
    this.declined = core.declined
    this.descriptor = core.descriptor
    this.live = core.live
    this.events = core.events
    this.calls = core.calls
    this.outgoing = core.outgoing
    this.served = core.served
    this.faults = core.faults
  }

  get closed(): boolean {
    return this.#ended || this.#core.closed
  }
  get unread(): Array<Outcome> {
    return this.#core.unread
  }
  get taken(): number {
    return this.#core.taken
  }
  get brought(): number {
    return this.#core.brought
  }
  get received(): number {
    return this.#core.received
  }
  get dropped(): number {
    return this.#core.dropped
  }
  set dropped(datagrams: number) {
    this.#core.dropped = datagrams
  }
  get turnFrom(): number {
    return this.#core.turnFrom
  }
  set turnFrom(taken: number) {
    this.#core.turnFrom = taken
  }

  take(...given: Parameters<Core["take"]>): ReturnType<Core["take"]> {
    return this.#core.take(...given)
  }
  each(f: (outcome: Outcome) => boolean): ReturnType<Core["each"]> {
    return this.#core.each(f)
  }
  lend(f: (outcome: Outcome) => boolean): ReturnType<Core["lend"]> {
    return this.#core.lend(f)
  }
  peek(): ReturnType<Core["peek"]> {
    return this.#core.peek()
  }
  count(outcome: Outcome): void {
    this.#core.count(outcome)
  }
  handled(...given: Parameters<Core["handled"]>): void {
    this.#core.handled(...given)
  }
  watch(): void {
    this.#core.watch()
  }

  /** Ends the connection for its readers and senders: those that wait fail with `Closed`. */
  end(): void {
    this.#ended = true
    this.waiters.end()
  }
}
