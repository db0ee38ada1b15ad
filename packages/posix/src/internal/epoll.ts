/**
 * Readiness on Linux: an epoll of this thread's own has every socket, and the event loop watches that one descriptor.
 *
 * libuv aborts the process if `epoll_ctl` fails, and it adds a descriptor anew after each change of interest. A descriptor that it polls already
 * (EEXIST) and a user without watches left (ENOSPC) would end the program. In an epoll of our own a socket has its watch from the time that it is
 * opened until it is closed, and each failure is a value.
 */
import { type Fault, isFault } from "@ancillary/engine/driver/Driver"
import type { PollCallback, PollHandle } from "@ancillary/native/readiness"
import { carry, type Carrier } from "./carrier.ts"
import { fault, lastError, lastFault } from "./errno.ts"
import type { Epoll, Libc } from "./libc.ts"
import { allocate } from "@ancillary/native/memory"

/** sys/epoll.h */
const EPOLL_CLOEXEC = 0x80000
const [EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD] = [1, 2, 3]
const EPOLLIN = 0x001
const EPOLLOUT = 0x004
const EPOLLERR = 0x008
const EPOLLHUP = 0x010
const EPOLLRDHUP = 0x2000
/** Alone: errors, which are always reported, are reported once. */
const quiet = 0x80000000

/** Linux packs `struct epoll_event` where a 64-bit number may stand at a multiple of 4 (x86). */
const dataAt = process.arch === "x64" || process.arch === "ia32" ? 4 : 8
const eventBytes = dataAt + 8
/** Events that one call takes; the next turn takes the rest. */
const most = 64

/** libuv's name for an error of the descriptor. */
const failedStatus = -9

/**
 * Milliseconds for which one report looks again whether more came meanwhile, and reports in a row that look although the last one found nothing.
 * An answer from the same process is there at once, and a way around the event loop costs more than the call.
 */
const turn = 0.1
const patience = 64

interface Entry {
  /** What the program waits for, and what the kernel was asked for: asked for less only after it reported in vain. */
  wanted: number
  armed: number
  /** Whether the event loop goes on while the program waits. */
  keepsAlive: boolean
  callback: PollCallback | undefined
  readonly disarm: () => void
}

class Poller {
  #descriptor: number
  #epoll: Epoll
  #libc: Libc
  #carrier: Carrier | undefined
  /** Whether libuv has not added the epoll yet, which it does when it next looks for events. */
  #pending = true
  #entries = new Map<number, Entry>()
  /** Numbers of entries, so that an event of one that was closed is nobody's. */
  #next = 1
  /** Looks in a row that found nothing, and reports since that did not look. */
  #vain = 0
  #skipped = 0
  #closed = false
  /** Entries whose program waits, and that keep the process running: the event loop goes on as long as there is one. */
  #waiting = 0
  #events = allocate(most * eventBytes)
  #view = new DataView(this.#events.bytes.buffer)
  #event = new Uint8Array(16)
  #eventView = new DataView(this.#event.buffer)

  constructor(libc: Libc, epoll: Epoll, descriptor: number) {
    this.#descriptor = descriptor
    this.#libc = libc
    this.#epoll = epoll
  }

  add(fd: number): PollHandle | Fault {
    const id = this.#next++
    if (this.#control(EPOLL_CTL_ADD, fd, id, quiet) < 0) return lastFault("epoll_ctl")
    const refused = this.#pending ? this.#probe() : undefined
    if (refused !== undefined) {
      this.#control(EPOLL_CTL_DEL, fd, id, 0)
      return refused
    }
    const begun = this.#carrier ?? this.#begin()
    if (isFault(begun)) {
      this.#control(EPOLL_CTL_DEL, fd, id, 0)
      return begun
    }
    const carrier = (this.#carrier = begun)
    const ask = (events: number): void => {
      if (entry.armed === events) return
      entry.armed = events
      if (this.#control(EPOLL_CTL_MOD, fd, id, events) < 0) this.#failed(entry)
    }
    const entry: Entry = { wanted: 0, armed: quiet, keepsAlive: true, callback: undefined, disarm: () => ask(quiet) }
    this.#entries.set(id, entry)
    const want = (events: number, keepsAlive = entry.keepsAlive) => {
      const counted = entry.wanted !== 0 && entry.keepsAlive
      const counts = events !== 0 && keepsAlive
      if (!counted && counts && this.#waiting++ === 0) carrier.ref()
      if (counted && !counts && --this.#waiting === 0) carrier.unref()
      entry.wanted = events
      entry.keepsAlive = keepsAlive
    }
    return {
      start: ({ disconnect, readable, writable }, callback) => {
        entry.callback = callback
        const events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0) | (disconnect ? EPOLLRDHUP : 0)
        want(events)
        ask(events)
      },
      stop: () => want(0),
      ref: () => want(entry.wanted, true),
      unref: () => want(entry.wanted, false),
      close: () => {
        if (!this.#entries.delete(id)) return
        want(0)
        entry.callback = undefined
        // Before it is closed: a child process may have the same socket, and its events would come here for ever.
        this.#control(EPOLL_CTL_DEL, fd, id, 0)
        if (this.#entries.size === 0) this.close()
      }
    }
  }

  /** One registration of libuv's for all sockets of the thread, which never changes. */
  #begin(): Carrier | Fault {
    const carrier = carry(this.#libc, this.#epoll, this.#descriptor, () => this.#report())
    if (isFault(carrier)) return carrier
    this.#descriptor = carrier.descriptor
    carrier.unref()
    // A phase of events lies between the two, wherever the loop is now.
    setImmediate(() => setImmediate(() => (this.#pending = false)))
    return carrier
  }

  /** Why libuv could not add the epoll: tried in another one first, because libuv does not survive the answer. */
  #probe(): Fault | undefined {
    const other = this.#epoll.create(EPOLL_CLOEXEC)
    if (other < 0) return lastFault("epoll_create1")
    const failed = this.#epoll.control(other, EPOLL_CTL_ADD, this.#descriptor, new Uint8Array(16)) < 0
    const errno = lastError()
    this.#libc.close(other)
    return failed ? fault("epoll_ctl", errno) : undefined
  }

  #control(operation: number, fd: number, id: number, events: number): number {
    this.#eventView.setUint32(0, events, true)
    this.#eventView.setUint32(dataAt, id, true)
    return this.#epoll.control(this.#descriptor, operation, fd, this.#event)
  }

  #report(): void {
    const until = performance.now() + turn
    this.#dispatch(true)
    while (!this.#closed && (this.#vain < 2 || ++this.#skipped % patience === 0) && performance.now() < until)
      this.#vain = this.#dispatch(false) > 0 ? 0 : this.#vain + 1
  }

  /** Calls back whoever waits, and returns how many. `first`: the kernel is asked no longer for events that nothing waits for. */
  #dispatch(first: boolean): number {
    let called = 0
    const count = this.#epoll.wait(this.#descriptor, this.#events.address, most, 0)
    for (let i = 0; i < count; i++) {
      const entry = this.#entries.get(this.#view.getUint32(i * eventBytes + dataAt, true))
      if (entry === undefined) continue
      const events = this.#view.getUint32(i * eventBytes, true)
      const { callback, wanted } = entry
      if (callback === undefined || wanted === 0) {
        if (first) entry.disarm()
        continue
      }
      called++
      if ((events & EPOLLERR) !== 0) {
        callback(failedStatus, nothing)
        continue
      }
      const hungUp = (events & EPOLLHUP) !== 0
      const readable = (wanted & EPOLLIN) !== 0 && (hungUp || (events & EPOLLIN) !== 0)
      const writable = (wanted & EPOLLOUT) !== 0 && (hungUp || (events & EPOLLOUT) !== 0)
      const disconnect = (wanted & EPOLLRDHUP) !== 0 && (hungUp || (events & EPOLLRDHUP) !== 0)
      callback(0, { readable, writable, disconnect })
    }
    return called
  }

  /** The descriptor was closed by other code: the program that waits learns it from its next call. */
  #failed(entry: Entry): void {
    entry.armed = -1
    setImmediate(() => entry.callback?.(failedStatus, nothing))
  }

  /** Once no socket is in it. */
  close(): void {
    this.#closed = true
    if (current === this) current = undefined
    if (this.#carrier === undefined) this.#libc.close(this.#descriptor)
    else this.#carrier.close()
  }
}

const nothing = { readable: false, writable: false, disconnect: false }

/** This thread's, while it has a socket. */
let current: Poller | undefined

/** Gives a descriptor a watch of its own, which it keeps until it is closed. */
export const register = (libc: Libc, epoll: Epoll, fd: number): PollHandle | Fault => {
  if (current !== undefined) return current.add(fd)
  const descriptor = epoll.create(EPOLL_CLOEXEC)
  if (descriptor < 0) return lastFault("epoll_create1")
  const poller = new Poller(libc, epoll, descriptor)
  const registration = poller.add(fd)
  if (isFault(registration)) poller.close()
  else current = poller
  return registration
}
