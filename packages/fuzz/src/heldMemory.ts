/** Measures the memory that this process holds. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/**
 * Returns the bytes of objects and buffers that are still used. Memory of a socket is released up to eight collections after its last use, so the memory
 * is collected until no less is held.
 */
export const heldMemory = async (): Promise<number> => {
  let bytes = Infinity
  for (let unchanged = 0; unchanged < 10; unchanged++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    // It includes array buffers, and the memory that is lent.
    const { external, heapUsed } = process.memoryUsage()
    if (heapUsed + external < bytes - 100_000) unchanged = -1
    bytes = Math.min(bytes, heapUsed + external)
  }
  return bytes
}
