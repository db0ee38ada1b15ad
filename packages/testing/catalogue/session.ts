/** Puts a recorder around every driver that a layer of this process is made of. To be started before a module makes its layers. */
import { DatagramSockets } from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { Effect } from "effect"
import { record } from "./recorder.ts"
import type { Row } from "./ways.ts"

interface System {
  /** Whether it looks at control data that is sent. Where it does not, that it takes some proves nothing. */
  readonly looks: boolean
}

/** Tells each row whenever it is seen. */
export const watch = (system: System, see: (row: Row) => void): void => {
  const { layer } = DatagramSockets
  const recorded: typeof layer = (driver, capabilities) =>
    layer(
      // What a test bends is not the kernel's.
      Effect.map(driver, (driver) => (FaultyDriver.isTrue(driver) ? record(driver, see, system) : driver)),
      capabilities
    )
  Object.defineProperty(DatagramSockets, "layer", { value: recorded })
}

let taking: (() => ReadonlyArray<Row>) | undefined

/**
 * Returns a function that takes the rows that were seen since its last call. It starts once in a process: test files that share a process share
 * the layers, which their modules made for the first of these files.
 */
export const start = (system: System): (() => ReadonlyArray<Row>) => {
  if (taking !== undefined) return taking
  const seen = new Set<Row>()
  watch(system, (row) => void seen.add(row))
  taking = () => {
    const rows = [...seen]
    seen.clear()
    return rows
  }
  return taking
}
