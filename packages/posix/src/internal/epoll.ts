/**
 * Readiness on Linux: an epoll of this thread watches every socket, and the event loop watches only the epoll.
 *
 * libuv aborts the process if `epoll_ctl` fails, and it adds a descriptor again after each change of interest. A descriptor that libuv
 * already polls (EEXIST) and a user without watches left (ENOSPC) would end the program. In our own epoll a socket has its watch from when
 * it is opened until it is closed, and each failure is a value.
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
/** As the only interest it limits errors, which are always reported, to one report. */
const quiet = 0x80000000

/** On x86 Linux packs `struct epoll_event`, so its 64-bit number is at an offset of 4. */
const dataAt = process.arch === "x64" || process.arch === "ia32" ? 4 : 8
const eventBytes = dataAt + 8
/** Maximum number of events of one call. The next turn takes the rest. */
const most = 64

/** libuv's number for an error of the descriptor. */
const failedStatus = -9

/**
 * Milliseconds for which one report checks for further events, and reports in a row that check although the last check found nothing. A
 * reply from the same process arrives immediately, and a turn of the event loop costs more than the call.
 */
const turn = 0.1
const patience = 64

interface Entry {
  /**
   * Interest of the program, and interest that is set in the kernel. The kernel's is reduced only after a report that nothing waited for.
   */
  wanted: number
  armed: number
  /** True if the event loop continues while the program waits. */
  keepsAlive: boolean
  callback: PollCallback | undefined
  readonly disarm: () => void
}

class Poller {
  #descriptor: number
  #epoll: Epoll
  #libc: Libc
  #carrier: Carrier | undefined
  /** True until libuv has added the epoll, which it does when it next polls for events. */
  #pending = true
  #entries = new Map<number, Entry>()
  /** Number of the next entry. An event of a closed entry then matches no entry. */
  #next = 1
  /** Checks in a row that found nothing, and reports since then without a check. */
  #vain = 0
  #skipped = 0
  #closed = false
  /** Entries with a waiting program that keep the process running. The event loop continues as long as there is one. */
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
        // Before the close, because a child process may have the same socket, and its events would continue to arrive here.
        this.#control(EPOLL_CTL_DEL, fd, id, 0)
        if (this.#entries.size === 0) this.close()
      }
    }
  }

  /** Registers once with libuv for all sockets of the thread. The registration never changes. */
  #begin(): Carrier | Fault {
    const carrier = carry(this.#libc, this.#epoll, this.#descriptor, () => this.#report())
    if (isFault(carrier)) return carrier
    this.#descriptor = carrier.descriptor
    carrier.unref()
    // A poll phase is between the two, whatever the current phase of the loop is.
    setImmediate(() => setImmediate(() => (this.#pending = false)))
    return carrier
  }

  /** Returns the reason why libuv could not add the epoll. It is tried in another epoll first, because libuv aborts if it fails. */
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

  /** Calls all waiting callbacks and returns their number. With `first`, the interest in events that nothing waits for is removed. */
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

  /** Other code closed the descriptor. The waiting program gets the error from its next call. */
  #failed(entry: Entry): void {
    entry.armed = -1
    setImmediate(() => entry.callback?.(failedStatus, nothing))
  }

  /** Called when no socket is left in it. */
  close(): void {
    this.#closed = true
    if (current === this) current = undefined
    if (this.#carrier === undefined) this.#libc.close(this.#descriptor)
    else this.#carrier.close()
  }
}

const nothing = { readable: false, writable: false, disconnect: false }

/** Poller of this thread, while it has a socket. */
let current: Poller | undefined

/** Gives a descriptor its own watch, which it keeps until it is closed. */
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
