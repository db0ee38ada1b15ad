/** Judges the end of a call with a hostile value, and whether the sockets work after it. */
import type { Family } from "@ancillary/control"
import { type DatagramSockets, type DatagramSource, Interfaces } from "@ancillary/effect3"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Cause, Effect, Exit, Fiber, Layer, Logger, ManagedRuntime, Stream } from "effect"
import { Hostile } from "./values.ts"

const quiet = Logger.remove(Logger.defaultLogger)
/** Files that share a process share it, so none of them disposes of it. */
export const runtime = ManagedRuntime.make(
  Layer.mergeAll(Interfaces.layer, quiet).pipe(Layer.provideMerge(LinuxSockets.layer))
)

/** Errors that no code has caught. */
export const strays: Array<unknown> = []
const stray = (error: unknown) => void strays.push(error)

export const watchStrays = (): void => {
  process.on("unhandledRejection", stray)
  process.on("uncaughtException", stray)
}

export const unwatchStrays = (): void => {
  process.off("unhandledRejection", stray)
  process.off("uncaughtException", stray)
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Sentences of the engine: an exception of the library states the argument and its problem. */
const engines =
  /Cannot (?:read|set|convert|mix|destructure|assign|delete|define)|is not (?:a function|iterable|a constructor|extensible|an object)|Invalid (?:array|typed|string)|outside (?:the )?bounds|First argument to DataView|Maximum call stack|incompatible receiver|called on|must be an? |not a non-detached|out of range/

/** Messages of the library that name the argument and quote the exception of its getter. */
const named = /cannot be read/

export const isOwn = (error: unknown): boolean =>
  error instanceof Hostile || (error instanceof Error && /proxy that has been revoked/.test(error.message))

export const firstLine = (error: unknown): string => {
  try {
    return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split("\n")[0] ?? ""
  } catch {
    return "an exception that is no text"
  }
}

/** Returns the problem with an exception of a plain function. */
export const thrownWrongly = (error: unknown): string | undefined =>
  isOwn(error) || (error instanceof Error && (named.test(error.message) || !engines.test(error.message)))
    ? undefined
    : `throws ${firstLine(error)}`

/** An error that a program can distinguish, with a sentence. */
export const isTypedError = (error: unknown): boolean => {
  const { _tag, message } = Object(error) as { readonly _tag?: unknown; readonly message?: unknown }
  return typeof _tag === "string" && typeof message === "string" && message.length > 5
}

const asEffect = (value: unknown): Effect.Effect<unknown, unknown> | undefined => {
  try {
    if (Effect.isEffect(value)) return value as Effect.Effect<unknown, unknown>
    if (typeof value === "object" && value !== null) {
      if (Stream.StreamTypeId in value) return Stream.runDrain(value as Stream.Stream<unknown, unknown>)
      if (Layer.isLayer(value)) return Effect.scoped(Layer.build(value as unknown as Layer.Layer<never, unknown>))
    }
  } catch {
    return undefined
  }
  return undefined
}

/**
 * Returns the problem with the end of an effect, or with its failure to end when it is interrupted. `mayThrow`: its
 * defect may come from the value.
 */
export const endedWrongly = async (value: unknown, mayThrow = false): Promise<string | undefined> => {
  const effect = asEffect(value)
  if (effect === undefined) return undefined
  const fiber = runtime.runFork(Effect.scoped(effect as Effect.Effect<unknown, unknown, DatagramSockets>))
  for (let turns = 0; turns < 2 && fiber.unsafePoll() === null; turns++) await turn()
  const exit = await Effect.runPromise(Fiber.interrupt(fiber))
  if (Exit.isSuccess(exit) || Exit.isInterrupted(exit)) return undefined
  // The `send` of a forged socket returns no effect.
  const defects = [...Cause.defects(exit.cause)].filter(
    (defect) => !/Not a valid effect: lie/.test(firstLine(defect)) && !(mayThrow && isOwn(defect))
  )
  if (defects.length === 0 && Cause.isDie(exit.cause)) return undefined
  if (defects.length > 0) return `dies of ${firstLine(defects[0])}`
  const error = Cause.squash(exit.cause)
  return isTypedError(error) ? undefined : `fails with ${firstLine(error)}`
}

/** Parts of a socket that a round trip requires: sending a datagram to the server, and reading. */
export interface Asking {
  readonly ask: (data: Uint8Array) => Effect.Effect<void, unknown>
  readonly socket: DatagramSource<Family, never>
  readonly isAnswer: (from: unknown) => boolean
}

/** Sends one datagram to the server, which returns it, and checks the counters. */
export const works = async ({ ask, isAnswer, socket }: Asking): Promise<string | undefined> => {
  const answered = await runtime.runPromiseExit(
    Effect.gen(function* () {
      yield* ask(Uint8Array.of(42))
      for (;;) {
        const { data, from } = yield* socket.receive
        if (isAnswer(from) && data.length === 1 && data[0] === 42) break
      }
      const { dropped, faults, delivered, dequeued, putBack } = yield* socket.stats
      return dequeued - delivered - dropped - putBack - Object.values(faults).reduce((sum, count) => sum + count, 0n)
    }).pipe(Effect.timeout("5 seconds"))
  )
  if (strays.length > 0) return `leaves behind ${firstLine(strays.splice(0)[0])}`
  if (Exit.isFailure(answered)) return `leaves a socket that does not work: ${firstLine(Cause.squash(answered.cause))}`
  return answered.value === 0n ? undefined : `leaves an account that is wrong by ${answered.value}`
}
