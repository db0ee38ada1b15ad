import { NodeSockets } from "@ancillary/effect3/node"
import { NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import { frontLayer } from "./front.ts"
import { sessionsLayer } from "./session.ts"
import { embedded, postgres } from "./store.ts"

const { DATABASE_URL, HOST = "localhost", PORT = "5303", RUNNER_PORT = "34431", STORE = "sessions.db" } = process.env

const cluster = DATABASE_URL === undefined ? embedded(STORE) : postgres(DATABASE_URL, HOST, Number(RUNNER_PORT))

Layer.launch(
  Layer.merge(frontLayer(Number(PORT)), sessionsLayer).pipe(Layer.provide([cluster, NodeSockets.layer]))
).pipe(NodeRuntime.runMain)
