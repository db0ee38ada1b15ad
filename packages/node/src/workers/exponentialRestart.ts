/** The policy of restarts that a face without schedules uses. */
import { after } from "./limits.ts"
import type { Restart } from "./place.ts"

/**
 * Waits a tenth of a second before the first restart, and twice as long before each of the next, at most five seconds. After ten restarts the worker
 * is given up. If a worker has lived for a minute, the count begins again.
 *
 * @category constructors
 * @since 0.1.0
 */
export const exponentialRestart = (): Restart => {
  let restarts = 0
  let last = performance.now()
  return async (_, stopped) => {
    if (performance.now() - last > 60_000) restarts = 0
    if (restarts === 10) return false
    const delay = Math.min(100 * 2 ** restarts++, 5000)
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel()
        stopped.removeEventListener("abort", end)
        resolve()
      }
      const cancel = after(delay, end)
      stopped.addEventListener("abort", end)
    })
    last = performance.now()
    return !stopped.aborted
  }
}
