import { hostname } from "node:os"
import { Interfaces } from "@ancillary/effect3"
import { NodeSockets } from "@ancillary/effect3/node"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { responder } from "./responder.ts"

const [name = hostname().split(".")[0] ?? "host"] = process.argv.slice(2)

const service = {
  host: `${name}.local`,
  instance: `A page of ${name}`,
  type: "_http._tcp.local",
  port: 8080,
  text: ["path=/"]
}

// SIGINT and SIGTERM interrupt it, so each link gets a goodbye.
NodeRuntime.runMain(responder(service).pipe(Effect.provide(Layer.provideMerge(Interfaces.layer, NodeSockets.layer))))
