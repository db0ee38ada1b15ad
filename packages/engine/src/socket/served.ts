import type { Recorder } from "../metrics/distribution.ts"
import { LimitCounters } from "../server/guard.ts"
import { SessionCounters } from "../server/sessions.ts"

/**
 * Counters of one socket's handlers: started handlers, and their results.
 *
 * @category sockets
 * @since 0.1.0
 */
export class Served {
  started = 0
  succeeded = 0
  failed = 0
  interrupted = 0
  timedOut = 0
  /** Datagrams that were skipped because their source is the socket's own address. */
  skippedItself = 0
  /** Replies to such datagrams that were refused. */
  refusedItself = 0
  /** Datagrams that were dropped because all handlers were running. */
  overflow = 0
  readonly limits: LimitCounters = new LimitCounters()
  readonly sessions: SessionCounters = new SessionCounters()

  /** Receives the seconds that each handler took. Absent unless the program requests metrics. */
  times: Recorder | undefined

  get fromItself(): number {
    return this.skippedItself + this.refusedItself
  }

  get running(): number {
    return this.started - this.succeeded - this.failed - this.interrupted - this.timedOut
  }
}
