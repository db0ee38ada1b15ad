/** Opens sockets that a scope closes. */
import { type DatagramBindError, type DatagramUnsupportedError, fail } from "../DatagramError.ts"
import type * as Engine from "@ancillary/engine/errors/DatagramError"
import { OpenSocket } from "@ancillary/engine/socket"
import { Effect, type Scope } from "effect"

/** A failure of the engine, and its error. */
type Refused = Engine.DatagramBindError | Engine.DatagramUnsupportedError
type Failure = DatagramBindError | DatagramUnsupportedError

/** Opens a socket, which the scope closes. */
export const scoped = (open: () => OpenSocket | Refused): Effect.Effect<OpenSocket, Failure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const opened = open()
      return opened instanceof OpenSocket ? Effect.succeed(opened) : fail(opened)
    }),
    close
  )

/** Opens two sockets, which the scope closes. */
export const scopedPair = (
  open: () => readonly [OpenSocket, OpenSocket] | Refused
): Effect.Effect<readonly [OpenSocket, OpenSocket], Failure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const opened = open()
      return "length" in opened ? Effect.succeed(opened) : fail(opened)
    }),
    ([first, second]) => Effect.ensuring(close(second), close(first))
  )

const close = (core: OpenSocket) => Effect.sync(() => core.close())
