/** Counters of a socket, as a program reads them. */
import type { DatagramFault } from "../receive/DatagramFault.ts"
import type { Conversation } from "./openSocket.ts"

/**
 * Counters of received and sent datagrams. `dequeued` is the sum of `delivered`, every fault, `dropped` and `putBack`.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface DatagramStats {
  /** Datagrams that were taken from the kernel. */
  readonly dequeued: bigint
  /** Datagrams that were delivered to readers. */
  readonly delivered: bigint
  readonly faults: { readonly [K in DatagramFault["reason"]]: bigint }
  /**
   * Datagrams that were dropped by policy: truncated under `withTruncation("drop")`, or from another peer on a
   * connected socket.
   */
  readonly dropped: bigint
  /** Datagrams that were put back by a `forEach` whose callback threw. The next reader receives them. */
  readonly putBack: bigint
  /**
   * Errors of earlier datagrams (refused, unreachable, too large) that were skipped. Streams and loops skip them. With
   * `withErrorReports()`, reads skip errors of other datagrams.
   */
  readonly asyncErrors: bigint
  /**
   * Receives that failed because the system temporarily lacked memory, buffers or descriptors (`ENOMEM`, `ENOBUFS`,
   * `EMFILE`, `ENFILE`). Every reader repeats the call after a pause of 1 ms, which doubles each time up to 100 ms.
   */
  readonly shortages: bigint
  /** Datagrams that were sent. A payload in segments counts once per segment. */
  readonly sent: bigint
  /** Datagrams that were dropped because the buffer was full, under `withBackpressure("drop")` or `sendTimeout` of `serve`. */
  readonly sendDropped: bigint
  /** Sent datagrams whose first attempt failed with a pending error of another peer. Linux, with `withErrorReports()`. */
  readonly retried: bigint
  /** Replies that were sent without their source address, because the system refused it (some Windows machines). */
  readonly sourceRefused: bigint
  /**
   * Datagrams whose source is the socket's own address. `serve` skips them if they were sent only to this host, and
   * `reply` refuses to answer them. The source is forged, and the answer would come back as a request.
   */
  readonly fromItself: bigint
  /** Datagrams that a server dropped because all of its handlers were running, under `overflow: "drop"`. */
  readonly overflow: bigint
  /** Datagrams that the limits of a server concern. */
  readonly limits: {
    /** Received datagrams that were not handled, because their prefix is above `responseRate`. */
    readonly rateLimited: bigint
    /** Received datagrams that were handled although their prefix is above `responseRate`, one of `slip`. */
    readonly slipped: bigint
    /** Received datagrams that were not handled, because they belong to a loop with another server. */
    readonly loops: bigint
    /** Messages that were refused, because they exceed `amplification`. */
    readonly amplified: bigint
    /** Messages that were dropped, because their prefix is above `responseRate`. */
    readonly unsent: bigint
  }
  /** Handlers of `serve` and `serveOn`. `started` is the sum of the others. */
  readonly handlers: {
    readonly started: bigint
    readonly succeeded: bigint
    /** Handlers that failed, died or threw, or returned no effect. */
    readonly failed: bigint
    /** Handlers that were interrupted, by the end of their server or by themselves. */
    readonly interrupted: bigint
    /** Handlers that took longer than `timeLimit`, and were interrupted. */
    readonly timedOut: bigint
    readonly running: bigint
  }
  /** Sessions of `serveSessions`. `started` is the sum of the ends and of `running`. */
  readonly sessions: {
    readonly started: bigint
    /** Sessions whose program ended by itself. */
    readonly completed: bigint
    /** Sessions whose program failed, died or threw. */
    readonly failed: bigint
    /** Sessions that received no datagram for `idle`. */
    readonly idle: bigint
    /** Sessions that ended because a new one began and `maximum` were running. */
    readonly evicted: bigint
    /** Sessions that ended with their server. */
    readonly stopped: bigint
    readonly running: bigint
    /** Datagrams that were put into the inbox of a session. */
    readonly accepted: bigint
    /** Datagrams that were dropped because the inbox of their session was full. */
    readonly inboxFull: bigint
    /** Datagrams that were dropped because `key` returned no key, or threw. */
    readonly unkeyed: bigint
    /** Datagrams of new keys that were dropped, because too many evicted sessions had not ended. */
    readonly refused: bigint
  }
  /** Counters of events. `dequeued` is the sum of the others. */
  readonly events: {
    readonly dequeued: bigint
    /** Events that were delivered to readers of `events`. */
    readonly delivered: bigint
    /** Events that were dropped: the oldest beyond 256 unread ones, and those that were unread when the socket was closed. */
    readonly dropped: bigint
    /** Entries of the error queue that the spec does not declare, and timestamps that belong to no identifiable datagram. */
    readonly ignored: bigint
    /** Events that wait for a reader. */
    readonly queued: bigint
  }
}

/**
 * Returns the counters of a socket.
 *
 * @category sockets
 * @since 0.1.0
 */
export const statsOf = ({ counters: { events, receive, send }, served, unread }: Conversation): DatagramStats => ({
  dequeued: BigInt(receive.taken),
  delivered: BigInt(receive.received),
  faults: {
    DataTruncated: BigInt(receive.faults.DataTruncated),
    ControlTruncated: BigInt(receive.faults.ControlTruncated),
    ControlMissing: BigInt(receive.faults.ControlMissing),
    ControlMalformed: BigInt(receive.faults.ControlMalformed)
  },
  dropped: BigInt(receive.dropped),
  putBack: BigInt(unread),
  asyncErrors: receive.errors,
  shortages: receive.shortages,
  sent: BigInt(send.sent),
  sendDropped: BigInt(send.unsent),
  retried: send.resent,
  sourceRefused: BigInt(send.sourceRefused),
  fromItself: BigInt(served.fromItself),
  overflow: BigInt(served.overflow),
  limits: {
    rateLimited: BigInt(served.limits.rateLimited),
    slipped: BigInt(served.limits.slipped),
    loops: BigInt(served.limits.loops),
    amplified: BigInt(served.limits.amplified),
    unsent: BigInt(served.limits.unsent)
  },
  handlers: {
    started: BigInt(served.started),
    succeeded: BigInt(served.succeeded),
    failed: BigInt(served.failed),
    interrupted: BigInt(served.interrupted),
    timedOut: BigInt(served.timedOut),
    running: BigInt(served.running)
  },
  sessions: {
    started: BigInt(served.sessions.started),
    completed: BigInt(served.sessions.completed),
    failed: BigInt(served.sessions.failed),
    idle: BigInt(served.sessions.idle),
    evicted: BigInt(served.sessions.evicted),
    stopped: BigInt(served.sessions.stopped),
    running: BigInt(served.sessions.running),
    accepted: BigInt(served.sessions.accepted),
    inboxFull: BigInt(served.sessions.inboxFull),
    unkeyed: BigInt(served.sessions.unkeyed),
    refused: BigInt(served.sessions.refused)
  },
  events: {
    dequeued: events.taken,
    delivered: events.received,
    dropped: events.dropped,
    ignored: events.ignored,
    queued: BigInt(events.unread)
  }
})
