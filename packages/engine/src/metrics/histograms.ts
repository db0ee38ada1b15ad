/** The metrics whose values are recorded one by one. */

/**
 * A metric with a distribution of values.
 *
 * @category metrics
 * @since 0.1.0
 */
export interface Histogram {
  readonly name: string
  readonly unit: string
  readonly description: string
  /** Upper limits of the buckets. */
  readonly limits: ReadonlyArray<number>
}

/**
 * Datagrams of one receive call.
 *
 * @category metrics
 * @since 0.1.0
 */
export const batchSize: Histogram = {
  name: "datagram_batch_size",
  unit: "datagrams",
  description: "Datagrams that one receive call returned. Merged datagrams count as one.",
  limits: [1, 2, 4, 8, 16, 32, 64]
}

/**
 * Time of one handler, by the clock of its program.
 *
 * @category metrics
 * @since 0.1.0
 */
export const handlerSeconds: Histogram = {
  name: "datagram_handler_seconds",
  unit: "seconds",
  description: "Time from the call of a handler until it and its scope have ended.",
  limits: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]
}
