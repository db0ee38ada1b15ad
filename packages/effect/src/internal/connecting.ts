/** Connects a bound socket until a scope ends, and then disconnects it. */
import { type DatagramBindError, type DatagramUnsupportedError, fail } from "../DatagramError.ts"
import { ConnectedSocket, type OpenSocket } from "@ancillary/engine/socket"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { quietly } from "./failures.ts"

/** Connects a socket to a peer, as the program wrote it. */
export const connecting = (
  socket: OpenSocket,
  peer: unknown
): Effect.Effect<ConnectedSocket, DatagramBindError | DatagramUnsupportedError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const connected = socket.connect(peer)
      return connected instanceof ConnectedSocket ? Effect.succeed(connected) : fail(connected)
    }),
    (connected) =>
      Effect.suspend(() => {
        const failed = connected.disconnect()
        return failed === undefined ? Effect.void : quietly(Effect.logError(failed))
      })
  )
