/** A session is an entity of the cluster. It runs in one process at a time, and its state is in the store. */
import { ClusterSchema, Entity } from "@effect/cluster"
import { Rpc } from "@effect/rpc"
import { SqlClient } from "@effect/sql"
import { Effect, Layer, Schema } from "effect"

/** A message of one datagram. */
const Add = Rpc.make("Add", {
  payload: { number: Schema.Int, amount: Schema.Int },
  success: Schema.Struct({ sum: Schema.Number, process: Schema.Int }),
  // A datagram that arrives again is the same message, and gets the same answer.
  primaryKey: ({ number }) => String(number)
})
  // The message is in the store before the session gets it. If the process dies, the next one finds it there.
  .annotate(ClusterSchema.Persisted, true)
  // A front that gives up does not withdraw the message.
  .annotate(ClusterSchema.Uninterruptible, true)

/** Adds amounts. Answers with their sum and the process that runs the session. */
export const Session = Entity.make("Session", [Add])

const table = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE IF NOT EXISTS amounts (
    session TEXT NOT NULL, number BIGINT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (session, number))`
}).pipe(
  // PostgreSQL fails if two processes create the table at the same time.
  Effect.retry({ times: 3 })
)

/** Runs the sessions that the cluster assigns to this process. */
export const sessionsLayer = Session.toLayer(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { entityId } = yield* Entity.CurrentAddress
    return Session.of({
      Add: ({ payload: { amount, number } }) =>
        Effect.gen(function* () {
          // If the process dies before it has answered, the message is handled again. It is added once.
          yield* sql`INSERT INTO amounts (session, number, amount) VALUES (${entityId}, ${number}, ${amount})
            ON CONFLICT DO NOTHING`
          const rows = yield* sql<{ readonly sum: bigint | string }>`
            SELECT SUM(amount) AS sum FROM amounts WHERE session = ${entityId}`
          return { sum: Number(rows[0]?.sum), process: process.pid }
        }).pipe(Effect.orDie)
    })
  })
).pipe(Layer.provide(Layer.effectDiscard(table)))
