/** Options of an open socket, as effects. */
import type { Family } from "@ancillary/control"
import { type DatagramOptionError, fail } from "../DatagramError.ts"
import type { Conversation, Limits } from "@ancillary/engine/socket"
import type { SocketOption } from "@ancillary/engine/spec/option/definition"
import * as Effect from "effect/Effect"

type Any<A> = SocketOption<A, Family, unknown>

export const setOption = <A>(
  socket: Conversation,
  option: Any<A>,
  value: A
): Effect.Effect<void, DatagramOptionError> =>
  Effect.suspend(() => {
    const failed = socket.setOption(option, value)
    return failed === undefined ? Effect.void : fail(failed)
  })

export const getOption = <A>(socket: Conversation, option: Any<A>): Effect.Effect<A, DatagramOptionError> =>
  Effect.suspend(() => {
    const got = socket.getOption(option)
    return "error" in got ? fail(got.error) : Effect.succeed(got.value)
  })

export const limits = (socket: Conversation): Effect.Effect<Limits, DatagramOptionError> =>
  Effect.suspend(() => {
    const granted = socket.limits()
    return "segments" in granted ? Effect.succeed(granted) : fail(granted)
  })
