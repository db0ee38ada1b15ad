/** Waits of readers, as promises that an `AbortSignal` ends. A wait takes nothing from the socket. */
import { Codec } from "@ancillary/control"
import { receiveInvalid } from "@ancillary/engine/socket"
import type { Cancel, Conversation, ReceiveWait } from "@ancillary/engine/socket"
import { errorOf } from "../DatagramError.ts"
import type { Waiting } from "../DatagramSocket.ts"
import { quietly } from "./printing.ts"

/** The wait of an attempt that found nothing: until the socket is readable, or a number of milliseconds, or until there is an event. */
export type Wait = ReceiveWait | Event

/** Waits until there are events, and calls `f` once. */
export interface Event {
  readonly begin: (f: () => void) => Cancel
}

/** Calls `f` when another attempt is due, or when the socket is closed. */
const beginWait = (core: Conversation, wait: Wait, f: () => void): Cancel =>
  typeof wait === "object" ? wait.begin(f) : core.wait(wait, f)

/** Returns the signal of the options, or throws if it is not one. */
export const signalOf = (core: Conversation, options: Waiting | undefined): AbortSignal | undefined => {
  if (options === undefined) return undefined
  const read = readSignal(options)
  if (typeof read !== "string") return read
  throw errorOf(receiveInvalid(core, "signal", `${read} is not an AbortSignal: give one, or leave it out`))
}

/** Returns the signal of the options, or a description of another value. */
export const readSignal = (options: unknown): AbortSignal | string | undefined => {
  try {
    const given: unknown =
      options === null || options === undefined ? undefined : (options as { readonly signal?: unknown }).signal
    if (given === undefined || isSignal(given)) return given
    return Codec.format(given)
  } catch (cause) {
    return `a value that cannot be read (${Codec.format(cause)})`
  }
}

const isSignal = (given: unknown): given is AbortSignal =>
  typeof given === "object" &&
  given !== null &&
  typeof Reflect.get(given, "aborted") === "boolean" &&
  typeof Reflect.get(given, "addEventListener") === "function" &&
  typeof Reflect.get(given, "removeEventListener") === "function"

/**
 * Calls `f` when a signal aborts, until the returned function is called. If the signal only resembles one, its own functions may throw: this
 * call throws then, and the returned function never does.
 */
export const whenAborted = (signal: AbortSignal, f: () => void): Cancel => {
  signal.addEventListener("abort", f)
  return () => quietly(() => signal.removeEventListener("abort", f))
}

/**
 * Runs `begin`, which starts to wait and calls `f` when the wait is over. Calls `aborted` instead if the signal aborts first. The listener of
 * the signal is removed in both cases.
 */
export const abortable = (
  signal: AbortSignal | undefined,
  begin: (f: () => void) => Cancel,
  f: () => void,
  aborted: () => void
): Cancel => {
  if (signal === undefined) return begin(f)
  let isOver = false
  let leave: Cancel = () => {}
  const end = () => {
    isOver = true
    ignore()
  }
  const onAbort = () => {
    if (isOver) return
    end()
    leave()
    aborted()
  }
  const ignore = whenAborted(signal, onAbort)
  leave = begin(() => {
    if (isOver) return
    end()
    f()
  })
  return () => {
    if (isOver) return
    end()
    leave()
  }
}

/**
 * Repeats `attempt` until it returns something else than a wait. An exception of `attempt` rejects. If the signal aborts during a wait, the
 * promise rejects with its reason, and nothing was taken.
 */
export const reading = <A extends object | undefined>(
  core: Conversation,
  attempt: () => { readonly taken: A } | Wait,
  signal: AbortSignal | undefined
): Promise<A> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const again = (): void => {
      try {
        const found = attempt()
        if (typeof found === "object" && "taken" in found) return resolve(found.taken)
        abortable(
          signal,
          (f) => beginWait(core, found, f),
          again,
          () => reject(signal?.reason)
        )
      } catch (error) {
        reject(error)
      }
    }
    again()
  })
