/** Probes without privileges, and prints the report as JSON and as a table. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Capabilities } from "@ancillary/effect3"
import { Effect } from "effect"

const probe = Effect.gen(function* () {
  if (process.getuid?.() === 0) process.setuid?.(65_534)
  const found = yield* Capabilities.probe()
  return { ...found, table: String(found) }
}).pipe(Effect.provide(LinuxSockets.layer))

console.log(JSON.stringify(await Effect.runPromise(probe)))
