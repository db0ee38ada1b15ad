import type { DatagramStats } from "@ancillary/effect3"
import { Predicate, Schema } from "effect"

/** An address and a port as both sides write them. */
const At = Schema.Struct({ address: Schema.String, port: Schema.Number })

/** Both ends are of one version, and the channel between them clones structures, bigints among them. */
const Stats = Schema.declare((value): value is DatagramStats => Predicate.hasProperty(value, "taken"))

/** Begin: on the socket that was handed over, else on one of the worker's own. */
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

/** What became of the worker's datagrams so far. */
export class Count extends Schema.TaggedRequest<Count>()("Count", {
  payload: {},
  success: Stats,
  failure: Schema.Never
}) {}

/** Stop reading, let handlers finish; answered when that is done. */
export class Stop extends Schema.TaggedRequest<Stop>()("Stop", {
  payload: {},
  success: Stats,
  failure: Schema.Never
}) {}

/** What the one who started a worker asks of it. */
export type Request = Serve | Count | Stop
export const Request = Schema.Union(Serve, Count, Stop)
