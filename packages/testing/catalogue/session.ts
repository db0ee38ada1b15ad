/** Puts a recorder around every driver of a layer in this process. Start it before a module makes its layers. */
import { DatagramSockets } from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { Effect } from "effect"
import { record } from "./recorder.ts"
import type { Row } from "./ways.ts"

interface System {
  /** True if the system reads control data that is sent. Otherwise an accepted message proves nothing. */
  readonly looks: boolean
}

/** Reports each row whenever it is proved. */
export const watch = (system: System, see: (row: Row) => void): void => {
  const { layer } = DatagramSockets
  const recorded: typeof layer = (driver, capabilities) =>
    layer(
      // Results that a test replaced are not the kernel's.
      Effect.map(driver, (driver) => (FaultyDriver.isTrue(driver) ? record(driver, see, system) : driver)),
      capabilities
    )
  Object.defineProperty(DatagramSockets, "layer", { value: recorded })
}

let taking: (() => ReadonlyArray<Row>) | undefined

/**
 * Returns a function that takes the rows since its last call. It starts once per process, because test files that share a process
 * also share the layers, which the modules made for the first of these files.
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
