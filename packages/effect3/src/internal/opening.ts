/** Opens sockets that a scope closes. */
import type { Driver } from "@ancillary/engine/driver/Driver"
import type * as Engine from "@ancillary/engine/errors/DatagramError"
import { OpenSocket } from "@ancillary/engine/socket"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { DatagramBindError, DatagramUnsupportedError, errorOf } from "../DatagramError.ts"
import { DatagramSockets } from "../DatagramSockets.ts"
import { type Meter, metering } from "./metering.ts"
import { annotateLocal, isTraced } from "./tracing.ts"
import { FiberRef } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

export type Failure = DatagramBindError | DatagramUnsupportedError

/** A failure of the engine. */
type Refused = Engine.DatagramBindError | Engine.DatagramUnsupportedError

/** True if a step of opening a socket failed. */
export const isFailure = (result: unknown): result is Failure =>
  result instanceof DatagramBindError || result instanceof DatagramUnsupportedError

/** A result of the engine, with the error of Effect in place of a record. */
export const orFailure = <A extends object>(opened: A | Refused): A | Failure =>
  "_tag" in opened ? errorOf(opened) : opened

/** Opened sockets, and the function that makes the object of the program when the scope owns them. */
export interface Opened<A> {
  readonly sockets: readonly [OpenSocket, OpenSocket?]
  readonly make: () => A
}

/**
 * Opens sockets, which the scope closes. It is one step of a fiber: `acquireRelease` would keep the state of the fiber for the release, and
 * costs as much as everything else. A span is made if a tracer keeps it, or if opening fails.
 */
export const opening = <A>(
  name: string,
  open: (driver: Driver) => Opened<A> | Failure
): Effect.Effect<A, Failure, DatagramSockets | Scope.Scope> =>
  Effect.withFiberRuntime((fiber) => {
    // The scope and the driver are in the type of the effect.
    const context = fiber.getFiberRef(FiberRef.currentContext) as Context.Context<DatagramSockets | Scope.Scope>
    const { driver } = Context.get(context, DatagramSockets)
    const scope = Context.get(context, Scope.Scope)
    const spans = isTraced(fiber)
    const meter = Context.get(context, metering)
    const opened = (result: Opened<A>) => {
      const { localAddress } = result.sockets[0]
      const made = Effect.flatMap(metered(meter, result.sockets), (ends) =>
        Effect.map(Scope.addFinalizer(scope, close(result.sockets, ends)), result.make)
      )
      return spans ? Effect.zipLeft(made, annotateLocal(localAddress)) : made
    }
    const steps = Effect.uninterruptible(
      Effect.suspend(() => {
        const result = open(driver)
        if (!isFailure(result)) return opened(result)
        return spans ? Effect.fail(result) : Effect.withSpan(Effect.fail(result), name)
      })
    )
    return spans ? Effect.withSpan(steps, name) : steps
  })

const unmetered: Effect.Effect<ReadonlyArray<() => void>> = Effect.succeed([])

/** Adds the sockets to the metrics of the program, if it has some. */
const metered = (
  meter: Meter | undefined,
  sockets: Opened<unknown>["sockets"]
): Effect.Effect<ReadonlyArray<() => void>> =>
  meter === undefined
    ? unmetered
    : Effect.map(Effect.metricLabels, (labels) =>
        sockets.flatMap((socket) => (socket === undefined ? [] : [meter.socket(socket, labels)]))
      )

/** The last counts of a socket are those after it was closed. */
const close = ([first, second]: Opened<unknown>["sockets"], ends: ReadonlyArray<() => void>): Effect.Effect<void> =>
  Effect.sync(() => {
    try {
      first.close()
    } finally {
      try {
        second?.close()
      } finally {
        for (const end of ends) end()
      }
    }
  })
