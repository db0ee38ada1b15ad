/** Makes effects of the plain calls of `@ancillary/winsock`. */
import { isUnavailable, type Unavailable } from "@ancillary/engine/driver/Driver"
import type { DatagramUnsupportedError } from "../../DatagramError.ts"
import { unsupported } from "../../DatagramError.ts"
import { isWsaFault, type WsaFault } from "@ancillary/winsock"
import * as Effect from "effect/Effect"
import { WsaError } from "../WsaError.ts"

const succeedOrFail = <A>(result: A | WsaFault): Effect.Effect<A, WsaError> =>
  isWsaFault(result) ? Effect.fail(new WsaError(result)) : Effect.succeed(result)

/** Makes an effect of a call. A fault is its error. */
export const attempt = <A>(call: () => A | WsaFault): Effect.Effect<A, WsaError> =>
  Effect.suspend(() => succeedOrFail(call()))

/** Makes an effect of a constructor. It fails with `DatagramUnsupportedError` on another system than Windows. */
export const construct = <A>(
  make: () => A | WsaFault | Unavailable
): Effect.Effect<A, WsaError | DatagramUnsupportedError> =>
  Effect.flatMap(Effect.sync(make), (made): Effect.Effect<A, WsaError | DatagramUnsupportedError> =>
    isUnavailable(made) ? Effect.fail(unsupported(made.feature, made.why, made.remedy)) : succeedOrFail(made)
  )
