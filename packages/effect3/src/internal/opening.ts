/** Opens sockets that a scope closes. */
import type { DatagramBindError, DatagramUnsupportedError } from "@ancillary/engine/errors/DatagramError"
import { Core } from "@ancillary/engine/socket/socket"
import { Effect, type Scope } from "effect"

type Failure = DatagramBindError | DatagramUnsupportedError

/** Opens a socket, which the scope closes. */
export const scoped = (open: () => Core | Failure): Effect.Effect<Core, Failure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const opened = open()
      return opened instanceof Core ? Effect.succeed(opened) : Effect.fail(opened)
    }),
    close
  )

/** Opens two sockets, which the scope closes. */
export const scopedPair = (
  open: () => readonly [Core, Core] | Failure
): Effect.Effect<readonly [Core, Core], Failure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const opened = open()
      return "length" in opened ? Effect.succeed(opened) : Effect.fail(opened)
    }),
    ([first, second]) => Effect.ensuring(close(second), close(first))
  )

const close = (core: Core) => Effect.sync(() => core.close())
