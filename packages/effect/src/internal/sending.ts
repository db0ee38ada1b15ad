/** Sending, as effects around one socket of the engine. Everything is validated first, so a failed message was not sent. */
import * as Effect from "effect/Effect"
import * as Sink from "effect/Sink"
import { type DatagramSendError, errorOf, fail } from "../DatagramError.ts"
import type { SendReport } from "../DatagramSocket.ts"
import { type Conversation, type HeldResult, type Pause, SendQueue } from "@ancillary/engine/socket"
import { before, type Deadline, deadlineOf } from "./patience.ts"
import { sendSpace, writable } from "./waiting.ts"
import { Result } from "../requires effect 4 - run npm install effect@4 - or install @ancillary/effect3 beside effect 3.ts"

/** An effect of `send` that was not changed, and what it sends. */
export class Sending {
  readonly effect: Effect.Effect<void, DatagramSendError>
  readonly core: Conversation
  readonly message: unknown

  constructor(effect: Effect.Effect<void, DatagramSendError>, core: Conversation, message: unknown) {
    this.effect = effect
    this.core = core
    this.message = message
  }
}

/** True while a server's handler is called, and the last send that it made. */
let isListening = false
let last: Sending | undefined

/** Begins to record sends. `heard` ends it. */
export const listen = (): void => {
  isListening = true
}

/**
 * Ends the record of sends. Returns the send whose effect a handler returned unchanged. Such a handler has nothing to do after it, so the
 * server sends without a fiber.
 */
export const heard = (core: Conversation, returned: unknown): Sending | undefined => {
  const made = last
  isListening = false
  last = undefined
  return made !== undefined && made.effect === returned && made.core === core ? made : undefined
}

export const send = (core: Conversation, message: unknown): Effect.Effect<void, DatagramSendError> => {
  const effect = Effect.suspend(() => finish(core, core.trySend(message)))
  if (isListening) last = new Sending(effect, core, message)
  return effect
}

/** Continues with the result of the engine's attempt. */
export const finish = (
  core: Conversation,
  begun: ReturnType<Conversation["trySend"]>
): Effect.Effect<void, DatagramSendError> => {
  if (begun === undefined) return Effect.void
  if (!(begun instanceof SendQueue)) return fail(begun)
  const pause = begun.run()
  const ended = Effect.suspend(() => {
    const [failure] = begun.failed
    return failure === undefined ? Effect.void : fail(failure.error)
  })
  return pause === undefined ? ended : Effect.andThen(continueSending(core, begun, pause), ended)
}

/** Continues with the result of a message that was sent with others. */
export const settled = (core: Conversation, result: HeldResult): Effect.Effect<void, DatagramSendError> =>
  result !== undefined && "thrown" in result ? Effect.die(result.thrown) : finish(core, result)

/** Sends without a fiber, and fails instead of waiting. */
export const trySend = (core: Conversation, message: unknown): Result.Result<void, DatagramSendError> => {
  const begun = core.trySend(message)
  if (begun === undefined) return Result.void
  if (!(begun instanceof SendQueue)) return Result.fail(errorOf(begun))
  for (let pause = begun.run(); pause !== undefined; pause = begun.run())
    if (pause !== "its next turn") begun.failBlocked()
  const [failure] = begun.failed
  return failure === undefined ? Result.void : Result.fail(errorOf(failure.error))
}

export const sendAll = (core: Conversation, messages: ReadonlyArray<unknown>): Effect.Effect<SendReport> =>
  Effect.suspend(() => {
    const batch = core.sendQueue(messages)
    const report = Effect.sync(() => ({
      sent: batch.sent,
      dropped: batch.unsent,
      failed: failedOf(batch)
    }))
    const pause = batch.run()
    return pause === undefined ? report : Effect.andThen(continueSending(core, batch, pause), report)
  })

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

export const sink = (core: Conversation): Sink.Sink<number, unknown, never, DatagramSendError> =>
  Sink.foldArray(
    () => 0,
    () => true,
    (sum, messages: ReadonlyArray<unknown>) =>
      Effect.flatMap(sendAll(core, messages), ({ failed: [first], sent }) =>
        first === undefined ? Effect.succeed(sum + sent) : Effect.fail(first.error)
      )
  )

/** Waits and continues to send until all messages are done. */
const continueSending = (core: Conversation, batch: SendQueue, pause: Pause | undefined): Effect.Effect<void> =>
  pause === undefined
    ? Effect.void
    : Effect.flatMap(deadlineOf(core), (deadline) => goOnUntil(core, batch, pause, deadline))

const goOnUntil = (core: Conversation, batch: SendQueue, pause: Pause, deadline: Deadline): Effect.Effect<void> => {
  // The poll reports room in the next turn of the event loop, if there is some. A sender that does not wait for room only lets other fibers
  // run.
  const waits = core.plan.backpressure === "wait" && deadline === undefined
  const wait =
    pause === "its next turn"
      ? waits
        ? writable(core)
        : Effect.yieldNow
      : Effect.map(before(deadline, sendSpace(core, pause.roomAt)), (came) => (came ? undefined : batch.giveUp()))
  return Effect.andThen(
    wait.pipe(Effect.catch((error) => Effect.sync(() => batch.refuse(error)))),
    Effect.suspend(() => {
      const next = batch.run()
      return next === undefined ? Effect.void : goOnUntil(core, batch, next, deadline)
    })
  )
}
