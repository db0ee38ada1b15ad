/** Shares the system's notices about interfaces within the process. One observer of a driver is open while it has a follower. */
import { type Driver, type Fault, type InterfaceNotices, type InterfaceObserver, isFault, type Poll } from "./Driver.ts"

/**
 * Handles notices. The function that it returns runs after all followers have handled them.
 *
 * @category drivers
 * @since 0.1.0
 */
export type Follower = (notices: InterfaceNotices) => (() => void) | undefined

const shared = new WeakMap<Driver, Notices>()

/**
 * The notices of a driver about its interfaces, which several followers share.
 *
 * @category drivers
 * @since 0.1.0
 */
export class Notices {
  #driver: Driver
  #observer: InterfaceObserver | undefined
  #poll: Poll | undefined
  #followers = new Set<Follower>()
  #attending = 0

  /** Returns the shared notices of a driver. */
  static of(driver: Driver): Notices {
    const known = shared.get(driver) ?? new Notices(driver)
    shared.set(driver, known)
    return known
  }

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** Follows and attends until `end`. Returns false if this system has no notices, or cannot poll them now. */
  begin(follower: Follower): boolean {
    let isAttended = false
    try {
      isAttended = this.follow(follower) && this.attend() === undefined
      return isAttended
    } finally {
      if (!isAttended) this.leave(follower)
    }
  }

  end(follower: Follower): void {
    this.unattend()
    this.leave(follower)
  }

  /** Passes each later batch of notices to a function. Returns false if this system has no notices. */
  follow(follower: Follower): boolean {
    if (this.#observer === undefined) {
      const observer = this.#driver.observeInterfaces?.()
      if (observer === undefined || isFault(observer)) return false
      this.#observer = observer
    }
    this.#followers.add(follower)
    return true
  }

  /** Removes a follower. The observer is closed with the last one. */
  leave(follower: Follower): void {
    if (!this.#followers.delete(follower) || this.#followers.size > 0) return
    this.#poll?.close()
    this.#observer?.close()
    this.#poll = undefined
    this.#observer = undefined
  }

  /** Takes the queued notices without waiting, and passes them to all followers. */
  take(): void {
    const notices = this.#observer?.take()
    if (notices?.changed !== true) return
    const rest = Array.from(this.#followers, (follower) => follower(notices))
    for (const then of rest) then?.()
  }

  /** Lets the event loop take the notices until `unattend` is called as often as this. The process keeps running in that time. */
  attend(): Fault | undefined {
    if (this.#observer === undefined) return undefined
    if (this.#poll === undefined) {
      const poll = this.#observer.poll(() => {
        this.take()
        // After an error the poll reports nothing until the interest is set again.
        this.#poll?.update(this.#attending > 0, false)
      })
      if (isFault(poll)) return poll
      this.#poll = poll
    }
    this.#attending++
    this.#poll?.update(true, false)
    return undefined
  }

  unattend(): void {
    this.#attending--
    if (this.#attending === 0) this.#poll?.update(false, false)
  }
}
