/**
 * Parts of an open socket, which its connections share. A part that not every socket uses is made at its first use. A thousand idle sockets
 * then cost little to open, to keep and to close.
 */
import type { Endpoint, Family, Ipv4Address, Ipv6Address } from "@ancillary/control"
import { closeAll } from "../driver/closing.ts"
import { later } from "../driver/eventLoop.ts"
import { type Driver, isFault, type NativeSocket, type Poll } from "../driver/Driver.ts"
import { KernelMemory } from "../metrics/kernelMemory.ts"
import type { Recorder } from "../metrics/distribution.ts"
import { Events } from "../events/events.ts"
import type { Plan } from "../plan/Plan.ts"
import { ReceiveCounters } from "../receive/counters.ts"
import { Receiver } from "../receive/receiver.ts"
import { SendCounters } from "../send/counters.ts"
import { Outgoing, sendHeld } from "../send/outgoing.ts"
import type { Connection } from "./connection.ts"
import { Memberships } from "./memberships.ts"
import type { Live } from "./options.ts"
import type { Guard } from "../server/guard.ts"
import { Served } from "./served.ts"
import { Calls } from "./syscalls.ts"
import type { Waiters } from "./waiters.ts"

/** The components that a socket is made from. */
export interface Making {
  readonly driver: Driver
  readonly plan: Plan
  readonly native: NativeSocket
  readonly poll: Poll
  readonly waiters: Waiters
  readonly local: Endpoint<Family>
  readonly connection: Connection
  /** Options and messages that the system lacks. */
  readonly declined: Plan["declined"]
  readonly live: Live
  /** True if the socket was made elsewhere. */
  readonly adopted: boolean
}

/** Returns the same plan if nothing more was declined, because everything that is compiled from it is shared. */
const planOf = ({ declined, plan }: Making): Plan =>
  declined.length === plan.declined.length ? plan : { ...plan, declined }

export class Parts {
  readonly plan: Plan
  readonly native: NativeSocket
  readonly live: Live
  readonly waiters: Waiters
  readonly connection: Connection
  readonly events: Events
  readonly calls: Calls
  readonly receiver: Receiver
  readonly sent = new SendCounters()
  /** Limits of received and sent datagrams, while a server has some. */
  guard: Guard | undefined
  #driver: Driver
  #poll: Poll
  #outgoing: Outgoing | undefined
  #memberships: Memberships | undefined
  #served: Served | undefined
  #addresses: HostAddresses | undefined
  /** Counts of the kernel. Absent unless the program requests metrics. */
  kernelMemory: KernelMemory | undefined
  #closed = false

  constructor(making: Making) {
    this.plan = planOf(making)
    this.native = making.native
    this.live = making.live
    this.waiters = making.waiters
    this.connection = making.connection
    this.#driver = making.driver
    this.#poll = making.poll
    this.events = new Events(making, this)
    const received = new ReceiveCounters()
    this.calls = new Calls(this, received)
    // The last step of the constructor, because an error in a later step would leave its memory in use.
    this.receiver = new Receiver(making.driver, this, received)
  }

  get outgoing(): Outgoing {
    return (this.#outgoing ??= this.#makeOutgoing())
  }

  #makeOutgoing(): Outgoing {
    const { calls, connection, live, native, plan, sent } = this
    const made = new Outgoing({ driver: this.#driver, plan, native, connection, calls, live, counters: sent })
    // A closed socket sends nothing and keeps no memory in use.
    if (this.#closed) made.close()
    return made
  }

  get memberships(): Memberships {
    return (this.#memberships ??= new Memberships(this.#driver, this.native))
  }

  get served(): Served {
    return (this.#served ??= new Served())
  }

  /** Returns the addresses of the host, read once in a turn of the event loop, because a flood of forged datagrams looks them up. */
  hostAddresses(): HostAddresses["addresses"] {
    const { turn } = this.receiver.counters
    if (this.#addresses?.turn !== turn) this.#addresses = { turn, addresses: addressesOf(this.#driver) }
    return this.#addresses.addresses
  }

  /** Records the sizes of batches and the times of handlers from now on, and keeps the counts of the kernel. */
  measure(batches: Recorder, times: Recorder): void {
    this.calls.batches = batches
    this.served.times = times
    if (this.plan.abi.platform === "linux") this.kernelMemory ??= new KernelMemory(this.native)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Sets whether waiting readers and senders keep the process running. They do by default. */
  keepAlive(keeps: boolean): void {
    if (!this.#closed) this.#poll.keepAlive(keeps)
  }

  /** Sets the interest while there are waits, and clears it after a report that no wait needs. */
  watch(): void {
    const { attending, reading, writing } = this.waiters
    if (!this.#closed) this.#poll.update(reading, writing, attending && this.events.declared)
  }

  /**
   * Sets the interest later, when readers that were woken have had time to wait again. Most do so within the microtasks of the report. Only
   * the others cost a timer, whose end wakes the event loop.
   */
  watchLater(): void {
    if (woken.length === 0) {
      hops = 0
      void microtask.then(look)
    }
    woken.push(this)
  }

  /** Clears the interest later, if there is no wait by then. Most programs wait again soon, and a change costs several calls. */
  unwatchLater(): void {
    if (!this.#closed) watchAfter(this)
  }

  close(): void {
    if (this.#closed) return
    sendHeld()
    this.#closed = true
    closeAll([
      () => this.kernelMemory?.read(),
      () => this.#memberships?.close(),
      () => this.#poll.close(),
      () => this.native.close(),
      () => this.receiver.close(),
      () => this.#outgoing?.close(),
      () => this.events.close(),
      () => this.waiters.close()
    ])
  }
}

/** Its reactions run as microtasks. `queueMicrotask` of Node makes a resource for each, which takes longer than the task. */
const microtask = Promise.resolve()

/** Sockets whose readers were woken in this turn, and the microtasks that have passed since. A reader of promises takes several to wait again. */
let woken: Array<Parts> = []
let hops = 0
const mostHops = 16

const look = (): void => {
  if (hops++ < mostHops && !woken.every(({ waiters }) => waiters.reading)) return void microtask.then(look)
  const due = woken
  woken = []
  for (const parts of due) {
    if (parts.waiters.reading) parts.watch()
    else watchAfter(parts)
  }
}

/** Sockets whose interest is set after a pause, and its milliseconds. A process that reads no more ends so much later. */
const watched = new Set<Parts>()
const patience = 10

const watchAfter = (parts: Parts): void => {
  if (watched.size === 0)
    later(patience, () => {
      const due = Array.from(watched)
      watched.clear()
      for (const parts of due) parts.watch()
    })
  watched.add(parts)
}

interface HostAddresses {
  readonly turn: number
  readonly addresses: ReadonlyArray<Ipv4Address | Ipv6Address>
}

const addressesOf = (driver: Driver): HostAddresses["addresses"] => {
  const interfaces = driver.interfaces()
  return isFault(interfaces) ? [] : interfaces.flatMap((each) => each.addresses.map((one) => one.address))
}
