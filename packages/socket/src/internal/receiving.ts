/** Ways to read one datagram, or one batch, from a socket of the engine. */
import { Codec } from "@ancillary/control"
import { isFault } from "@ancillary/engine/driver/Driver"
import type { DatagramReceiveError as Failure } from "@ancillary/engine/errors/DatagramError"
import {
  type Conversation,
  DatagramFault,
  ReceivedDatagram,
  receiveInvalid,
  type ReceiveWait,
  type ScatteredDatagram
} from "@ancillary/engine/socket"
import { DatagramFaultError, errorOf } from "../DatagramError.ts"
import type { Waiting } from "../DatagramSocket.ts"
import { abortable, reading, signalOf, type Wait } from "./waiting.ts"

/** The longest time that a timer of Node takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

/** Returns what a receive of the engine took, or throws its failure. */
export const present = <A extends object>(taken: A | DatagramFault | Failure): A => {
  if (taken instanceof DatagramFault) throw DatagramFaultError.of(taken)
  if (isFault(taken)) throw errorOf(taken)
  return taken
}

/** Runs a synchronous attempt first, because a datagram is often there. */
export const attempting = <A extends object>(
  core: Conversation,
  options: Waiting | undefined,
  take: () => A | Wait
): Promise<A> => {
  try {
    const signal = signalOf(core, options)
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    const found = take()
    if (isTaken(found)) return Promise.resolve(found)
    let wait: Wait | undefined = found
    return reading(
      core,
      () => {
        const due: A | Wait = wait ?? take()
        wait = undefined
        return isTaken(due) ? { taken: due } : due
      },
      signal
    )
  } catch (error) {
    return Promise.reject(error)
  }
}

const isTaken = <A extends object>(found: A | Wait): found is A => typeof found === "object" && !("begin" in found)

type One<A> = A | DatagramFault | Failure | undefined | "again" | "later"

/** Takes one datagram with `one`, or returns the wait that is due. */
const taking =
  <A extends object>(core: Conversation, one: () => One<A>) =>
  (): A | Wait => {
    for (;;) {
      // A closed socket has no turns to wait for.
      const due = core.closed ? undefined : core.due()
      if (due !== undefined) return due
      const taken = one()
      if (taken === undefined) return "readable"
      // Datagrams that the spec drops used up the turn.
      if (taken === "later") return 0
      if (taken !== "again") return present<A>(taken)
    }
  }

export const receive = (core: Conversation, options: Waiting | undefined): Promise<ReceivedDatagram> =>
  attempting<ReceivedDatagram>(
    core,
    options,
    taking<ReceivedDatagram>(core, () => core.receive())
  )

export const peek = (core: Conversation, options: Waiting | undefined): Promise<ReceivedDatagram> =>
  attempting<ReceivedDatagram>(
    core,
    options,
    taking<ReceivedDatagram>(core, () => core.peek())
  )

export const receiveScattered = (
  core: Conversation,
  sizes: unknown,
  options: Waiting | undefined
): Promise<ScatteredDatagram> => {
  const copy = copyOf(sizes)
  if (copy === undefined)
    return Promise.reject(
      errorOf(receiveInvalid(core, "sizes", `${Codec.format(sizes)} is not an array of sizes: give one`))
    )
  return attempting<ScatteredDatagram>(
    core,
    options,
    taking<ScatteredDatagram>(core, () => core.receiveScattered(copy))
  )
}

/** Copies an array, which may be a proxy that throws. The engine checks its members. */
const copyOf = (given: unknown): ReadonlyArray<number> | undefined => {
  try {
    return Array.isArray(given) ? Array.from<number>(given) : undefined
  } catch {
    return undefined
  }
}

/** Takes the datagrams of one call, at most `most`. Faults and errors of earlier datagrams are counted and skipped. */
export const receiveBatch = (
  core: Conversation,
  options: Waiting | undefined,
  most?: number
): Promise<ReadonlyArray<ReceivedDatagram>> =>
  attempting<ReadonlyArray<ReceivedDatagram>>(core, options, () => {
    for (;;) {
      const due = core.closed ? undefined : core.due()
      if (due !== undefined) return due
      const taken = core.tryReceive(most)
      if (isFault(taken)) throw errorOf(taken)
      if (taken.length === 0) return core.due() ?? "readable"
      const datagrams = taken.every(isDatagram) ? taken : taken.filter(isDatagram)
      if (datagrams.length > 0) return datagrams
    }
  })

export const receiveUpTo = (
  core: Conversation,
  maximum: unknown,
  options: Waiting | undefined
): Promise<ReadonlyArray<ReceivedDatagram>> =>
  Codec.isInteger(maximum, 1, Number.MAX_SAFE_INTEGER)
    ? receiveBatch(core, options, maximum)
    : Promise.reject(
        errorOf(
          receiveInvalid(core, "maximum", `${Codec.format(maximum)} is not a number of datagrams: give 1 or more`)
        )
      )

const isDatagram = (outcome: unknown): outcome is ReceivedDatagram => outcome instanceof ReceivedDatagram

/** Returns a number of milliseconds, or throws. */
export const checkMilliseconds = (core: Conversation, given: unknown): number => {
  if (typeof given === "number" && !Number.isNaN(given)) return given
  const why = `${Codec.format(given)} is not a number of milliseconds: give 0 or more`
  throw errorOf(receiveInvalid(core, "milliseconds", why))
}

/** Takes one datagram, or resolves with `undefined` after a number of milliseconds. Only the wait races the clock, and a wait takes nothing. */
export const receiveWithin = (
  core: Conversation,
  milliseconds: unknown,
  options: Waiting | undefined
): Promise<ReceivedDatagram | undefined> =>
  new Promise((resolve, reject) => {
    const signal = signalOf(core, options)
    if (signal?.aborted === true) return reject(signal.reason)
    const deadline = performance.now() + checkMilliseconds(core, milliseconds)
    let isLast = false
    // A loop of reads without time would otherwise run without a turn of the event loop, which reports new datagrams.
    const last = () => {
      isLast = true
      abortable(
        signal,
        (f) => core.wait(0, f),
        again,
        () => reject(signal?.reason)
      )
    }
    const again = (): void => {
      try {
        const taken = core.receive()
        if (taken !== undefined && taken !== "again") return resolve(present<ReceivedDatagram>(taken))
        pause(core.due() ?? (taken === undefined ? "readable" : 0))
      } catch (error) {
        reject(error)
      }
    }
    const pause = (due: ReceiveWait): void => {
      const left = deadline - performance.now()
      if (left <= 0) return isLast ? resolve(undefined) : last()
      let isOver = false
      let timer: ReturnType<typeof setTimeout> | undefined
      const end = () => {
        isOver = true
        clearTimeout(timer)
      }
      const cancel = abortable(
        signal,
        (f) => core.wait(due, f),
        () => {
          end()
          again()
        },
        () => {
          end()
          reject(signal?.reason)
        }
      )
      // The wait may be over already.
      if (isOver || left === Infinity) return
      const expire = () => {
        cancel()
        again()
      }
      timer = setTimeout(expire, Math.min(left, longestTimer))
    }
    // Other sockets have their turn even if the time is 0. The attempt comes after it.
    const due = core.closed ? undefined : core.due()
    if (due === undefined) again()
    else pause(due)
  })
