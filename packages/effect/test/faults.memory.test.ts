/** Programs of this face, while each call of their driver fails once. */
import {
  Datagram,
  type DatagramSocket,
  DatagramSockets,
  type PktInfo,
  serve,
  serveInterfaces,
  serveSessions,
  withErrorReports,
  withMaximumDatagramSize,
  withPktInfo
} from "@ancillary/effect"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { Network } from "@ancillary/testing"
import { Cause, Effect, Fiber, type Layer, Logger, Result, type Scope, Stream } from "effect"
import { type Face, group, here, peer, type Program, type Running } from "../../testing/faults/attempt.ts"
import { faults } from "../../testing/faults/exhaust.ts"

// Small slots, because every run makes memory of its own.
const small = Datagram.ipv4.pipe(withMaximumDatagramSize(16))
const spec = small.pipe(withPktInfo())
type Socket = DatagramSocket<"ipv4", PktInfo>

const layerOf = (driver: Driver) => DatagramSockets.layer(Effect.succeed(driver), Network.capabilities)
type Sockets = Layer.Success<ReturnType<typeof layerOf>>

/** A program over one socket. `loop` answers until it is interrupted, or fails. */
const program = <S extends Pick<Socket, "stats">, E>(
  open: Effect.Effect<S, E, Sockets | Scope.Scope>,
  loop: (socket: S) => Effect.Effect<unknown, unknown>
): Program["start"] => {
  return (driver, signal) =>
    new Promise<Running>((resolve, reject) => {
      let end: (result: unknown) => void = () => undefined
      const ended = new Promise<unknown>((resolve, reject) => {
        end = (result) => (result === undefined ? resolve(result) : reject(result))
      })
      ended.catch(() => undefined)
      const stopped = Logger.make(({ cause, message }) => {
        if (String(message).includes("stopped reading")) end(Cause.squash(cause))
      })
      const fiber = Effect.runFork(
        Effect.gen(function* () {
          const socket = yield* open
          resolve({
            ended,
            balance: () => balance(socket),
            stop: () => Effect.runPromise(Fiber.interrupt(fiber))
          })
          return yield* loop(socket)
        }).pipe(Effect.scoped, Effect.provide(layerOf(driver)), Effect.provide(Logger.layer([stopped])))
      )
      signal.addEventListener("abort", () => fiber.interruptUnsafe())
      fiber.addObserver((exit) => {
        const result = exit._tag === "Success" ? undefined : Cause.squash(exit.cause)
        end(result)
        reject(result)
      })
    })
}

/** Taken = delivered + faults + dropped + put back. */
const balance = (socket: Pick<Socket, "stats">): bigint => {
  const { delivered, dequeued, dropped, faults, putBack } = Effect.runSync(socket.stats)
  return dequeued - delivered - dropped - putBack - Object.values(faults).reduce((sum, count) => sum + count, 0n)
}

const looping = (loop: (socket: Socket) => Effect.Effect<unknown, unknown>): Program => ({
  start: program(Datagram.bind(spec, here), loop)
})

const served = (wait: Effect.Effect<void>): Program => ({
  start: program(
    serve(spec, here, (asked, socket) => Effect.andThen(wait, Datagram.reply(socket, asked, asked.data)), {
      shutdown: 0
    }),
    () => Effect.never
  )
})

/** A receive that failed because of an earlier datagram is repeated. */
const repeated = <A, E extends { readonly _tag: string; readonly reason?: unknown }>(
  receive: Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.retry(receive, {
    while: ({ _tag, reason }) => _tag === "DatagramReceiveError" && reason !== "Closed" && reason !== "Other"
  })

const programs: Face["programs"] = {
  serve: served(Effect.void),
  "serve with a handler that waits": served(Effect.yieldNow),
  serveInterfaces: {
    to: { address: group, port: here.port },
    start: program(
      serveInterfaces(
        spec,
        { port: here.port, matches: ({ loopback, up }) => up && !loopback, groups: [group] },
        ({ data, from }, socket) => socket.send({ data, to: from }),
        { shutdown: 0 }
      ).pipe(
        Effect.flatMap(({ sockets }) => sockets),
        Effect.flatMap(([socket]) => (socket === undefined ? Effect.die("no socket") : Effect.succeed(socket)))
      ),
      () => Effect.never
    )
  },
  serveSessions: {
    start: program(
      serveSessions(
        spec,
        here,
        (session) => Stream.runForEach(session.datagrams, ({ data }) => Effect.ignore(session.send(data))),
        { shutdown: 0 }
      ),
      () => Effect.never
    )
  },
  datagrams: looping((socket) =>
    Stream.runForEach(socket.datagrams, (asked) => Effect.ignore(Datagram.reply(socket, asked, asked.data)))
  ),
  outcomes: looping((socket) =>
    Stream.runForEach(socket.outcomes, (outcome) =>
      Result.isSuccess(outcome)
        ? Effect.ignore(Datagram.reply(socket, outcome.success, outcome.success.data))
        : Effect.void
    )
  ),
  receive: looping((socket) =>
    repeated(socket.receive).pipe(
      Effect.flatMap((asked) => Effect.ignore(Datagram.reply(socket, asked, asked.data))),
      Effect.forever
    )
  ),
  "peek and receive": looping((socket) =>
    repeated(socket.peek).pipe(
      Effect.andThen(repeated(socket.receive)),
      Effect.flatMap((asked) => Effect.ignore(Datagram.reply(socket, asked, asked.data))),
      Effect.forever
    )
  ),
  "receiveBatch and sendAll": looping((socket) =>
    socket.receiveBatch.pipe(
      Effect.flatMap((batch) => socket.sendAll(batch.map(({ data, from }) => ({ data, to: from })))),
      Effect.forever
    )
  ),
  forEach: looping((socket) => socket.forEach(({ data, from }) => void socket.trySend({ data, to: from }))),
  forEachBorrowed: looping((socket) =>
    socket.forEachBorrowed(({ data, from }) => void socket.trySend({ data, to: from }))
  ),
  "a connected socket": {
    start: program(Datagram.connect(small, peer, { local: here }), (socket) =>
      Stream.runForEach(socket.datagrams, ({ data }) => Effect.ignore(socket.send({ data })))
    )
  },
  "a member of a group": {
    to: { address: group, port: here.port },
    start: program(
      Effect.tap(Datagram.bind(spec, { address: "0.0.0.0", port: here.port }), (socket) =>
        socket.join(group, { interfaceIndex: 2 })
      ),
      (socket) =>
        Stream.runForEach(socket.datagrams, ({ data, from }) => Effect.ignore(socket.send({ data, to: from })))
    )
  },
  "a reader of error reports": {
    start: program(Datagram.bind(small.pipe(withErrorReports()), here), (socket) =>
      Effect.all(
        [
          Stream.runDrain(socket.events),
          socket.forEach(({ data, from }) => {
            // The port has no socket, so each of these is reported.
            socket.trySend({ data, to: { address: peer.address, port: 9 } })
            socket.trySend({ data, to: from })
          })
        ],
        { concurrency: "unbounded" }
      )
    )
  }
}

faults({
  isTyped: (error) =>
    typeof error === "object" &&
    error !== null &&
    "_tag" in error &&
    typeof error._tag === "string" &&
    /^Datagram\w+(Error|Fault)$/.test(error._tag),
  programs
})
