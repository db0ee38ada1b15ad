/**
 * Which send a transmit stamp belongs to.
 *
 * Linux: the kernel numbers the sends of a socket that are stamped, from 0, and a stamp tells the number. A send that fails may have taken a
 * number or not: one that a full queue of the interface refuses has, one that is too large has on some kernels (before 6.9) and not on others.
 * (`SCM_TS_OPT_ID` would tell the kernel which number to use; since 6.13.) So each send has a range of numbers that it may have: of one number,
 * unless sends failed. A stamp whose number several sends may have waits until another stamp narrows their ranges: never is one guessed.
 */

/** A stamp as the kernel tells it. */
export interface NumberedStamp {
  readonly number: number
  readonly stage: "sent" | "scheduled"
  readonly timestamp: bigint
}

/** A stamp as the program knows it. */
export interface NamedStamp {
  readonly id: number
  readonly stage: "sent" | "scheduled"
  readonly timestamp: bigint
}

/** A point between two sends: what the kernel's counter may be there, and how far it had moved by then at least and at most. */
interface Position {
  minimum: number
  maximum: number
  readonly least: number
  readonly most: number
}

interface Send {
  readonly id: number
  readonly before: Position
  /** What the next send has before it. */
  readonly after: Position
  /** Stamps that may come. */
  readonly stages: Set<NumberedStamp["stage"]>
  readonly failed: boolean
}

/** Sends whose stamps are waited for: of some interfaces none ever comes. */
const maximumSends = 1024
/** Stamps that wait to be told apart. */
const maximumWaiting = 64

export class StampIds {
  #sends: Array<Send> = []
  #now: Position = { minimum: 0, maximum: 0, least: 0, most: 0 }
  /** Below this a stamp may be of a send that is not remembered. */
  #forgotten: Position = this.#now
  #waiting: Array<NumberedStamp> = []
  /** Stamps of nobody's, or of too many. */
  lost = 0

  /** A send that asked for stamps, and whether it succeeded. */
  sent(id: number, scheduled: boolean, went: boolean): void {
    // What failed was either stamped at once or is never; but one of the stamps that wait may be its.
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

  /** What is known by one more stamp: its own send, and perhaps those of stamps that waited. */
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

  /** A send has this very number: whatever lies before and behind it is as far away as sends lie between. */
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

/** What a position may be, seen from one that is known. */
const narrow = (position: Position, from: Position, value: number): void => {
  const [near, far] = [position.least - from.least, position.most - from.most]
  const isBehind = far >= 0
  position.minimum = Math.max(position.minimum, value + (isBehind ? near : far))
  position.maximum = Math.min(position.maximum, value + (isBehind ? far : near))
}

/** The number of a stamp, counted on beyond 32 bits, where a send may have it. */
const numberOf = ({ after, before, stages }: Send, { number, stage }: NumberedStamp): number | undefined => {
  const whole = before.minimum + ((number - before.minimum) | 0)
  // A send that failed has none where the next one's is no greater.
  const fits = whole >= before.minimum && whole <= before.maximum && whole + 1 <= after.maximum
  return fits && whole + 1 >= after.minimum && stages.has(stage) ? whole : undefined
}
