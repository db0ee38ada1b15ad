/** Sockets that outlive their program: taken from a predecessor or a service manager, and handed to a successor. */
import type { Driver } from "@ancillary/engine/driver/Driver"
import type { DatagramBindError, DatagramUnsupportedError } from "@ancillary/engine/errors/DatagramError"
import { takeDescriptor } from "@ancillary/engine/socket"
import { Channel, type Letter, maximumSockets } from "./channel.ts"
import { notifyReady } from "./notices.ts"
import { type NamedDescriptor, passedSockets } from "./passedSockets.ts"

/**
 * A hand-over that failed. `NoAnswer`: the predecessor did not answer, or did not stop, in time. `Refused`: it hands its sockets to another program.
 * `Path`: the socket could not get the path. `NotNotified`: the service manager did not get a message.
 *
 * @category models
 * @since 0.1.0
 */
export interface HandOverFault {
  readonly reason: "NoAnswer" | "Refused" | "Path" | "NotNotified"
  /** Absent if the hand-over has no path. */
  readonly path: string | undefined
  /** A sentence that ends with a remedy. */
  readonly message: string
}

/**
 * Options in the units of this package: milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface HandOverStart {
  readonly driver: Driver
  readonly path: string | undefined
  readonly patience: number
  /** True if sockets are stored in the descriptor store of systemd. */
  readonly store: boolean
}

/**
 * A socket that was passed to this program.
 *
 * @category models
 * @since 0.1.0
 */
export interface PassedSocket extends NamedDescriptor {
  readonly by: "predecessor" | "systemd"
  readonly close: () => void
}

/** Milliseconds after which a request is sent again, to find out whether the predecessor still lives. */
const again = 100

/** True if no program has the path to which a letter was sent. */
const hasEnded = (code: string | undefined): boolean => code === "ENOENT" || code === "ECONNREFUSED"

/** A promise and the function that resolves it. */
const promised = () => {
  let resolve = (): void => {}
  const promise = new Promise<void>((resolved) => (resolve = resolved))
  return { promise, resolve }
}

/**
 * A hand-over in progress, without a face.
 *
 * @category models
 * @since 0.1.0
 */
export class HandOver {
  readonly #start: HandOverStart
  readonly #channel: Channel | undefined
  #passed: Array<PassedSocket> = []
  #offered: Array<NamedDescriptor & { readonly by: PassedSocket["by"] | "bind" }> = []
  /** Path of the program that takes over. */
  #successor: string | undefined
  #hasPredecessor = false
  #isOver = false
  #begun = false
  #taken = promised()
  /** True if this program has stopped, and its successor may begin. */
  #isReleased = false
  readonly #served = promised()
  #wake: (letter: Letter) => void = () => {}
  /** The wait for the predecessor, which several calls share. */
  #awaiting: Promise<HandOverFault | undefined> | undefined

  constructor(start: HandOverStart, channel: Channel | undefined) {
    this.#start = start
    this.#channel = channel
    this.#passed = passedSockets().map((each) => ({ ...each, by: "systemd", close: () => {} }))
    if (channel === undefined) return
    channel.onLetter = (letter) => this.#answer(letter)
    channel.read()
  }

  /** Opens the channel. */
  static open(start: HandOverStart): HandOver | DatagramBindError | DatagramUnsupportedError {
    const channel = start.path === undefined ? undefined : Channel.open(start.driver, start.path)
    return channel !== undefined && "_tag" in channel ? channel : new HandOver(start, channel)
  }

  /** Takes the sockets of the predecessor, if one runs. */
  take(): Promise<HandOverFault | undefined> {
    return this.#ask("take", "sockets")
  }

  /** Takes the first socket of a name. It then belongs to the caller, and no other call gets it. */
  claim(name: string): PassedSocket | undefined {
    const claimed = this.#passed.find((each) => each.name === name)
    this.#passed = this.#passed.filter((each) => each !== claimed)
    return claimed
  }
  /** Returns a claimed socket that could not be adopted, and is still open. */
  unclaim(claimed: PassedSocket): void {
    // After the announcement nothing else would close it.
    if (this.#begun || this.#isOver) claimed.close()
    else this.#passed.unshift(claimed)
  }
  /** Offers a socket that was claimed or bound to the successor, until the returned function is called. */
  offer(name: string, descriptor: number, claimed: PassedSocket | undefined): () => void {
    const offered = { name, descriptor, by: claimed?.by ?? ("bind" as const) }
    this.#offered.push(offered)
    return () => void (this.#offered = this.#offered.filter((each) => each !== offered))
  }
  /** Names of the sockets that were passed and not claimed. */
  get unclaimed(): ReadonlyArray<string> {
    return this.#passed.map(({ name }) => name)
  }

  /** Resolves when a successor has taken the sockets and is ready. */
  get taken(): Promise<void> {
    return this.#taken.promise
  }

  /** Waits until the predecessor has stopped, and announces this program. */
  async begin(): Promise<HandOverFault | undefined> {
    return (await this.awaitPredecessor()) ?? this.announce()
  }

  /** Waits until the predecessor has stopped. It serves again if this program ends before it announces itself. */
  awaitPredecessor(): Promise<HandOverFault | undefined> {
    if (!this.#hasPredecessor || this.#begun) return Promise.resolve(undefined)
    // An interrupted caller leaves its wait behind. Beside a second one, it would ask this program itself after the announcement.
    this.#awaiting ??= this.#ask("ready", "over").finally(() => (this.#awaiting = undefined))
    return this.#awaiting
  }

  /** Lets the predecessor end, closes its sockets that were not claimed, and waits for a successor from then on. */
  announce(): HandOverFault | undefined {
    if (this.#begun) return undefined
    for (const { close } of this.#passed) close()
    this.#passed = []
    // systemd has to know the new main process before the old one ends. It already has the sockets that it passed.
    const stored = this.#start.store ? this.#offered.filter(({ by }) => by !== "systemd") : []
    const unsent = notifyReady(this.#start.driver, stored)
    if (unsent !== undefined)
      return this.#fault("NotNotified", `The service manager was not notified (${unsent}). Check NOTIFY_SOCKET.`)
    // Until this program has the path, its predecessor is reached there. One that has ended does not need to know.
    if (this.#hasPredecessor && this.#channel !== undefined) this.#channel.send(this.#channel.path, "serving")
    const why = this.#channel?.listen()
    // A program whose announcement failed may try again.
    this.#begun = why === undefined
    if (why === undefined) return undefined
    const remedy = "Choose a path in a directory that this program may write to"
    return this.#fault("Path", `The hand-over socket cannot get its path (${why}). ${remedy}.`)
  }

  /**
   * Lets the successor begin, because this program has stopped. Resolves with true when it serves. Resolves with false if it ended before, or does not serve
   * in time: then this program has to serve again, and another successor may ask.
   */
  async release(): Promise<boolean> {
    const successor = this.#successor
    const channel = this.#channel
    if (successor === undefined || channel === undefined) return true
    this.#isReleased = true
    const until = performance.now() + this.#start.patience
    for (let ended = false; !ended && performance.now() < until;) {
      ended = hasEnded(channel.send(successor, "over"))
      // A letter that it sent before it ended is read meanwhile.
      if (await this.#servedWithin(again)) return true
    }
    this.#successor = undefined
    this.#isReleased = false
    this.#taken = promised()
    return false
  }

  /** Ends the hand-over. A successor that waits begins. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const { close } of this.#passed) close()
    this.#passed = []
    if (this.#successor !== undefined && !this.#isReleased) this.#channel?.send(this.#successor, "over")
    this.#channel?.close(this.#successor !== undefined)
  }

  #servedWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(this.#isOver), milliseconds)
    })
    const served = this.#served.promise.then(() => true)
    return Promise.race([served, late]).finally(() => clearTimeout(timer))
  }

  #fault(reason: HandOverFault["reason"], message: string): HandOverFault {
    return { reason, path: this.#channel?.path, message }
  }

  /** Asks the predecessor until it answers. Resolves without a fault if there is no predecessor. */
  #ask(word: "take" | "ready", answer: "sockets" | "over"): Promise<HandOverFault | undefined> {
    const channel = this.#channel
    if (channel === undefined) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const until = performance.now() + this.#start.patience
      const done = (fault: HandOverFault | undefined) => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve(fault)
      }
      const ask = (): void => {
        if (this.#isOver) return done(undefined)
        const code = channel.send(channel.path, word)
        // No program has the path, or it ended meanwhile. Its sockets, if they were passed, are this program's.
        if (hasEnded(code)) return done(undefined)
        if (performance.now() < until) return void (timer = setTimeout(ask, again))
        const what = word === "take" ? "did not answer" : "did not stop"
        done(this.#fault("NoAnswer", `The program at ${channel.path} ${what} in time. End it, or raise \`patience\`.`))
      }
      this.#wake = (letter) => {
        if (letter.word === "refused")
          return done(
            this.#fault(
              "Refused",
              `The program at ${channel.path} hands its sockets to another one. Start one at a time.`
            )
          )
        if (letter.word !== answer) return
        if (letter.word === "sockets") this.#receive(letter)
        done(undefined)
      }
      let timer: NodeJS.Timeout | undefined
      ask()
    })
  }

  #receive({ names, rights }: Letter): void {
    this.#hasPredecessor = true
    const passed: Array<PassedSocket> = []
    for (const [i, right] of rights.entries()) {
      const close = takeDescriptor(right)
      const name = names[i]
      if (close !== undefined && name !== undefined)
        passed.push({ name, descriptor: right.number, by: "predecessor", close })
      else close?.()
    }
    // The predecessor's are the newest.
    this.#passed = [...passed, ...this.#passed]
  }

  /** Answers a successor, or hands the answer of the predecessor to the one who asked. */
  #answer(letter: Letter): void {
    const { from, word } = letter
    if (word === "take" || word === "ready") {
      if (!this.#begun) return
      const isOther = this.#successor !== undefined && this.#successor !== from
      if (isOther) {
        // If the successor has ended, `release` finds out soon. Until then the other one gets no answer, and asks again.
        if (!hasEnded(this.#channel?.probe(this.#successor ?? ""))) this.#channel?.send(from, "refused")
      } else if (word === "take") this.#channel?.send(from, "sockets", this.#offered.slice(0, maximumSockets))
      else if (this.#successor === undefined) {
        this.#successor = from
        this.#taken.resolve()
      }
    } else if (word === "serving") {
      if (!this.#begun) return
      // Also one that this program no longer waited for.
      this.#successor = from
      this.#served.resolve()
      this.#taken.resolve()
    } else this.#wake(letter)
  }
}
