/**
 * Imports the modules of Effect 3 that a face needs, and binds one socket of `node:dgram`: the floor of every program with a face.
 */
import { createSocket } from "node:dgram"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { report } from "./report.ts"

createSocket("udp4").bind(0, "127.0.0.1", () => {
  Effect.runSync(Effect.sync(() => (Layer.isLayer(Stream.empty) ? undefined : report())))
})
