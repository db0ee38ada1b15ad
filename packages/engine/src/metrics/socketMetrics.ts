/** The metrics of a socket, read from the counters that it keeps anyway. `docs/observability.md` is their table. */
import type { DatagramFault } from "../receive/DatagramFault.ts"
import type { OpenSocket } from "../socket/openSocket.ts"
import { byAttribute, type Metric } from "./metric.ts"

type Read = Metric<OpenSocket>["read"]
type Case = readonly [value: string, from: string, read: Read]

const single = (
  kind: "counter" | "gauge",
  name: string,
  unit: string,
  description: string,
  from: string,
  read: Read
): Metric<OpenSocket> => ({ name, kind, unit, description, attributes: {}, from, read })

const counter = (name: string, unit: string, description: string) => ({
  name,
  kind: "counter" as const,
  unit,
  description
})

const fault = (end: string, reason: DatagramFault["reason"]): Case => [
  end,
  `faults.${reason}`,
  ({ counters }) => counters.receive.faults[reason]
]

const received: ReadonlyArray<Metric<OpenSocket>> = [
  single(
    "counter",
    "datagram_received",
    "datagrams",
    "Datagrams that were taken from the kernel: the sum of datagram_received_ends and datagram_unread.",
    "dequeued",
    ({ counters }) => counters.receive.taken
  ),
  ...byAttribute<OpenSocket>(
    counter("datagram_received_ends", "datagrams", "Datagrams that were taken from the kernel, by their end."),
    "end",
    [
      ["delivered", "delivered", ({ counters }) => counters.receive.received],
      fault("data_truncated", "DataTruncated"),
      fault("control_truncated", "ControlTruncated"),
      fault("control_missing", "ControlMissing"),
      fault("control_malformed", "ControlMalformed"),
      ["dropped", "dropped", ({ counters }) => counters.receive.dropped]
    ]
  ),
  single(
    "gauge",
    "datagram_unread",
    "datagrams",
    "Datagrams that were taken from the kernel and wait for the next reader.",
    "putBack",
    ({ unread }) => unread
  ),
  single(
    "counter",
    "datagram_errors_skipped",
    "errors",
    "Errors of earlier datagrams that were skipped.",
    "asyncErrors",
    ({ counters }) => Number(counters.receive.errors)
  ),
  single(
    "counter",
    "datagram_shortages",
    "calls",
    "Receives that were repeated because the system lacked memory or descriptors.",
    "shortages",
    ({ counters }) => Number(counters.receive.shortages)
  ),
  single(
    "counter",
    "datagram_kernel_drops",
    "datagrams",
    "Datagrams that the kernel dropped before the program could take them.",
    "the kernel",
    (socket) => {
      socket.kernelMemory?.read()
      return socket.kernelMemory?.drops
    }
  ),
  single(
    "gauge",
    "datagram_kernel_queue_bytes",
    "bytes",
    "Bytes of the kernel's receive buffer that are in use.",
    "the kernel",
    (socket) => {
      socket.kernelMemory?.read()
      return socket.kernelMemory?.queuedBytes
    }
  ),
  single(
    "gauge",
    "datagram_kernel_queue_limit_bytes",
    "bytes",
    "Size of the kernel's receive buffer.",
    "the kernel",
    (socket) => {
      socket.kernelMemory?.read()
      return socket.kernelMemory?.limitBytes
    }
  )
]

const sent: ReadonlyArray<Metric<OpenSocket>> = [
  single(
    "counter",
    "datagram_sent",
    "datagrams",
    "Datagrams that the kernel accepted.",
    "sent",
    ({ counters }) => counters.send.sent
  ),
  ...byAttribute<OpenSocket>(
    counter("datagram_unsent", "datagrams", "Datagrams that were not sent, by the reason."),
    "reason",
    [
      ["buffer_full", "sendDropped", ({ counters }) => counters.send.unsent],
      ["amplification", "limits.amplified", ({ served }) => served.limits.amplified],
      ["response_rate", "limits.unsent", ({ served }) => served.limits.unsent],
      ["to_itself", "the replies of fromItself", ({ served }) => served.refusedItself]
    ]
  ),
  single(
    "counter",
    "datagram_send_retries",
    "calls",
    "Sends that failed with an error of another peer, and succeeded when they were repeated.",
    "retried",
    ({ counters }) => Number(counters.send.resent)
  ),
  single(
    "counter",
    "datagram_source_refused",
    "datagrams",
    "Replies that were sent without their source address, because the system refused it.",
    "sourceRefused",
    ({ counters }) => counters.send.sourceRefused
  )
]

const served: ReadonlyArray<Metric<OpenSocket>> = [
  ...byAttribute<OpenSocket>(
    counter(
      "datagram_served",
      "datagrams",
      "Datagrams that a server got, by its decision: the sum is datagram_received_ends of delivered."
    ),
    "decision",
    [
      ["handled", "handlers.started", ({ served }) => served.started],
      ["session", "sessions.accepted", ({ served }) => served.sessions.accepted],
      ["from_itself", "the datagrams of fromItself", ({ served }) => served.skippedItself],
      ["response_rate", "limits.rateLimited", ({ served }) => served.limits.rateLimited],
      ["loop", "limits.loops", ({ served }) => served.limits.loops],
      ["overflow", "overflow", ({ served }) => served.overflow],
      ["inbox_full", "sessions.inboxFull", ({ served }) => served.sessions.inboxFull],
      ["unkeyed", "sessions.unkeyed", ({ served }) => served.sessions.unkeyed],
      ["refused", "sessions.refused", ({ served }) => served.sessions.refused]
    ]
  ),
  single(
    "counter",
    "datagram_slipped",
    "datagrams",
    "Datagrams that were handled although their prefix is above the response rate.",
    "limits.slipped",
    ({ served }) => served.limits.slipped
  ),
  ...byAttribute<OpenSocket>(counter("datagram_handlers", "handlers", "Handlers that ended, by their end."), "end", [
    ["succeeded", "handlers.succeeded", ({ served }) => served.succeeded],
    ["failed", "handlers.failed", ({ served }) => served.failed],
    ["interrupted", "handlers.interrupted", ({ served }) => served.interrupted],
    ["timed_out", "handlers.timedOut", ({ served }) => served.timedOut]
  ]),
  single(
    "gauge",
    "datagram_handlers_running",
    "handlers",
    "Handlers that run.",
    "handlers.running",
    ({ served }) => served.running
  ),
  ...byAttribute<OpenSocket>(counter("datagram_sessions", "sessions", "Sessions that ended, by their end."), "end", [
    ["completed", "sessions.completed", ({ served }) => served.sessions.completed],
    ["failed", "sessions.failed", ({ served }) => served.sessions.failed],
    ["idle", "sessions.idle", ({ served }) => served.sessions.idle],
    ["evicted", "sessions.evicted", ({ served }) => served.sessions.evicted],
    ["stopped", "sessions.stopped", ({ served }) => served.sessions.stopped]
  ]),
  single(
    "gauge",
    "datagram_sessions_running",
    "sessions",
    "Sessions that run.",
    "sessions.running",
    ({ served }) => served.sessions.running
  )
]

const events: ReadonlyArray<Metric<OpenSocket>> = [
  ...byAttribute<OpenSocket>(counter("datagram_events", "events", "Events of sockets, by their end."), "end", [
    ["delivered", "events.delivered", ({ counters }) => Number(counters.events.received)],
    ["dropped", "events.dropped", ({ counters }) => Number(counters.events.dropped)],
    ["ignored", "events.ignored", ({ counters }) => Number(counters.events.ignored)]
  ]),
  single(
    "gauge",
    "datagram_events_queued",
    "events",
    "Events that wait for a reader.",
    "events.queued",
    ({ counters }) => counters.events.unread
  )
]

/**
 * The metrics of one socket. Each counter of its `stats` is the source of one of them, or the sum of several.
 *
 * @category metrics
 * @since 0.1.0
 */
export const socketMetrics: ReadonlyArray<Metric<OpenSocket>> = [
  single("gauge", "datagram_sockets", "sockets", "Sockets that are open.", "the number of sockets", () => 1),
  ...received,
  ...sent,
  ...served,
  ...events
]
