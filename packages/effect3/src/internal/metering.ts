/** The place where sockets find the metrics of their program. It is empty unless a program provides `DatagramMetrics.layer`. */
import type { RequestCounters } from "@ancillary/engine/server"
import type { OpenSocket } from "@ancillary/engine/socket"
import * as Context from "effect/Context"
import type * as MetricLabel from "effect/MetricLabel"

/** Adds the counters of sockets and clients to metrics. The returned functions end that when the socket or the client has ended. */
export interface Meter {
  readonly socket: (core: OpenSocket, labels: ReadonlyArray<MetricLabel.MetricLabel>) => () => void
  readonly requests: (counters: RequestCounters, labels: ReadonlyArray<MetricLabel.MetricLabel>) => () => void
}

export class metering extends Context.Reference<metering>()("@ancillary/effect3/Metering", {
  defaultValue: (): Meter | undefined => undefined
}) {}
