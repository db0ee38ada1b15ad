/** The metrics of a client's requests, read from their counters. */
import type { RequestCounters } from "../server/requests.ts"
import { byAttribute, type Metric } from "./metric.ts"

/**
 * The metrics of one client.
 *
 * @category metrics
 * @since 0.1.0
 */
export const requestMetrics: ReadonlyArray<Metric<RequestCounters>> = [
  ...byAttribute<RequestCounters>(
    {
      name: "datagram_requests",
      kind: "counter",
      unit: "requests",
      description: "Requests of clients that ended, by their end."
    },
    "end",
    [
      ["answered", "answered", ({ answered }) => answered],
      ["unanswered", "unanswered", ({ unanswered }) => unanswered],
      ["cancelled", "cancelled", ({ cancelled }) => cancelled],
      ["failed", "failed", ({ failed }) => failed]
    ]
  ),
  {
    name: "datagram_requests_waiting",
    kind: "gauge",
    unit: "requests",
    description: "Requests of clients that wait for an answer.",
    attributes: {},
    from: "waiting",
    read: ({ waiting }) => waiting
  },
  {
    name: "datagram_requests_retransmitted",
    kind: "counter",
    unit: "datagrams",
    description: "Requests that were sent again.",
    attributes: {},
    from: "retransmitted",
    read: ({ retransmitted }) => retransmitted
  },
  ...byAttribute<RequestCounters>(
    {
      name: "datagram_answers",
      kind: "counter",
      unit: "datagrams",
      description: "Datagrams that clients received, by their use: the sum is the counter received."
    },
    "use",
    [
      ["answer", "answered", ({ answered }) => answered],
      ["late", "late", ({ late }) => late],
      ["duplicate", "duplicate", ({ duplicate }) => duplicate],
      ["foreign", "foreign", ({ foreign }) => foreign],
      ["unknown", "unknown", ({ unknown }) => unknown]
    ]
  )
]
