/**
 * Metrics of sockets, servers and clients. They are read from counters that exist anyway, so they cost nothing per datagram. Only the two
 * distributions are recorded, and only for sockets whose program requests them.
 *
 * @since 0.1.0
 */
export { type MetricAttributes, MetricCollection, type MetricValue } from "./collection.ts"
export { Distribution, type Recorder } from "./distribution.ts"
export { batchSize, handlerSeconds, type Histogram } from "./histograms.ts"
export { KernelMemory } from "./kernelMemory.ts"
export type { Metric } from "./metric.ts"
export { requestMetrics } from "./requestMetrics.ts"
export { socketMetrics } from "./socketMetrics.ts"
export { MetricSums } from "./sums.ts"
