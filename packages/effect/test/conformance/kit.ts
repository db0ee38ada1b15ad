/**
 * The names of Effect 3 that the conformance suite uses, each as a function of Effect 4. The suite's programs run in the runtime of Effect 4,
 * and nothing of Effect 3 is below them.
 */
import * as Four from "effect"
import * as Testing from "effect/testing"

export { Deferred, Duration, Layer, Schedule } from "effect"
export const TestClock = Testing.TestClock

export const Option = { ...Four.Option, fromNullable: Four.Option.fromNullishOr }

type Result = Four.Result.Result<unknown, unknown>
type Each = (value: unknown) => unknown
interface Sides {
  readonly onLeft: Each
  readonly onRight: Each
}

export const Either = {
  void: Four.Result.void,
  left: Four.Result.fail,
  right: Four.Result.succeed,
  isLeft: Four.Result.isFailure,
  isRight: Four.Result.isSuccess,
  getLeft: Four.Result.getFailure,
  getRight: Four.Result.getSuccess,
  getOrThrow: Four.Result.getOrThrow,
  flip: Four.Result.flip,
  map: Four.Result.map,
  match: (...given: readonly [Result, Sides] | readonly [Sides]): unknown => {
    const { onLeft, onRight } = given.length === 2 ? given[1] : given[0]
    const match = Four.Result.match({ onFailure: onLeft, onSuccess: onRight })
    return given.length === 2 ? match(given[0]) : match
  }
}

/** Chunks are arrays. */
export const Chunk = {
  empty: () => [],
  toReadonlyArray: (all: ReadonlyArray<unknown>) => all,
  headNonEmpty: ([first]: ReadonlyArray<unknown>) => first,
  map: Four.Array.map,
  forEach: (...given: readonly [ReadonlyArray<unknown>, Each] | readonly [Each]) =>
    given.length === 2
      ? given[0].forEach((value) => given[1](value))
      : (all: ReadonlyArray<unknown>) => all.forEach((value) => given[0](value))
}

export const Cause = {
  isDie: Four.Cause.hasDies,
  pretty: Four.Cause.pretty,
  failures: (cause: Four.Cause.Cause<unknown>) =>
    cause.reasons.filter(Four.Cause.isFailReason).map(({ error }) => error)
}

export const Exit = { ...Four.Exit, isInterrupted: Four.Exit.hasInterrupts }

export const ExecutionStrategy = { sequential: "sequential" }

type AnyEffect = Four.Effect.Effect<unknown, unknown>
type AnyFiber = Four.Fiber.Fiber<unknown, unknown>

export const Fiber = {
  join: Four.Fiber.join,
  await: Four.Fiber.await,
  interrupt: (fiber: AnyFiber) => Four.Effect.andThen(Four.Fiber.interrupt(fiber), Four.Fiber.await(fiber)),
  interruptFork: (fiber: AnyFiber) => Four.Effect.forkDetach(Four.Fiber.interrupt(fiber)),
  poll: (fiber: AnyFiber) => Four.Effect.sync(() => Four.Option.fromNullishOr(fiber.pollUnsafe()))
}

export const Logger = {
  make: Four.Logger.make,
  defaultLogger: Four.Logger.defaultLogger,
  remove: () => Four.Logger.layer([]),
  replace: (_: unknown, logger: Four.Logger.Logger<unknown, unknown>) => Four.Logger.layer([logger])
}

export const Scope = { ...Four.Scope, extend: Four.Scope.provide }

export const Stream = {
  ...Four.Stream,
  runForEachChunk: Four.Stream.runForEachArray,
  filterMap: (stream: Four.Stream.Stream<unknown>, choose: (value: unknown) => Four.Option.Option<unknown>) =>
    Four.Stream.filterMap(stream, (value) => Four.Result.fromOption(choose(value), () => value))
}

/** A clock as Effect 3 has it: its nanoseconds are monotonic. */
interface ThreeClock {
  readonly sleep: (duration: Four.Duration.Duration) => Four.Effect.Effect<void>
  readonly unsafeCurrentTimeMillis: () => number
  readonly currentTimeMillis: Four.Effect.Effect<number>
  readonly unsafeCurrentTimeNanos: () => bigint
  readonly currentTimeNanos: Four.Effect.Effect<bigint>
}

export const Clock = {
  ClockTypeId: Symbol("a clock of Effect 3"),
  make: (): ThreeClock => {
    const real = Four.Clock.Clock.defaultValue()
    return {
      sleep: (duration) => real.sleep(duration),
      unsafeCurrentTimeMillis: () => real.currentTimeMillisUnsafe(),
      currentTimeMillis: real.currentTimeMillis,
      unsafeCurrentTimeNanos: () => real.monotonicTimeNanosUnsafe(),
      currentTimeNanos: real.monotonicTimeNanos
    }
  }
}

/** A clock as Effect 4 has it. */
const asFour = (clock: ThreeClock): Four.Clock.Clock => {
  const wallNanos = () => BigInt(clock.unsafeCurrentTimeMillis()) * 1_000_000n
  return {
    sleep: (duration) => clock.sleep(duration),
    currentTimeMillisUnsafe: () => clock.unsafeCurrentTimeMillis(),
    currentTimeMillis: clock.currentTimeMillis,
    currentTimeNanosUnsafe: wallNanos,
    currentTimeNanos: Four.Effect.sync(wallNanos),
    monotonicTimeNanosUnsafe: () => clock.unsafeCurrentTimeNanos(),
    monotonicTimeNanos: clock.currentTimeNanos
  }
}

/** Effect 3 has results and options as effects. */
const asEffect = (value: unknown): AnyEffect => {
  if (Four.Effect.isEffect(value)) return value as AnyEffect
  if (Four.Result.isResult(value)) return Four.Effect.fromResult(value)
  return Four.Effect.fromOption(value as Four.Option.Option<unknown>)
}

export const Effect = {
  ...Four.Effect,
  EffectTypeId: Four.Effect.TypeId,
  either: Four.Effect.result,
  flatten: (self: AnyEffect) => Four.Effect.flatMap(self, asEffect),
  fork: Four.Effect.forkChild,
  forkDaemon: Four.Effect.forkDetach,
  repeatN: (...given: readonly [AnyEffect, number] | readonly [number]): unknown =>
    given.length === 2 ? Four.Effect.repeat(given[0], { times: given[1] }) : Four.Effect.repeat({ times: given[0] }),
  yieldNow: () => Four.Effect.yieldNow,
  zipRight: Four.Effect.andThen,
  withClock: (clock: ThreeClock) => Four.Effect.provideService(Four.Clock.Clock, asFour(clock)),
  withMaxOpsBeforeYield: (operations: number) =>
    Four.Effect.provideService(Four.References.MaxOpsBeforeYield, operations)
}
