/**
 * Readiness on Linux: an epoll of this thread watches every socket, and the event loop watches only the epoll.
 *
 * libuv aborts the process if `epoll_ctl` fails, and it adds a descriptor again after each change of interest. A descriptor that libuv
 * already polls (EEXIST) and a user without watches left (ENOSPC) would end the program. In our own epoll a socket has its watch from when
 * it is opened until it is closed, and each failure is a value.
 */
import { type Fault, isFault, type NativeSocket, type Poll } from "@ancillary/engine/driver/Driver"
import { carry, type Carrier } from "./carrier.ts"
import { lastFault } from "./errno.ts"
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

type OnReady = Parameters<NativeSocket["poll"]>[0]

/**
 * Milliseconds for which one report checks for further events, and reports in a row that check although the last check found nothing. A
 * reply from the same process arrives immediately, and a turn of the event loop costs more than the call.
 */
const turn = 0.1
const patience = 64

/** One watched descriptor. It is a class, because a program may have thousands of sockets, and closures would cost each of them a kilobyte. */
export class Watch implements Poll {
  /**
   * Interest of the program, and interest that is set in the kernel. The kernel's interest in readable is reduced only after a report that nothing
   * waited for.
   */
  wanted = 0
  #armed = quiet
  /** False if the last report was followed by a receive that returned a datagram. */
  isDoubtful = true
  /** True if the event loop continues while the program waits. */
  #keepsAlive = true
  #closed = false
  readonly id: number
  readonly fd: number
  #poller: Poller
  #onReady: OnReady

  constructor(poller: Poller, id: number, fd: number, onReady: OnReady) {
    this.#poller = poller
    this.id = id
    this.fd = fd
    this.#onReady = onReady
  }

  update(readable: boolean, writable: boolean, failed = false): void {
    const events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0) | (failed ? EPOLLRDHUP : 0)
    if (this.#closed || events === this.wanted) return
    this.#want(events, this.#keepsAlive)
    if (events !== 0) this.#arm(events)
    // With this interest the kernel wakes the epoll for each datagram that has left, and a sender may run for many before the next report.
    else if (this.#armed > 0 && (this.#armed & EPOLLOUT) !== 0) this.#arm(quiet)
  }

  keepAlive(keeps: boolean): void {
    if (!this.#closed) this.#want(this.wanted, keeps)
  }

  close(): void {
    if (this.#closed) return
    this.#want(0, this.#keepsAlive)
    this.#closed = true
    this.#poller.remove(this)
  }

  /** Records that a receive returned a datagram. */
  hasRead(): void {
    this.isDoubtful = false
  }

  /** Reports that there may be something to read. */
  guess(): void {
    this.isDoubtful = true
    this.#call(true, false, false)
  }

  /** Removes the interest in events that nothing waits for. */
  disarm(): void {
    this.#arm(quiet)
  }

  /** Reports events to the program. An exception must not end the reports of other descriptors. */
  report(events: number): void {
    const { wanted } = this
    if ((events & EPOLLERR) !== 0) return this.#fail()
    const hungUp = (events & EPOLLHUP) !== 0
    const readable = (wanted & EPOLLIN) !== 0 && (hungUp || (events & EPOLLIN) !== 0)
    const writable = (wanted & EPOLLOUT) !== 0 && (hungUp || (events & EPOLLOUT) !== 0)
    this.#call(readable, writable, false)
  }

  /** The program starts the next interest again. */
  #fail(): void {
    this.#want(0, this.#keepsAlive)
    this.#call(true, true, true)
  }

  #call(readable: boolean, writable: boolean, failed: boolean): void {
    try {
      this.#onReady(readable, writable, failed)
    } catch (defect) {
      queueMicrotask(() => {
        throw defect
      })
    }
  }

  #want(events: number, keepsAlive: boolean): void {
    const counted = this.wanted !== 0 && this.#keepsAlive
    const counts = events !== 0 && keepsAlive
    if ((this.wanted !== 0) !== (events !== 0)) this.#poller.want(this, events !== 0)
    this.wanted = events
    this.#keepsAlive = keepsAlive
    if (counted !== counts) this.#poller.count(counts ? 1 : -1)
  }

  #arm(events: number): void {
    if (this.#armed === events) return
    this.#armed = events
    if (this.#poller.modify(this, events)) return
    // Other code closed the descriptor. The waiting program gets the error from its next call.
    this.#armed = -1
    setImmediate(() => {
      if (!this.#closed) this.#fail()
    })
  }
}

class Poller {
  #descriptor: number
  #epoll: Epoll
  #libc: Libc
  #carrier: Carrier | undefined
  /** True until libuv has added the epoll, which it does when it next polls for events. */
  #pending = true
  /** An epoll that keeps a watch for libuv. It is open as long as this one, so the number of descriptors changes with sockets only. */
  #other: number | undefined
  #isReserved = false
  #watches = new Map<number, Watch>()
  /** Watches with an interest, and one of them. */
  #wanting = 0
  #wanted: Watch | undefined
  /** Number of the next watch. An event of a closed watch then matches none. */
  #next = 1
  /** Checks in a row that found nothing, and reports since then without a check. */
  #vain = 0
  #skipped = 0
  #closed = false
  /** Watches with a waiting program that keep the process running. The event loop continues as long as there is one. */
  #waiting = 0
  #events = allocate(most * eventBytes)
  #view = new DataView(this.#events.bytes.buffer)
  #event = allocate(16)
  #eventView = new DataView(this.#event.bytes.buffer)

  constructor(libc: Libc, epoll: Epoll, descriptor: number) {
    this.#descriptor = descriptor
    this.#libc = libc
    this.#epoll = epoll
  }

  add(fd: number, onReady: OnReady): Watch | Fault {
    const id = this.#next++
    if (this.#control(EPOLL_CTL_ADD, fd, id, quiet) < 0) return lastFault("epoll_ctl")
    const refused = this.#begin() ?? (this.#pending ? this.#reserve() : undefined)
    if (refused !== undefined) {
      this.#control(EPOLL_CTL_DEL, fd, id, 0)
      return refused
    }
    const watch = new Watch(this, id, fd, onReady)
    this.#watches.set(id, watch)
    return watch
  }

  /** Sets the interest of a watch in the kernel. Returns false if that fails. */
  modify({ fd, id }: Watch, events: number): boolean {
    return this.#control(EPOLL_CTL_MOD, fd, id, events) >= 0
  }

  remove({ fd, id }: Watch): void {
    this.#watches.delete(id)
    // Before the close, because a child process may have the same socket, and its events would continue to arrive here.
    this.#control(EPOLL_CTL_DEL, fd, id, 0)
    if (this.#watches.size === 0) this.close()
  }

  /** Adds or removes a watch with an interest. */
  want(watch: Watch, wants: boolean): void {
    this.#wanting += wants ? 1 : -1
    if (wants) this.#wanted = watch
    else if (this.#wanted === watch) this.#wanted = undefined
  }

  /** Changes the number of watches that keep the process running. */
  count(by: 1 | -1): void {
    this.#waiting += by
    if (by > 0 && this.#waiting === 1) this.#carrier?.ref()
    if (this.#waiting === 0) this.#carrier?.unref()
  }

  /** Registers once with libuv for all sockets of the thread. The registration never changes. */
  #begin(): Fault | undefined {
    if (this.#carrier !== undefined) return undefined
    const refused = this.#reserve()
    if (refused !== undefined) return refused
    // libuv tries to add the epoll now, and adds it when it next polls.
    this.#release()
    const carrier = carry(this.#libc, this.#epoll, this.#descriptor, () => this.#report())
    if (isFault(carrier)) return carrier
    this.#carrier = carrier
    this.#descriptor = carrier.descriptor
    carrier.unref()
    // A poll phase is between the two, whatever the current phase of the loop is.
    setImmediate(() => setImmediate(() => (this.#pending = false)))
    return undefined
  }

  /**
   * Keeps the watch that libuv takes when it next polls, because libuv aborts if it gets none. Another epoll has it until this run of
   * the program ends. Returns the reason if there is no watch left.
   */
  #reserve(): Fault | undefined {
    if (this.#isReserved) return undefined
    if (this.#other === undefined) {
      const other = this.#epoll.create(EPOLL_CLOEXEC)
      if (other < 0) return lastFault("epoll_create1")
      this.#other = other
    }
    if (this.#epoll.control(this.#other, EPOLL_CTL_ADD, this.#descriptor, this.#event.address) < 0)
      return lastFault("epoll_ctl")
    this.#isReserved = true
    // Node runs it after all microtasks, and before the event loop continues.
    process.nextTick(() => this.#release())
    return undefined
  }

  #release(): void {
    if (this.#isReserved && this.#other !== undefined)
      this.#epoll.control(this.#other, EPOLL_CTL_DEL, this.#descriptor, this.#event.address)
    this.#isReserved = false
  }

  #control(operation: number, fd: number, id: number, events: number): number {
    this.#eventView.setUint32(0, events, true)
    this.#eventView.setUint32(dataAt, id, true)
    return this.#epoll.control(this.#descriptor, operation, fd, this.#event.address)
  }

  #report(): void {
    const checks = this.#vain < 2 || ++this.#skipped % patience === 0
    const until = checks ? performance.now() + turn : 0
    const only = this.#only()
    if (only === undefined) this.#dispatch(true)
    else only.guess()
    for (let goesOn = checks; goesOn && !this.#closed && performance.now() < until;) {
      this.#vain = this.#dispatch(false) > 0 ? 0 : this.#vain + 1
      goesOn = this.#vain < 2
    }
  }

  /**
   * Returns the watch that a report is for if no call is needed to find it: only one waits, only for datagrams, and its last report brought
   * one. A receive also returns a pending error, but no entry of the error queue. After a receive that returned nothing, the next report
   * therefore reads the events.
   */
  #only(): Watch | undefined {
    const watch = this.#wanting === 1 ? this.#wanted : undefined
    return watch?.wanted === EPOLLIN && !watch.isDoubtful ? watch : undefined
  }

  /**
   * Calls all waiting callbacks and returns their number. With `first`, the interest in events that nothing waits for is removed. Without it,
   * those that a report has called and that have read nothing since are left to the next report.
   */
  #dispatch(first: boolean): number {
    let called = 0
    const count = this.#epoll.wait(this.#descriptor, this.#events.address, most, 0)
    for (let i = 0; i < count; i++) {
      const watch = this.#watches.get(this.#view.getUint32(i * eventBytes + dataAt, true))
      if (watch === undefined) continue
      if (watch.wanted === 0) {
        if (first) watch.disarm()
        continue
      }
      // Its reader was woken and has not read yet, because a fiber or a promise continues after the report.
      if (!first && watch.isDoubtful) continue
      called++
      watch.isDoubtful = true
      this.#wanted = watch
      watch.report(this.#view.getUint32(i * eventBytes, true))
    }
    return called
  }

  /** Called when no socket is left in it. */
  close(): void {
    this.#closed = true
    if (current === this) current = undefined
    this.#release()
    if (this.#other !== undefined) this.#libc.close(this.#other)
    this.#other = undefined
    if (this.#carrier === undefined) this.#libc.close(this.#descriptor)
    else this.#carrier.close()
  }
}

/** Poller of this thread, while it has a socket. */
let current: Poller | undefined

/** Gives a descriptor its own watch, which it keeps until it is closed. */
export const register = (libc: Libc, epoll: Epoll, fd: number, onReady: OnReady): Watch | Fault => {
  if (current !== undefined) return current.add(fd, onReady)
  const descriptor = epoll.create(EPOLL_CLOEXEC)
  if (descriptor < 0) return lastFault("epoll_create1")
  const poller = new Poller(libc, epoll, descriptor)
  const registration = poller.add(fd, onReady)
  if (isFault(registration)) poller.close()
  else current = poller
  return registration
}
