import { NodeSockets } from "@ancillary/effect3/node"
import { Effect } from "effect"
import { echo } from "./echo.ts"

Effect.runPromise(echo(5300).pipe(Effect.scoped, Effect.provide(NodeSockets.layer))).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
