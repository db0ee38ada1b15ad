/**
 * What a process holds of memory once all that nobody needs is collected.
 */
import { Effect } from "effect"

/** Bytes that are alive, in the heap and in buffers outside of it, and that are resident: pages that were kept for later fill up first. */
export const held: Effect.Effect<readonly [alive: number, resident: number]> = Effect.gen(function* () {
  // V8 drops code that was not used for some collections, and finalizers run between them.
  for (let collection = 0; collection < 8; collection++) {
    global.gc?.()
    yield* Effect.sleep(20)
  }
  const { external, heapUsed, rss } = process.memoryUsage()
  return [heapUsed + external, rss]
})
