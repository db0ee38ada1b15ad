/** Options of an open socket, as effects. */
import type { Family } from "@ancillary/control"
import type { DatagramOptionError } from "@ancillary/engine/errors/DatagramOptionError"
import type { Face } from "@ancillary/engine/socket/face"
import * as Options from "@ancillary/engine/socket/options"
import type { SocketOption } from "@ancillary/engine/spec/option/definition"
import { Effect } from "effect"

type Any<A> = SocketOption<A, Family, unknown>

export const setOption = <A>(core: Face, option: Any<A>, value: A): Effect.Effect<void, DatagramOptionError> =>
  Effect.suspend(() => {
    const failed = Options.setOption(core, option, value)
    return failed === undefined ? Effect.void : Effect.fail(failed)
  })

export const getOption = <A>(core: Face, option: Any<A>): Effect.Effect<A, DatagramOptionError> =>
  Effect.suspend(() => {
    const got = Options.getOption(core, option)
    return "error" in got ? Effect.fail(got.error) : Effect.succeed(got.value)
  })
