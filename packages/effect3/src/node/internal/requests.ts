import type { DatagramStats } from "../../DatagramSocket.ts"
import { Predicate, Schema } from "effect"

/** An address and a port, as both sides write them. */
const At = Schema.Struct({ address: Schema.String, port: Schema.Number })

/**
 * Requests from the parent to a worker. Both ends have the same version, and their channel clones structures, including
 * bigints.
 */
const Stats = Schema.declare((value): value is DatagramStats => Predicate.hasProperty(value, "dequeued"))

/** Begin: on the socket that was passed, or else on a socket that the worker binds. */
export class Serve extends Schema.TaggedRequest<Serve>()("Serve", {
  payload: {
    at: At,
    descriptor: Schema.optional(Schema.Number),
    concurrency: Schema.optional(Schema.Number),
    shutdownMillis: Schema.Number
  },
  success: Schema.Struct({ at: At, stats: Stats }),
  failure: Schema.String
}) {}

/** Report the counters. */
export class Count extends Schema.TaggedRequest<Count>()("Count", {
  payload: {},
  success: Stats,
  failure: Schema.Never
}) {}

/** Stop reading and let handlers finish; answered when they have finished. */
export class Stop extends Schema.TaggedRequest<Stop>()("Stop", {
  payload: {},
  success: Stats,
  failure: Schema.Never
}) {}

/** All requests from the parent to a worker. */
export type Request = Serve | Count | Stop
export const Request = Schema.Union(Serve, Count, Stop)
