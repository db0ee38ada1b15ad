/**
 * The memory of a process after a garbage collection.
 */
import { Effect } from "effect"

/** Live bytes in the heap and in buffers outside of it, and resident bytes. Pages that were kept for later are used first. */
export const held: Effect.Effect<readonly [alive: number, resident: number]> = Effect.gen(function* () {
  // V8 drops code that is unused for some collections, and finalizers run between them.
  for (let collection = 0; collection < 8; collection++) {
    global.gc?.()
    yield* Effect.sleep(20)
  }
  const { external, heapUsed, rss } = process.memoryUsage()
  return [heapUsed + external, rss]
})
