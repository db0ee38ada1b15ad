import { DatagramSockets } from "@ancillary/effect3"
import { NodeSockets } from "@ancillary/effect3/node"
import { Console, Effect } from "effect"
import { demo } from "./demo.ts"

// Wine sets WINEPREFIX for the programs that it runs.
const ignoresSent = process.platform === "win32" && process.env["WINEPREFIX"] !== undefined

const program = Effect.gen(function* () {
  const { driver } = yield* DatagramSockets
  yield* demo({ abi: driver.abi, ignoresSent })
  yield* Console.log(`\nEverything observed is what was declared${ignoresSent ? ", but for what Wine ignores" : ""}.`)
})

Effect.runPromise(program.pipe(Effect.provide(NodeSockets.layer))).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
