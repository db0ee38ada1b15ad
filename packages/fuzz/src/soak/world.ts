/**
 * One case of the soak: its sockets, its readers, and the check of everything that they read against the model.
 */
import { fstatSync } from "node:fs"
import type { Descriptor, Ipv4Address } from "@ancillary/control"
import { DatagramFault } from "@ancillary/effect3"
import { Cause, Effect, Exit, Fiber, type Runtime, type Scope } from "effect"
import { Runtime as Runtimes } from "effect"
import type { DatagramSockets } from "@ancillary/effect3"
import type { Random } from "../random.ts"
import { shown } from "../shown.ts"
import type { Due, Member } from "./member.ts"
import { identify } from "./stamp.ts"

/** An exception that the soak throws itself. */
export class Thrown {
  readonly _tag = "Thrown"
}

/** The shape of received datagrams without types. */
export interface Arrived {
  readonly data: Uint8Array
  readonly from: { readonly address: unknown; readonly port: number; readonly path?: string | undefined }
  readonly control: { readonly [key: string]: unknown }
  readonly delivery: string
  readonly truncated: { readonly _tag: string }
}

export interface Reader {
  readonly name: string
  readonly member: Member
  fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined
  /** Maximum datagrams that it loses if it ends before its socket. */
  readonly forgoes: number
  readonly eventsForgone: number
  done: boolean
}

export interface Sending {
  fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined
  done: boolean
}

const codepoints = ["not-ect", "ect1", "ect0", "ce"]

export class World {
  readonly nonce: number
  readonly runtime: Runtime.Runtime<DatagramSockets>
  readonly guarded: boolean
  readonly ipv6: boolean
  readonly files: ReadonlyArray<{ readonly number: number; readonly inode: number }>
  readonly folder: string
  readonly tally: Map<string, number>

  readonly members: Array<Member> = []
  readonly closedMembers: Array<Member> = []
  readonly readers: Array<Reader> = []
  readonly sendings: Array<Sending> = []
  /** Held memberships, and taken descriptors. */
  readonly holds: Array<{ readonly release: () => void }> = []
  readonly problems: Array<string> = []
  readonly trace: Array<string> = []
  /** Numbers of datagrams to ports without a socket, as known to the model. */
  readonly nowhere = new Set<number>()
  names = 0
  #id = 0

  constructor(options: {
    readonly nonce: number
    readonly runtime: Runtime.Runtime<DatagramSockets>
    readonly guarded: boolean
    readonly ipv6: boolean
    readonly files: World["files"]
    readonly folder: string
    readonly tally: World["tally"]
  }) {
    this.nonce = options.nonce
    this.runtime = options.runtime
    this.guarded = options.guarded
    this.ipv6 = options.ipv6
    this.files = options.files
    this.folder = options.folder
    this.tally = options.tally
  }

  nextId(): number {
    return ++this.#id
  }

  count(what: string, times = 1): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + times)
  }

  wrong(problem: string): void {
    if (this.problems.length < 8) this.problems.push(problem)
  }

  say(what: string): void {
    this.trace.push(what)
  }

  fork<A, E>(effect: Effect.Effect<A, E, DatagramSockets>): Fiber.RuntimeFiber<A, E> {
    return Runtimes.runFork(this.runtime)(effect)
  }

  /** Runs an effect that does not wait. */
  exit<A, E>(effect: Effect.Effect<A, E, DatagramSockets>): Exit.Exit<A, E> {
    return Runtimes.runSyncExit(this.runtime)(effect)
  }

  /** Runs a reader until it ends, and checks its result. */
  read(
    name: string,
    member: Member,
    effect: Effect.Effect<unknown, unknown, DatagramSockets | Scope.Scope>,
    forgoes: { readonly datagrams?: number; readonly events?: number } = {}
  ): Reader {
    const reader: Reader = {
      name: `${name} of ${member.name}`,
      member,
      fiber: undefined,
      forgoes: forgoes.datagrams ?? 0,
      eventsForgone: forgoes.events ?? 0,
      done: false
    }
    this.readers.push(reader)
    const fiber = this.fork(Effect.scoped(effect))
    reader.fiber = fiber
    fiber.addObserver((exit) => {
      reader.done = true
      member.gaveBack = true
      member.forgone += reader.forgoes
      member.eventsForgone += reader.eventsForgone
      this.#ended(reader, exit)
    })
    return reader
  }

  #ended(reader: Reader, exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isSuccess(exit) || Exit.isInterrupted(exit)) return
    const why = Cause.squash(exit.cause)
    if (why instanceof Thrown) return
    const { reason } = why as { readonly reason?: string }
    if (reason === "Closed" && reader.member.closed) return
    if ((reason === "ConnectionRefused" || reason === "Unreachable") && reader.member.unreachable) return
    // The harness takes no descriptor of a socket that is read again meanwhile.
    this.wrong(`${reader.name} ended with ${Cause.pretty(exit.cause)}`)
  }

  /** Checks a datagram against the model. Its borrowed bytes are good only now. `mayBeLate`: the socket may have been read again meanwhile. */
  record(member: Member, arrived: Arrived, how: string, mayBeLate = false): Due | undefined {
    this.count(`read by ${how}`)
    const id = identify(arrived.data, this.nonce)
    if (id === undefined) {
      member.strangers++
      return undefined
    }
    member.recorded++
    if (typeof id === "string") {
      this.wrong(`${member.name}, ${how}: ${id}`)
      return undefined
    }
    const due = member.due.get(id)
    if (due === undefined) {
      if (this.nowhere.has(id)) return undefined
      this.wrong(
        `${member.name}, ${how}: datagram ${id} ${member.seen.has(id) ? "arrived twice" : "was for another socket"}`
      )
      return undefined
    }
    member.due.delete(id)
    member.seen.add(id)
    if (member.due.size === 0) member.dueBytes = 0
    const wrong = this.mismatch(member, due, arrived, mayBeLate)
    if (wrong !== undefined) this.wrong(`${member.name}, ${how}: datagram ${id} ${wrong}`)
    return due
  }

  /** Returns the difference between a datagram and its send. */
  mismatch(
    member: Member,
    due: Due,
    { control, delivery, from, truncated }: Arrived,
    mayBeLate = false
  ): string | undefined {
    const origin = member.family === "unix" ? (from.path ?? "none") : `${String(from.address)} ${from.port}`
    if (origin !== due.from && due.from !== "any") return `came from ${origin}, not from ${due.from}`
    if (truncated._tag !== "None") return "is marked as truncated"
    for (const [key, given] of Object.entries(control)) {
      if (!member.declares.has(key)) return `has the undeclared ${key}`
      const isOption = member.optional.has(key)
      const option = given as { readonly _tag?: string; readonly value?: unknown }
      if (isOption && option._tag !== "Some") return `has ${key} ${shown(given)}, an Option with a value was due`
      const wrong = this.#valueMismatch(due, key, isOption ? option.value : given, mayBeLate)
      if (wrong !== undefined) return wrong
    }
    for (const key of member.declares) if (!(key in control) && !neverArrives.has(key)) return `lacks ${key}`
    const told = member.declares.has("pktInfo") ? due.delivery : "unknown"
    if (delivery !== told) return `has delivery ${delivery}, not ${told}`
    return undefined
  }

  #valueMismatch(
    { carried, destination, delivery }: Due,
    key: string,
    value: unknown,
    mayBeLate: boolean
  ): string | undefined {
    const is = (due: unknown) => (value === due ? undefined : `has ${key} ${shown(value)}, not ${shown(due)}`)
    if (key === "hopLimit") return is(carried.hopLimit)
    if (key === "trafficClass") return is(carried.classByte)
    if (key === "dscp") return is(carried.classByte >> 2)
    if (key === "ecn") return is(codepoints[carried.classByte & 3])
    if (key === "pktInfo") {
      const info = value as {
        readonly destination: Ipv4Address
        readonly local: Ipv4Address | undefined
        readonly interfaceIndex: number
      }
      const local = info.local === undefined || delivery === "multicast" ? destination : info.local.toString()
      const told = `${info.destination.toString()} ${local} ${info.interfaceIndex}`
      const expected = `${destination} ${destination} 1`
      return told === expected ? undefined : `has pktInfo ${told}, not ${expected}`
    }
    if (key === "timestamp")
      return typeof value === "bigint" && value > 10n ** 18n ? undefined : `has the timestamp ${shown(value)}`
    if (key === "credentials") {
      const { pid } = value as { readonly pid: number }
      return pid === process.pid ? undefined : `has the credentials of process ${pid}`
    }
    if (key === "rights") return this.#rightsMismatch(carried.inodes, value as ReadonlyArray<Descriptor>, mayBeLate)
    return undefined
  }

  #rightsMismatch(
    inodes: ReadonlyArray<number>,
    rights: ReadonlyArray<Descriptor>,
    mayBeLate: boolean
  ): string | undefined {
    const states = rights.map(({ state }) => state)
    if (mayBeLate && states.length === inodes.length && states.every((state) => state === "closed")) return undefined
    if (states.some((state) => state !== "untaken")) return `has descriptors that are ${states.join(", ")}`
    try {
      const opened = rights.map(({ number }) => fstatSync(number).ino)
      return opened.join() === inodes.join() ? undefined : `has descriptors of other files: ${opened.join()}`
    } catch (error) {
      return `has a descriptor that is not open: ${String(error)}`
    }
  }

  recordFault(member: Member, fault: unknown): void {
    this.wrong(`${member.name}: ${fault instanceof DatagramFault ? fault.message : String(fault)}`)
  }

  pick(random: Random): Member | undefined {
    return this.members.length === 0 ? undefined : random.pick(this.members)
  }
}

/** Declared for sending, or for events. */
const neverArrives: ReadonlySet<string> = new Set(["coalescedSize", "errorReports", "transmitTimestamp", "dropCount"])
