/** The place where sockets find the metrics of their program. It is empty unless a program provides `DatagramMetrics.layer`. */
import type { RequestCounters } from "@ancillary/engine/server"
import type { OpenSocket } from "@ancillary/engine/socket"
import * as Context from "effect/Context"

/** Adds the counters of sockets and clients to metrics. The returned functions end that when the socket or the client has ended. */
export interface Meter {
  readonly socket: (core: OpenSocket, context: Context.Context<never>) => () => void
  readonly requests: (counters: RequestCounters, context: Context.Context<never>) => () => void
}

export const metering: Context.Reference<Meter | undefined> = Context.Reference<Meter | undefined>(
  "@ancillary/effect/Metering",
  { defaultValue: () => undefined }
)
