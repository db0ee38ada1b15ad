/** What a stack over datagrams sizes by, as the system has granted it. */
import { Coalescing } from "@ancillary/control"
import { Effect } from "effect"
import type { DatagramOptionError } from "@ancillary/engine/errors/DatagramOptionError"
import type { SocketLimits } from "../DatagramSocket.ts"
import * as SocketOption from "@ancillary/engine/spec/SocketOption"
import type { Face } from "@ancillary/engine/socket/face"
import { getOption } from "./options.ts"

export const limits = (core: Face): Effect.Effect<SocketLimits, DatagramOptionError> =>
  Effect.gen(function* () {
    const sendBufferBytes = yield* getOption(core, SocketOption.sendBufferSize)
    const receiveBufferBytes = yield* getOption(core, SocketOption.receiveBufferSize)
    const { arrivals, declined } = core.plan
    return {
      segments: core.outgoing.segments.most,
      coalescing: arrivals.some(
        ({ declaration: { message } }) =>
          message.key === Coalescing.key && declined.every(({ key }) => key !== message.key)
      ),
      mayFragment: core.plan.family !== "unix" && (yield* mayFragment(core)),
      sendBufferBytes,
      receiveBufferBytes
    }
  })

const mayFragment = (core: Face): Effect.Effect<boolean, DatagramOptionError> =>
  Effect.gen(function* () {
    if (yield* getOption(core, SocketOption.dontFragment)) return false
    // Linux: IPv6 has a mode besides the switch, and each forbids it. Where there are no modes, there is the switch alone.
    const mode = yield* Effect.catchIf(
      getOption(core, SocketOption.pathMtuDiscovery),
      ({ reason }) => reason === "Unsupported",
      () => Effect.succeed("want" as const)
    )
    return mode === "want" || mode === "dont" || mode === "omit"
  })
