/**
 * The system's notices about interfaces, as all of this process share them: one observer of a driver, open while anything follows it.
 */
import { type Driver, type Fault, type InterfaceNotices, type InterfaceObserver, isFault, type Poll } from "./Driver.ts"

/**
 * Handles notices. What it returns is run once all followers have handled them.
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

  /** Those of a driver. */
  static of(driver: Driver): Notices {
    const known = shared.get(driver) ?? new Notices(driver)
    shared.set(driver, known)
    return known
  }

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** Hands notices to a function from now on, whenever they are taken. False if this system has none. */
  follow(follower: Follower): boolean {
    if (this.#observer === undefined) {
      const observer = this.#driver.observeInterfaces?.()
      if (observer === undefined || isFault(observer)) return false
      this.#observer = observer
    }
    this.#followers.add(follower)
    return true
  }

  /** Ends that; the last one closes the observer. */
  leave(follower: Follower): void {
    if (!this.#followers.delete(follower) || this.#followers.size > 0) return
    this.#poll?.close()
    this.#observer?.close()
    this.#poll = undefined
    this.#observer = undefined
  }

  /** Takes the queued notices without waiting, and hands them to all. */
  take(): void {
    const notices = this.#observer?.take()
    if (notices?.changed !== true) return
    const rest = Array.from(this.#followers, (follower) => follower(notices))
    for (const then of rest) then?.()
  }

  /** Has the event loop take them, until `unattend` was called as often. It keeps the process running meanwhile. */
  attend(): Fault | undefined {
    if (this.#observer === undefined) return undefined
    if (this.#poll === undefined) {
      const poll = this.#observer.poll(() => {
        this.take()
        // After an error nothing is reported until it is asked for again.
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
