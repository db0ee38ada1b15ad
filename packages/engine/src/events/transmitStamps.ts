/**
 * Assigns transmit timestamps to sends.
 *
 * Linux: the kernel numbers the stamped sends of a socket from 0, and a stamp has the number. A send that fails may have used a number. One
 * that fails because the queue of the interface is full has used one. One that is too large has used one on some kernels (before 6.9) and
 * not on others. (`SCM_TS_OPT_ID` sets the number; since 6.13.)
 *
 * Each send therefore has a range of possible numbers, which is one number unless sends failed. If several sends may have the number of a
 * stamp, it waits until another stamp narrows their ranges. A number is never guessed.
 */

/** A stamp with the kernel's number. */
export interface NumberedStamp {
  readonly number: number
  readonly stage: "sent" | "scheduled"
  readonly timestamp: bigint
}

/** A stamp with the program's id. */
export interface NamedStamp {
  readonly id: number
  readonly stage: "sent" | "scheduled"
  readonly timestamp: bigint
}

/** A point between two sends: the possible values of the kernel's counter there, and the least and most it has moved by then. */
interface Position {
  minimum: number
  maximum: number
  readonly least: number
  readonly most: number
}

interface Send {
  readonly id: number
  readonly before: Position
  /** Position before the next send. */
  readonly after: Position
  /** Stamps that may arrive. */
  readonly stages: Set<NumberedStamp["stage"]>
  readonly failed: boolean
}

/** Maximum number of sends whose stamps are awaited, because some interfaces never stamp. */
const maximumSends = 1024
/** Maximum number of stamps that wait for an assignment. */
const maximumWaiting = 64

export class StampIds {
  #sends: Array<Send> = []
  #now: Position = { minimum: 0, maximum: 0, least: 0, most: 0 }
  /** A stamp with a lower number may belong to a forgotten send. */
  #forgotten: Position = this.#now
  #waiting: Array<NumberedStamp> = []
  /** Stamps that belong to no known send, or exceed the limit. */
  lost = 0

  /** Records a send that requested stamps, and whether it succeeded. */
  sent(id: number, scheduled: boolean, went: boolean): void {
    // A failed send is stamped immediately or never, so it is dropped, unless a waiting stamp may still belong to it.
    while (this.#waiting.length === 0 && this.#sends[0]?.failed === true) this.#sends.shift()
    if (this.#sends.length === maximumSends) this.#forgotten = this.#sends.shift()?.after ?? this.#forgotten
    const { least, maximum, minimum, most } = this.#now
    const surely = went ? 1 : 0
    const after = { minimum: minimum + surely, maximum: maximum + 1, least: least + surely, most: most + 1 }
    const stages = new Set<NumberedStamp["stage"]>(scheduled ? ["scheduled"] : [])
    if (went) stages.add("sent")
    this.#sends.push({ id, before: this.#now, after, stages, failed: !went })
    this.#now = after
  }

  /** Records a stamp. Returns the stamps that are now assigned: its own, and perhaps some that waited. */
  tell(stamp: NumberedStamp): ReadonlyArray<NamedStamp> {
    const known: Array<NamedStamp> = []
    this.#waiting.push(stamp)
    for (let before = -1; before !== known.length;) {
      before = known.length
      this.#waiting = this.#waiting.filter((each) => {
        const fitting = this.#sends.filter((send) => (numberOf(send, each) ?? -1) >= this.#forgotten.maximum)
        const [send] = fitting
        if (send === undefined) this.lost++
        if (send === undefined || fitting.length > 1) return send !== undefined
        this.#settle(send, each)
        known.push({ id: send.id, stage: each.stage, timestamp: each.timestamp })
        return false
      })
    }
    if (this.#waiting.length > maximumWaiting) this.lost += this.#waiting.splice(0, 1).length
    return known
  }

  /** The send's number is now known. Narrows the possible numbers of its neighbours by their distance from it. */
  #settle(send: Send, stamp: NumberedStamp): void {
    const number = numberOf(send, stamp) ?? 0
    const positions = new Set(this.#sends.flatMap(({ after, before }) => [before, after]))
    positions.add(this.#forgotten).add(this.#now)
    for (const position of positions) {
      narrow(position, send.before, number)
      narrow(position, send.after, number + 1)
    }
    send.stages.delete(stamp.stage)
    if (send.stages.size === 0) this.#sends.splice(this.#sends.indexOf(send), 1)
  }
}

/** Narrows the possible values of a position by its distance from a known one. */
const narrow = (position: Position, from: Position, value: number): void => {
  const [near, far] = [position.least - from.least, position.most - from.most]
  const isBehind = far >= 0
  position.minimum = Math.max(position.minimum, value + (isBehind ? near : far))
  position.maximum = Math.min(position.maximum, value + (isBehind ? far : near))
}

/** Returns the number of a stamp, extended beyond 32 bits, if the send may have it. */
const numberOf = ({ after, before, stages }: Send, { number, stage }: NumberedStamp): number | undefined => {
  const whole = before.minimum + ((number - before.minimum) | 0)
  // A failed send has used no number if the next send's number is not larger.
  const fits = whole >= before.minimum && whole <= before.maximum && whole + 1 <= after.maximum
  return fits && whole + 1 >= after.minimum && stages.has(stage) ? whole : undefined
}
