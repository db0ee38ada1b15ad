/** Sending from a socket of the engine. Everything is validated first, so a failed message was not sent. */
import type { DatagramSendError as Failure } from "@ancillary/engine/errors/DatagramError"
import { type Conversation, type Pause, SendQueue } from "@ancillary/engine/socket"
import { type DatagramSendError, errorOf } from "../DatagramError.ts"
import type { SendReport, Waiting } from "../DatagramSocket.ts"
import { abortable, signalOf } from "./waiting.ts"

/** Time in milliseconds for which sends wait for room at a Unix receiver. `undefined` is without a limit. */
export type Patience = number | undefined

/** The longest time that a timer of Node takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

const sent = Promise.resolve()

const failureOf = (queue: SendQueue): Failure | undefined => queue.failed[0]?.error

export const send = (
  core: Conversation,
  message: unknown,
  options: Waiting | undefined,
  patience: Patience
): Promise<void> => {
  try {
    const signal = signalOf(core, options)
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    return begin(core, message, signal, patience)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Sends a message. `signal` ends a wait; a function returns it if there is one. */
export const begin = (
  core: Conversation,
  message: unknown,
  signal: AbortSignal | (() => AbortSignal | undefined) | undefined,
  patience: Patience
): Promise<void> => {
  const begun = core.trySend(message)
  if (begun === undefined) return sent
  if (!(begun instanceof SendQueue)) return Promise.reject(errorOf(begun))
  const ends = typeof signal === "function" ? signal() : signal
  return settled(begun, continueSending(core, begun, ends, patience))
}

const settled = async (queue: SendQueue, ended: Promise<void> | undefined): Promise<void> => {
  await ended
  const failure = failureOf(queue)
  if (failure !== undefined) throw errorOf(failure)
}

/** Sends without a promise, and fails instead of waiting. */
export const trySend = (core: Conversation, message: unknown): DatagramSendError | undefined => {
  const begun = core.trySend(message)
  if (begun === undefined) return undefined
  if (!(begun instanceof SendQueue)) return errorOf(begun)
  for (let pause = begun.run(); pause !== undefined; pause = begun.run())
    if (pause !== "its next turn") begun.failBlocked()
  const failure = failureOf(begun)
  return failure === undefined ? undefined : errorOf(failure)
}

export const sendAll = async (
  core: Conversation,
  messages: ReadonlyArray<unknown>,
  options: Waiting | undefined,
  patience: Patience
): Promise<SendReport> => {
  const signal = signalOf(core, options)
  signal?.throwIfAborted()
  const queue = core.sendQueue(messages)
  await continueSending(core, queue, signal, patience)
  return { sent: queue.sent, dropped: queue.unsent, failed: failedOf(queue) }
}

/** The failed messages of a queue in their order. Messages that share a record share its error. */
const failedOf = (queue: SendQueue): SendReport["failed"] => {
  const errors = new Map<object, DatagramSendError>()
  return queue.failed
    .toSorted((one, two) => one.index - two.index)
    .map(({ error: record, index }) => {
      const error = errors.get(record) ?? errorOf(record)
      errors.set(record, error)
      return { index, error }
    })
}

/** Sends until all messages are done. Returns `undefined` if that needs no wait. */
const continueSending = (
  core: Conversation,
  queue: SendQueue,
  signal: AbortSignal | undefined,
  patience: Patience
): Promise<void> | undefined => {
  const first = queue.run()
  if (first === undefined) return undefined
  const isUnix = core.plan.family === "unix"
  const deadline = !isUnix || patience === undefined || patience === Infinity ? undefined : performance.now() + patience
  return new Promise((resolve, reject) => {
    const step = (pause: Pause | undefined): void => {
      if (pause === undefined) return resolve()
      const next = (error?: Failure): void => {
        try {
          if (error !== undefined) queue.refuse(error)
          step(queue.run())
        } catch (defect) {
          reject(defect)
        }
      }
      const aborted = () => reject(signal?.reason)
      if (pause !== "its next turn") waitForRoom(core, pause.roomAt, deadline, { next, aborted, signal, queue })
      // The poll reports room in the next turn of the event loop, if there is some.
      else if (core.plan.backpressure === "wait" && deadline === undefined) {
        let error: Failure | undefined
        abortable(
          signal,
          (f) => core.onWritable((failed) => ((error = failed), f())),
          () => next(error),
          aborted
        )
      } else {
        const turn = (f: () => void) => {
          const immediate = setImmediate(f)
          return () => clearImmediate(immediate)
        }
        abortable(signal, turn, () => next(), aborted)
      }
    }
    step(first)
  })
}

/** Functions that continue a send after a wait for room. */
interface Following {
  readonly queue: SendQueue
  readonly signal: AbortSignal | undefined
  readonly next: (error?: Failure) => void
  readonly aborted: () => void
}

/** Waits for room at a receiver, until the deadline. A datagram that has no room then is dropped and counted. */
const waitForRoom = (
  core: Conversation,
  roomAt: Parameters<Conversation["onSendSpace"]>[0],
  deadline: number | undefined,
  { aborted, next, queue, signal }: Following
): void => {
  const giveUp = () => {
    queue.giveUp()
    next()
  }
  const left = deadline === undefined ? Infinity : deadline - performance.now()
  if (left <= 0) return giveUp()
  let isOver = false
  let error: Failure | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    isOver = true
    clearTimeout(timer)
  }
  const cancel = abortable(
    signal,
    (f) => core.onSendSpace(roomAt, (failed) => ((error = failed), f())),
    () => {
      end()
      next(error)
    },
    () => {
      end()
      aborted()
    }
  )
  if (isOver || left === Infinity) return
  const expire = () => {
    cancel()
    giveUp()
  }
  timer = setTimeout(expire, Math.min(left, longestTimer))
}
