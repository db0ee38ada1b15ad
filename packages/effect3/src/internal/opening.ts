/** Opens sockets that a scope closes. */
import type { DatagramBindError, DatagramUnsupportedError } from "@ancillary/engine/errors/DatagramError"
import { OpenSocket } from "@ancillary/engine/socket"
import { Effect, type Scope } from "effect"

type Failure = DatagramBindError | DatagramUnsupportedError

/** Opens a socket, which the scope closes. */
export const scoped = (open: () => OpenSocket | Failure): Effect.Effect<OpenSocket, Failure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const opened = open()
      return opened instanceof OpenSocket ? Effect.succeed(opened) : Effect.fail(opened)
    }),
    close
  )

/** Opens two sockets, which the scope closes. */
export const scopedPair = (
  open: () => readonly [OpenSocket, OpenSocket] | Failure
): Effect.Effect<readonly [OpenSocket, OpenSocket], Failure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const opened = open()
      return "length" in opened ? Effect.succeed(opened) : Effect.fail(opened)
    }),
    ([first, second]) => Effect.ensuring(close(second), close(first))
  )

const close = (core: OpenSocket) => Effect.sync(() => core.close())
