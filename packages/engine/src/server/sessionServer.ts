/** Passes the datagrams of a server to its sessions: finds the key, begins and ends sessions, and counts both. */
import { retain } from "../receive/descriptors.ts"
import {
  peerKey,
  readKey,
  type SessionCounters,
  type SessionKey,
  type SessionPath,
  type SessionSettings,
  SessionState,
  SessionTable
} from "./sessions.ts"

/** Evicted sessions that have not ended may be as many as `maximum`. */
const unended = 2

/**
 * The result of the program of a session. `interrupted`: it ended because its session did.
 *
 * @category servers
 * @since 0.1.0
 */
export type SessionResult = "completed" | "failed" | "interrupted"

/**
 * The parts of a server with sessions.
 *
 * @category servers
 * @since 0.1.0
 */
export interface SessionServing<A> {
  readonly counts: SessionCounters
  readonly settings: SessionSettings
  /** Milliseconds without a datagram after which a session ends. */
  readonly idle: number
  /** Starts the program of a new session. Its first datagram is in the inbox. */
  readonly begin: (state: SessionState<A>) => void
}

/**
 * The sessions of one socket. Time is an argument, in milliseconds.
 *
 * @category servers
 * @since 0.1.0
 */
export class Sessions<A extends SessionPath> {
  readonly #serving: SessionServing<A>
  readonly #table: SessionTable<A>

  constructor(serving: SessionServing<A>) {
    this.#serving = serving
    this.#table = new SessionTable(serving.settings.maximum, serving.idle)
  }

  /** Passes a datagram to its session, which may be a new one. */
  take(datagram: A, now: number): void {
    const { begin, counts, settings } = this.#serving
    const key = this.#keyOf(datagram)
    if (key === undefined) {
      counts.unkeyed++
      return
    }
    const known = this.#table.get(key, now)
    if (known !== undefined) return this.#put(known, datagram)
    if (counts.running >= settings.maximum * unended) {
      counts.refused++
      return
    }
    const { control, delivery, from } = datagram
    const state = new SessionState<A>(key, { control, delivery, from })
    const evicted = this.#table.add(state, now)
    counts.started++
    this.#put(state, datagram)
    begin(state)
    // Its program may stop the server when it ends, so the new session has begun by then.
    if (evicted !== undefined) endSession(evicted, "evicted")
  }

  #put(state: SessionState<A>, datagram: A): void {
    const { counts, settings } = this.#serving
    // Reads for other sessions must not close the descriptors of a datagram that waits.
    const release = datagram.from.family === "unix" ? retain(datagram.control) : undefined
    if (state.put(datagram, settings.inbox, release)) counts.accepted++
    else {
      counts.inboxFull++
      release?.()
    }
  }

  #keyOf(datagram: A): SessionKey | undefined {
    const { key } = this.#serving.settings
    if (key === undefined) return peerKey(datagram.from)
    try {
      return readKey(key(datagram))
    } catch {
      return undefined
    }
  }

  /** Marks a session as proven, so that a flood of new sessions does not evict it. */
  prove(state: SessionState<A>, now: number): void {
    this.#table.prove(state, now)
  }

  /** Counts the end of a program. Returns true if it failed by itself. */
  settle(state: SessionState<A>, result: SessionResult, isStopping: boolean): boolean {
    const { counts } = this.#serving
    this.#table.remove(state)
    state.close()
    if (result === "failed") counts.failed++
    else if (result === "completed") counts.completed++
    else if (state.end !== undefined) counts[state.end]++
    else if (isStopping) counts.stopped++
    // It interrupted itself.
    else counts.completed++
    return result === "failed"
  }

  /** Ends idle sessions. Returns the milliseconds until the next one may be idle, or `undefined` without sessions. */
  sweep(now: number): number | undefined {
    for (;;) {
      const idle = this.#table.takeIdle(now)
      if (idle === undefined) return this.#table.untilIdle(now)
      endSession(idle, "idle")
    }
  }

  /** The sessions that have not ended, in the order of their beginning. */
  all(): ReadonlyArray<SessionState<A>> {
    return this.#table.all()
  }
}

/** Ends a session that was removed from its table. */
const endSession = <A>(state: SessionState<A>, reason: "idle" | "evicted"): void => {
  state.end = reason
  state.stop?.()
}
