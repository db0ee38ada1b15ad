/** Sessions of a server: one for each key, with a bounded inbox, an idle end, and a bounded number. Every step costs the same. */
import { Codec, type Endpoint, type Family } from "@ancillary/control"
import { type Aged, AgeList } from "./ageList.ts"
import { ignoreRejection } from "./ignoreRejection.ts"
import { type InvalidOption, invalidOption } from "./invalidOption.ts"

/**
 * The key of a session. Bytes of a program, such as a connection ID, become a string with one character per byte.
 *
 * @category servers
 * @since 0.1.0
 */
export type SessionKey = string | number | bigint

/**
 * The reason why a session ended before its program did.
 *
 * @category servers
 * @since 0.1.0
 */
export type SessionEnd = "idle" | "evicted" | "stopped"

/**
 * The fields of a datagram that a session keeps to answer it. The payload is not among them.
 *
 * @category servers
 * @since 0.1.0
 */
export interface SessionPath {
  readonly from: Endpoint<Family>
  readonly control: { readonly [key: string]: unknown }
  readonly delivery: string
}

/**
 * Counters of a server's sessions. `started` is the sum of the ends and of the running ones.
 *
 * @category servers
 * @since 0.1.0
 */
export class SessionCounters {
  started = 0
  completed = 0
  failed = 0
  idle = 0
  evicted = 0
  stopped = 0
  /** Datagrams that were put into an inbox. */
  accepted = 0
  /** Datagrams that were dropped because the inbox of their session was full. */
  inboxFull = 0
  /** Datagrams without a key. */
  unkeyed = 0
  /** Datagrams with a new key that were dropped, because too many evicted sessions had not ended. */
  refused = 0

  get running(): number {
    return this.started - this.completed - this.failed - this.idle - this.evicted - this.stopped
  }
}

/**
 * One session of the engine.
 *
 * @category servers
 * @since 0.1.0
 */
export class SessionState<A> implements Aged<SessionState<A>> {
  time = 0
  older: SessionState<A> | undefined
  newer: SessionState<A> | undefined
  readonly key: SessionKey
  /** Destination and source of answers. A program changes it when it accepts another address of the peer. */
  path: SessionPath
  /** True if the session is evicted after those that are not proven. */
  isProven = false
  end: SessionEnd | undefined
  /** True if its program has ended. */
  isOver = false
  /** Interrupts the program of the session. */
  stop: (() => void) | undefined
  /** Made when a datagram waits, because most sessions are idle. */
  #inbox: Array<A> | undefined
  /** Close the descriptors of datagrams that wait, the oldest first, and of those that were taken last. */
  #held: Array<() => void> | undefined
  #taken: ReadonlyArray<() => void> | undefined
  #waiting: (() => void) | ReadonlyArray<() => void> | undefined

  constructor(key: SessionKey, path: SessionPath) {
    this.key = key
    this.path = path
  }

  /** Number of datagrams that wait. */
  get waiting(): number {
    return this.#inbox?.length ?? 0
  }

  /**
   * Adds a datagram. Returns false if `most` datagrams wait already. `release` closes its descriptors that were not taken: when the session takes
   * the next datagram, or ends.
   */
  put(datagram: A, most: number, release?: () => void): boolean {
    if (this.waiting >= most) return false
    if (this.#inbox === undefined) this.#inbox = [datagram]
    else this.#inbox.push(datagram)
    if (release !== undefined) (this.#held ??= []).push(release)
    this.wake()
    return true
  }

  /** Takes the oldest datagram that waits. */
  take(): A | undefined {
    const inbox = this.#inbox
    if (inbox === undefined) return undefined
    this.#release(this.#held?.splice(0, 1))
    const first = inbox.shift()
    if (inbox.length === 0) this.#inbox = undefined
    return first
  }

  /** Takes all datagrams that wait. */
  takeAll(): ReadonlyArray<A> {
    const all = this.#inbox
    if (all === undefined) return []
    this.#release(this.#held?.splice(0))
    this.#inbox = undefined
    return all
  }

  /** Ends the session: drops the datagrams that wait, and closes the descriptors that were not taken. */
  close(): void {
    this.isOver = true
    this.#inbox = undefined
    this.#release(this.#held)
    this.#release(undefined)
    this.#held = undefined
  }

  /** Closes the descriptors of the datagrams that were taken last, and keeps those of the next ones. */
  #release(next: ReadonlyArray<() => void> | undefined): void {
    const before = this.#taken
    this.#taken = next
    if (before !== undefined) for (const release of before) release()
  }

  /** Calls `f` once when a datagram arrives or the session ends. Returns a function that cancels it. */
  onDatagram(f: () => void): () => void {
    const before = this.#waiting
    this.#waiting = before === undefined ? f : [...(typeof before === "function" ? [before] : before), f]
    return () => {
      const { length } = this.#waiters()
      const rest = this.#waiters().filter((each) => each !== f)
      if (rest.length < length) this.#waiting = rest.length === 0 ? undefined : rest
    }
  }

  /** Wakes the readers. */
  wake(): void {
    const waiting = this.#waiters()
    this.#waiting = undefined
    for (const each of waiting) each()
  }

  #waiters(): ReadonlyArray<() => void> {
    const waiting = this.#waiting
    return waiting === undefined ? [] : typeof waiting === "function" ? [waiting] : waiting
  }
}

/**
 * The sessions of a server by key.
 *
 * @category servers
 * @since 0.1.0
 */
export class SessionTable<A> {
  readonly #maximum: number
  readonly #idle: number
  readonly #sessions = new Map<SessionKey, SessionState<A>>()
  readonly #fresh = new AgeList<SessionState<A>>()
  readonly #proven = new AgeList<SessionState<A>>()

  /** At most `maximum` sessions, and `idle` milliseconds without a datagram until a session ends. */
  constructor(maximum: number, idle: number) {
    this.#maximum = maximum
    this.#idle = idle
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Returns the session of a key, and counts as its activity. */
  get(key: SessionKey, now: number): SessionState<A> | undefined {
    const session = this.#sessions.get(key)
    if (session !== undefined) this.#listOf(session).touch(session, now)
    return session
  }

  /** Adds a session with a new key. Returns the one that was removed for it: the longest idle one that is not proven, if there is one. */
  add(session: SessionState<A>, now: number): SessionState<A> | undefined {
    const evicted = this.#sessions.size < this.#maximum ? undefined : (this.#fresh.oldest ?? this.#proven.oldest)
    if (evicted !== undefined) this.remove(evicted)
    this.#sessions.set(session.key, session)
    this.#listOf(session).add(session, now)
    return evicted
  }

  /** Removes a session. Returns false if it was removed before. */
  remove(session: SessionState<A>): boolean {
    if (this.#sessions.get(session.key) !== session) return false
    this.#sessions.delete(session.key)
    return this.#listOf(session).remove(session)
  }

  /** Marks a session as proven, so that a flood of new sessions does not evict it. It counts as its activity. */
  prove(session: SessionState<A>, now: number): void {
    if (session.isProven) return
    const isHeld = this.#fresh.remove(session)
    session.isProven = true
    if (isHeld) this.#proven.add(session, now)
  }

  /** Removes and returns a session whose idle time is over. */
  takeIdle(now: number): SessionState<A> | undefined {
    const idle = this.#fresh.takeExpired(now, this.#idle) ?? this.#proven.takeExpired(now, this.#idle)
    if (idle !== undefined) this.#sessions.delete(idle.key)
    return idle
  }

  /** Milliseconds until the next idle end. `undefined` if there are no sessions, or if they have no idle end. */
  untilIdle(now: number): number | undefined {
    if (this.#idle === Infinity) return undefined
    const fresh = this.#fresh.untilExpired(now, this.#idle)
    const proven = this.#proven.untilExpired(now, this.#idle)
    return fresh === undefined ? proven : proven === undefined ? fresh : Math.min(fresh, proven)
  }

  /** The sessions in the order of their beginning. */
  all(): ReadonlyArray<SessionState<A>> {
    return Array.from(this.#sessions.values())
  }

  #listOf(session: SessionState<A>): AgeList<SessionState<A>> {
    return session.isProven ? this.#proven : this.#fresh
  }
}

/**
 * Reads a key that a program returned. Returns `undefined` for a value that is no key.
 *
 * @category servers
 * @since 0.1.0
 */
export const readKey = (given: unknown): SessionKey | undefined => {
  if (typeof given === "string" || typeof given === "bigint") return given
  // NaN is equal to itself in a map.
  if (typeof given === "number") return given
  if (!(given instanceof Uint8Array)) {
    ignoreRejection(given)
    return undefined
  }
  let key = ""
  for (let i = 0; i < given.length; i++) key += String.fromCharCode(given[i] ?? 0)
  return key
}

/**
 * Returns the key of a peer: its address with the zone, and its port.
 *
 * @category servers
 * @since 0.1.0
 */
export const peerKey = (from: Endpoint<Family>): SessionKey | undefined => {
  if (from.family === "unix") return from.path
  const { address, port } = from
  if (address.family === "ipv4") return address.value * 65_536 + port
  return `${address.a}:${address.b}:${address.c}:${address.d}%${address.zone}:${port}`
}

/**
 * Settings of sessions, all given.
 *
 * @category servers
 * @since 0.1.0
 */
export interface SessionSettings {
  readonly maximum: number
  readonly inbox: number
  readonly key: ((datagram: unknown) => unknown) | undefined
}

/**
 * Reads the settings of sessions, each once. Returns the first invalid one with the reason.
 *
 * @category servers
 * @since 0.1.0
 */
export const readSessionSettings = (given: {
  readonly maximum?: unknown
  readonly inbox?: unknown
  readonly key?: unknown
}): SessionSettings | InvalidOption => {
  const { inbox = 16, key, maximum = 10_000 } = given
  if (!Codec.isInteger(maximum, 1, 2 ** 24))
    return invalidOption("maximum", maximum, `an integer from 1 to ${2 ** 24}`, "10,000")
  if (!Codec.isInteger(inbox, 1, 65_536)) return invalidOption("inbox", inbox, "an integer from 1 to 65536", "16")
  if (key !== undefined && typeof key !== "function")
    return invalidOption("key", key, "a function that returns a key", "the peer's address and port")
  return { maximum, inbox, key: key as SessionSettings["key"] }
}
