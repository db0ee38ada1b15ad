/**
 * Imports Effect 3 as programs do, and binds one socket of `node:dgram`.
 */
import { createSocket } from "node:dgram"
import { Effect } from "effect"
import { report } from "./report.ts"

createSocket("udp4").bind(0, "127.0.0.1", () => {
  Effect.runSync(Effect.sync(report))
})
