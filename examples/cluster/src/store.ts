/** The store of the cluster: a file for one process, or PostgreSQL for any number of processes. */
import { RunnerAddress, SingleRunner } from "@effect/cluster"
import { NodeClusterSocket } from "@effect/platform-node"
import { LibsqlClient } from "@effect/sql-libsql"
import { PgClient } from "@effect/sql-pg"
import { SqlClient } from "@effect/sql"
import { Effect, Layer, Option, Redacted } from "effect"

/** A transaction waits for the disk once, and not several times. */
const writeAhead = Layer.effectDiscard(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`PRAGMA journal_mode = WAL`))

/** One process, with its store in a file. */
export const embedded = (file: string) =>
  SingleRunner.layer({ runnerStorage: "memory" }).pipe(
    Layer.provide(writeAhead),
    // The cluster's ids have 64 bits.
    Layer.provideMerge(LibsqlClient.layer({ url: `file:${file}`, intMode: "bigint" }))
  )

/**
 * Builds a layer while no other process does. PostgreSQL fails if two processes create one table at the same time, and the layers of the cluster create
 * theirs. The lock belongs to a connection, so it ends with a process that is killed.
 */
const oneAtATime = <A, E, R>(layer: Layer.Layer<A, E, R>) =>
  Layer.scopedContext(
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.gen(function* () {
        const connection = yield* Effect.flatMap(PgClient.PgClient, (sql) => sql.reserve)
        yield* Effect.acquireRelease(connection.executeRaw("SELECT pg_advisory_lock(5303)", []), () =>
          Effect.ignore(connection.executeRaw("SELECT pg_advisory_unlock(5303)", []))
        )
        return yield* Layer.buildWithScope(layer, scope)
      }).pipe(Effect.scoped)
    )
  )

/** One of several processes, which find each other in PostgreSQL. The others reach this one at `host` and `port` (TCP). */
export const postgres = (url: string, host: string, port: number) =>
  oneAtATime(
    NodeClusterSocket.layer({
      storage: "sql",
      shardingConfig: {
        runnerAddress: Option.some(RunnerAddress.make(host, port)),
        // A process that is silent for this time has died. The others take over its sessions.
        shardLockExpiration: "5 seconds",
        refreshAssignmentsInterval: "1 second",
        entityMessagePollInterval: "1 second"
      }
    })
  ).pipe(Layer.provideMerge(PgClient.layer({ url: Redacted.make(url) })))
