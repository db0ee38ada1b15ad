/** Forks handlers. Each has a fiber and a scope of its own. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import {
  FiberRef,
  FiberRefs,
  RuntimeFlags
} from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"
import { HandlerServices } from "./handlerServices.ts"

/**
 * Forks a handler. `settle` is called when it and its scope have ended, and its effect is the last of the fiber. The fiber can be interrupted
 * only while the handler runs.
 */
export type Fork<R> = <E>(
  handler: Effect.Effect<void, E, R>,
  settle: (exit: Exit.Exit<void, E>) => Effect.Effect<void>
) => Fiber.RuntimeFiber<void>

/** Makes the fork of a server. A fiber begins in the caller's stack, so a handler that ends without a wait costs no turn. */
export const forking = <R>(runtime: Runtime.Runtime<Exclude<R, Scope.Scope>>): Fork<R> => {
  const { unsafeMap } = runtime.context
  const runtimeFlags = RuntimeFlags.disable(runtime.runtimeFlags, RuntimeFlags.Interruption)
  // Each fiber copies its references, and gets these two from its runtime.
  const fiberRefs = FiberRefs.delete(
    FiberRefs.delete(runtime.fiberRefs, FiberRef.currentContext),
    FiberRef.currentRuntimeFlags
  )
  return (handler, settle) => {
    const services = new HandlerServices(unsafeMap)
    const end = (exit: Parameters<typeof settle>[0]): Effect.Effect<void> => {
      const scope = services.end(exit)
      if (scope === undefined) return settle(exit)
      return Effect.flatMap(Effect.exit(Scope.close(scope, exit)), (closed) =>
        settle(closed._tag === "Success" ? exit : Exit.zipLeft(exit, closed))
      )
    }
    return Runtime.runFork(
      Runtime.make({ context: Context.unsafeMake<R>(services), runtimeFlags, fiberRefs }),
      Effect.matchCauseEffect(Effect.interruptible(handler), {
        onFailure: (cause) => end(Exit.failCause(cause)),
        onSuccess: () => end(Exit.void)
      })
    )
  }
}
