/** A page with the metrics of the program, as Prometheus reads it. */
import { createServer } from "node:http"
import { Effect, Layer } from "effect"
import { PrometheusMetrics } from "effect/observability"

/** Serves the page on this host, at any path, until its scope ends. Metrics are read when the page is. */
export const pageLayer = (port: number): Layer.Layer<never> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const context = yield* Effect.context()
      const server = yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof createServer>>((resume) => {
          const made = createServer((_, response) => {
            response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8")
            response.end(PrometheusMetrics.formatUnsafe(context))
          })
          made.once("error", (error) => resume(Effect.die(error)))
          made.listen(port, "127.0.0.1", () => resume(Effect.succeed(made)))
        }),
        (made) =>
          Effect.callback<void>((resume) => {
            made.close(() => resume(Effect.void))
            made.closeAllConnections()
          })
      )
      const address = server.address()
      yield* Effect.log(`metrics at http://127.0.0.1:${typeof address === "object" ? address?.port : port}/metrics`)
    })
  )
