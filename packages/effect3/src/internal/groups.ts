/** Memberships that a scope holds. */
import { type DatagramMembershipError, fail } from "../DatagramError.ts"
import type * as Engine from "@ancillary/engine/errors/DatagramError"
import type { Joined, OpenSocket } from "@ancillary/engine/socket"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

type Joining = Effect.Effect<void, DatagramMembershipError, Scope.Scope>

/** Joins a group, from one source if the options name one. */
export const join = (socket: OpenSocket, group: unknown, options: unknown): Joining =>
  held(() => socket.join(group, options))

/** Blocks one source of a group. */
export const block = (socket: OpenSocket, group: unknown, source: unknown, options: unknown): Joining =>
  held(() => socket.block(group, source, options))

/** Leaves a group for all scopes that hold it. */
export const leave = (
  socket: OpenSocket,
  group: unknown,
  options: unknown
): Effect.Effect<void, DatagramMembershipError> =>
  Effect.suspend(() => {
    const failed = socket.leave(group, options)
    return failed === undefined ? Effect.void : fail(failed)
  })

const held = (begin: () => Joined | Engine.DatagramMembershipError): Joining =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.suspend(() => {
        const joined = begin()
        return "end" in joined ? Effect.succeed(joined) : fail(joined)
      }),
      ({ end }) => Effect.sync(end)
    )
  )
