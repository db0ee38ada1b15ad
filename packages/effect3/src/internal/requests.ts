/** The requests of a client: transmission by a schedule, and the answer that ends it. */
import { Codec, type ControlMessage, type Family } from "@ancillary/control"
import { copyRequest, readKey, RequestTable, type SessionKey, type WaitingRequest } from "@ancillary/engine/server"
import { receiveClosed } from "@ancillary/engine/errors/DatagramError"
import { spanAttributes } from "@ancillary/engine/socket"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { DatagramClient } from "../ClientTypes.ts"
import type { Datagram } from "../Datagram.ts"
import {
  type DatagramBindError,
  type DatagramReceiveError,
  DatagramRequestError,
  fail,
  invalidBind
} from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import { durationOf } from "./durations.ts"
import { metering } from "./metering.ts"
import { engineSocketOf } from "./sockets.ts"
import { traced } from "./tracing.ts"
import { waitFor } from "./waiting.ts"

interface Transmission {
  readonly retransmit: Schedule.Schedule<unknown>
  readonly timeout: Duration.Duration
}

interface Checked extends Transmission {
  readonly key: (datagram: never) => unknown
}

const defaults: Transmission = {
  retransmit: Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(3)),
  timeout: Duration.seconds(5)
}

/** Fails with the first invalid option. */
export const checkClientOptions = (given: unknown): Effect.Effect<Checked, DatagramBindError> =>
  Effect.suspend(() => {
    try {
      const key: unknown = (given as { readonly key?: unknown } | undefined)?.key
      if (typeof key !== "function")
        return Effect.fail(
          invalidBind(`key: ${Codec.format(key)} is not a function. Give one that returns a key.`, "key")
        )
      return Effect.map(checkTransmission(given, defaults), (checked) => ({ ...checked, key: key as Checked["key"] }))
    } catch {
      return unreadable
    }
  })

const unreadable = Effect.fail(invalidBind("options: reading them threw. Give a plain object.", "options"))

const checkTransmission = (given: unknown, otherwise: Transmission): Effect.Effect<Transmission, DatagramBindError> =>
  Effect.suspend(() => {
    if (given === undefined) return Effect.succeed(otherwise)
    try {
      const { retransmit = otherwise.retransmit, timeout = otherwise.timeout } = given as {
        readonly retransmit?: unknown
        readonly timeout?: unknown
      }
      if (!Schedule.isSchedule(retransmit)) return refused("retransmit", retransmit, "a schedule", "3 retransmissions")
      const duration = durationOf(timeout)
      if (duration === undefined) return refused("timeout", timeout, "a duration of 0 or more", "5s")
      return Effect.succeed({ retransmit: retransmit as Transmission["retransmit"], timeout: duration })
    } catch {
      return unreadable
    }
  })

/** Time between two transmissions, in nanoseconds, below which the event loop gets a turn. */
const shortestPause = 1_000_000n

const refused = (option: string, value: unknown, range: string, otherwise: string) =>
  Effect.fail(invalidBind(`${option}: ${Codec.format(value)} is not ${range}. Leave it out for ${otherwise}.`, option))

const invalid = (message: string) => Effect.fail(new DatagramRequestError({ reason: "InvalidArgument", message }))

/** Reads the answers of a socket, and returns the functions of its client. */
export const requesting = <F extends Family, D extends ControlMessage.Any>(
  socket: DatagramSocket<F, D>,
  checked: Checked
): Effect.Effect<DatagramClient<F, D>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const core = engineSocketOf(socket)
    const table = new RequestTable<Datagram<F, D>>((address) => core?.isBroadcastAddress(address) === true)
    const { counters } = table
    const meter = yield* metering
    const labels = yield* Effect.metricLabels
    yield* Effect.acquireRelease(
      Effect.sync(() => meter?.requests(counters, labels)),
      (end) => Effect.sync(() => end?.())
    )
    const keyOf = checked.key as (datagram: Datagram<F, D>) => unknown
    const me = yield* Effect.fiberId
    const unread = yield* Deferred.make<never, DatagramReceiveError>()
    const read = socket.forEach((datagram) => {
      let key: SessionKey | undefined
      try {
        key = readKey(keyOf(datagram))
      } catch {
        key = undefined
      }
      table.receive(key, datagram)
    })
    // Requests that wait when the scope closes fail, and their fibers are not interrupted.
    yield* Effect.addFinalizer(() => Effect.sync(() => Deferred.unsafeDone(unread, fail(receiveClosed()))))
    yield* Effect.forkScoped(
      Effect.interruptible(
        Effect.tapErrorCause(read, (cause) =>
          Cause.isInterruptedOnly(cause) ? Effect.void : Deferred.failCause(unread, cause)
        )
      )
    )

    const begin = (
      asked: Parameters<typeof socket.send>[0] & { readonly key: unknown },
      transmission: Transmission
    ) => {
      const given = asked.key
      const key = readKey(given)
      if (key === undefined)
        return invalid(`key: ${Codec.format(given)} is not a key. Give a text, a number, a bigint or bytes.`)
      const to = core?.outgoing.destinations.of(asked.to)
      if (to === undefined || typeof to === "string") return invalid(`to: ${String(to)}. Give an address and a port.`)
      const message = copyRequest(asked, to)
      const answered = Deferred.unsafeMake<Datagram<F, D>>(me)
      const request: WaitingRequest<Datagram<F, D>> = {
        to,
        onAnswer: (datagram) => Deferred.unsafeDone(answered, Exit.succeed(datagram))
      }
      let last = 0n
      const again = Effect.flatMap(Clock.currentTimeNanos, (now) => {
        const isSoon = now - last < shortestPause
        last = now
        // A schedule without pauses would keep the event loop from reading the answer.
        return Effect.zipRight(
          isSoon && core !== undefined ? waitFor(core, 0) : Effect.void,
          Effect.suspend(() => {
            counters.retransmitted++
            return socket.send(message)
          })
        )
      })
      const over = Effect.suspend(() =>
        table.end(key, request, "unanswered")
          ? Effect.fail(
              new DatagramRequestError({
                reason: "NoAnswer",
                message: `${String(to)} did not answer. Ask again later, or give a longer schedule.`
              })
            )
          : Deferred.await(answered)
      )
      const transmit = socket
        .send(message)
        .pipe(
          Effect.zipRight(Effect.schedule(again, transmission.retransmit)),
          Effect.zipRight(Effect.sleep(transmission.timeout)),
          Effect.zipRight(over)
        )
      // An interruption between the two steps would leave the key in the table.
      const answer = Effect.uninterruptibleMask((restore) => {
        if (!table.add(key, request))
          return invalid(`key: a request with the key ${Codec.format(given)} waits already. Choose another one.`)
        return Effect.onExit(
          restore(Effect.raceFirst(Deferred.await(answered), Effect.raceFirst(transmit, Deferred.await(unread)))),
          (exit) =>
            Effect.sync(() => {
              if (exit._tag === "Failure") table.end(key, request, Exit.isInterrupted(exit) ? "cancelled" : "failed")
            })
        )
      })
      return traced(
        "DatagramClient.request",
        () => ({ kind: "client", attributes: spanAttributes("peer", to) }),
        answer
      )
    }
    return {
      socket,
      request: (message: Parameters<typeof begin>[0], options?: unknown) =>
        Effect.flatMap(checkTransmission(options, checked), (transmission) =>
          Effect.suspend(() => {
            try {
              return begin(message, transmission)
            } catch {
              return invalid("request: reading it threw. Give a plain object.")
            }
          })
        ),
      stats: Effect.sync(() => ({
        started: BigInt(counters.started),
        answered: BigInt(counters.answered),
        unanswered: BigInt(counters.unanswered),
        cancelled: BigInt(counters.cancelled),
        failed: BigInt(counters.failed),
        waiting: BigInt(counters.waiting),
        retransmitted: BigInt(counters.retransmitted),
        received: BigInt(counters.received),
        late: BigInt(counters.late),
        duplicate: BigInt(counters.duplicate),
        foreign: BigInt(counters.foreign),
        unknown: BigInt(counters.unknown)
      }))
    }
  })
