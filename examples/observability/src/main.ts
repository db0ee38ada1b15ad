import { DatagramMetrics } from "@ancillary/effect"
import { NodeSockets } from "@ancillary/effect/node"
import { Context, Effect, Layer, Metric } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import { pageLayer } from "./page.ts"
import { serverLayer } from "./server.ts"

const { METRICS_PORT = "9464", OTLP, PORT = "5300" } = process.env

/** Sends metrics, spans and logs to a collector of OpenTelemetry, if `OTLP` has its address. */
const exporter =
  OTLP === undefined
    ? Layer.succeedContext(Context.empty())
    : Otlp.layerJson({
        baseUrl: OTLP,
        resource: { serviceName: "echo" },
        metricsExportInterval: "1 second",
        tracerExportInterval: "1 second"
      }).pipe(Layer.provide(FetchHttpClient.layer))

const program = Layer.mergeAll(serverLayer(Number(PORT)), pageLayer(Number(METRICS_PORT))).pipe(
  Layer.provide([NodeSockets.layer, DatagramMetrics.layer]),
  Layer.provide(exporter),
  // One registry for the sockets, the page and the exporter.
  Layer.provide(Layer.succeed(Metric.MetricRegistry, new Map()))
)

const main = Effect.runFork(Layer.launch(program))
// Handlers finish, and the exporter sends the last metrics.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => main.interruptUnsafe())
