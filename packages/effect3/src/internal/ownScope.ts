import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { ExecutionStrategy } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

/** Runs an effect in a scope of its own within the scope of the program. If it fails, that scope is closed, so nothing that it opened stays. */
export const withOwnScope = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    return yield* Effect.onError(Scope.extend(effect, scope), (cause) => Scope.close(scope, Exit.failCause(cause)))
  })
