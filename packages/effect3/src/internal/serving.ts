/** The loop of a server: room for a handler, then a datagram, then the handler. No result of a handler ends the loop. */
import type { ControlMessage, Family } from "@ancillary/control"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Datagram } from "../Datagram.ts"
import type { DatagramReceiveError } from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import { addServedPort } from "@ancillary/engine/server"
import {
  type HeldResult,
  isItself,
  type Together,
  type ReceivedDatagram,
  retainDescriptors,
  Served
} from "@ancillary/engine/socket"
import { Failures, quietly } from "./failures.ts"
import { type Fork, forking } from "./handlerFibers.ts"
import { Generated } from "./generated.ts"
import { Handlers, leave, type StopReport } from "./handlers.ts"
import { handled, isEffect } from "./handling.ts"
import { patience } from "./patience.ts"
import { Reading } from "./reading.ts"
import { heard, listen, Sending, settled } from "./sending.ts"
import { engineSocketOf } from "./sockets.ts"
import { isTraced, withDatagramSpan } from "./tracing.ts"
import type { Checked } from "./serveOptions.ts"
import { Deadline, TimeLimit } from "./timeLimit.ts"
import { FiberRef } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

/** A server, which serves any number of sockets with the same handler. */
export interface Server<F extends Family, D extends ControlMessage.Any> {
  /** Serves a socket until the scope closes. The fiber ends earlier only if reading fails. */
  readonly serve: (
    socket: DatagramSocket<F, D>
  ) => Effect.Effect<Fiber.RuntimeFiber<never, DatagramReceiveError>, never, Scope.Scope>
  /** Ends the limits of a socket that is not served any more, while the server goes on. */
  readonly forget: (socket: DatagramSocket<F, D>) => void
}

export const serving = <F extends Family, D extends ControlMessage.Any, E, R>(
  socket: DatagramSocket<F, D>,
  handler: Handler<F, D, E, R>,
  checked: Checked
): Effect.Effect<Fiber.RuntimeFiber<never, DatagramReceiveError>, never, Scope.Scope | Exclude<R, Scope.Scope>> =>
  Effect.flatMap(makeServer(handler, checked), (server) => server.serve(socket))

export type Handler<F extends Family, D extends ControlMessage.Any, E, R> = (
  datagram: Datagram<F, D>,
  socket: DatagramSocket<F, D>
) => Effect.Effect<void, E, R>

/** Makes a server. Its handlers end with the scope, so sockets that they answer on must be opened before. */
export const makeServer = <F extends Family, D extends ControlMessage.Any, E, R>(
  handler: Handler<F, D, E, R>,
  checked: Checked
): Effect.Effect<Server<F, D>, never, Scope.Scope | Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const kinds = new Failures()
    const handlers = new Handlers()
    const ends = new Map<object, () => void>()
    const reading = new Reading(checked.concurrency, checked.overflow === "wait")
    const fork = forking<R>(yield* Effect.runtime<Exclude<R, Scope.Scope>>())
    const limit = Duration.isFinite(checked.timeLimit)
      ? new TimeLimit(Duration.toMillis(checked.timeLimit), clock, yield* Effect.runtime())
      : undefined
    // Finalizers run from the last to the first: reading stops, handlers finish, the remaining handlers are interrupted, the socket is
    // closed.
    yield* Effect.addFinalizer(() =>
      Effect.flatMap(handlers.end(checked.shutdown), (report) => {
        for (const end of ends.values()) end()
        return Effect.zipRight(limit?.close ?? Effect.void, reported(report, checked))
      })
    )
    return {
      serve: (socket) => served(socket, handler, { checked, kinds, handlers, reading, fork, limit, clock, ends }),
      forget: (socket) => {
        ends.get(socket)?.()
        ends.delete(socket)
      }
    }
  })

/** Passes the report to the program, and waits for it as long as for handlers. It never fails. */
export const reported = (
  report: StopReport,
  { onStop, shutdown }: Pick<Checked, "onStop" | "shutdown">
): Effect.Effect<void> =>
  onStop === undefined
    ? Effect.void
    : Effect.flatMap(
        // In a fiber of its own, which is left behind if it cannot be interrupted.
        Effect.forkDaemon(Effect.interruptible(quietly(handled(() => onStop(report))))),
        (fiber) =>
          Effect.zipRight(
            Effect.timeoutOption(Effect.interruptible(Fiber.await(fiber)), Duration.max(shutdown, leave)),
            Fiber.interruptFork(fiber)
          )
      )

/** The parts that the sockets of a server share. */
interface Shared<R> {
  readonly checked: Checked
  readonly kinds: Failures
  readonly handlers: Handlers
  readonly reading: Reading
  readonly fork: Fork<R>
  readonly limit: TimeLimit | undefined
  readonly clock: Clock.Clock
  /** Called when the server has ended, by socket. */
  readonly ends: Map<object, () => void>
}

const served = <F extends Family, D extends ControlMessage.Any, E, R>(
  socket: DatagramSocket<F, D>,
  handler: Handler<F, D, E, R>,
  { checked: { limits, overflow, sendTimeout, traced }, clock, ends, fork, handlers, kinds, limit, reading }: Shared<R>
): Effect.Effect<Fiber.RuntimeFiber<never, DatagramReceiveError>, never, Scope.Scope> =>
  Effect.withFiberRuntime((server) => {
    const core = engineSocketOf(socket)
    const counts = core?.served ?? new Served()
    const isUnix = socket.family === "unix"
    const drops = overflow === "drop"
    // A send without a fiber would have no span. A Unix socket's receiver may be full, so each handler waits for its own room.
    const together = isUnix || traced ? undefined : core?.together()
    // A tracer gets each operation of a fiber, so no handler runs without one.
    const steps = !isTraced(server)
    const { localAddress } = socket
    const unserved = localAddress.family === "unix" ? undefined : addServedPort(localAddress.port)
    const now = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    const guard = core?.protect(limits, now)
    ends.set(socket, () => {
      unserved?.()
      if (guard !== undefined) core?.unprotect(guard)
    })

    const settle = (
      from: Datagram<F, D>["from"],
      exit: Exit.Exit<void, E>,
      deadline: Deadline | undefined,
      begun: number
    ): Effect.Effect<void> => {
      reading.release()
      counts.times?.add((now() - begun) / 1000)
      if (deadline !== undefined) {
        limit?.end(deadline)
        if (deadline.isOver) {
          counts.timedOut++
          return kinds.log(
            `The handler of a datagram from ${String(from)} took longer than timeLimit. Others are counted by stats.handlers.timedOut and not logged`,
            timedOut
          )
        }
      }
      if (exit._tag === "Success") {
        counts.succeeded++
        return Effect.void
      }
      if (Cause.isInterruptedOnly(exit.cause)) {
        counts.interrupted++
        return Effect.void
      }
      counts.failed++
      return kinds.log(
        `The handler of a datagram from ${String(from)} failed. Others that fail in this way are counted by stats.handlers.failed and not logged`,
        exit.cause
      )
    }

    const work = (datagram: Datagram<F, D>, begin: () => Effect.Effect<void, E, R>): Effect.Effect<void, E, R> => {
      const handling = traced
        ? withDatagramSpan(
            "DatagramServer.handle",
            { from: datagram.from, local: localAddress, bytes: datagram.data.length },
            handled(begin)
          )
        : handled(begin)
      return isUnix && core !== undefined
        ? Effect.zipRight(FiberRef.set(patience, { core, limit: sendTimeout }), handling)
        : handling
    }

    const take = (datagram: Datagram<F, D>): void => {
      if (isItself(core, socket.localAddress, datagram.from) && !isToMany(datagram)) {
        counts.skippedItself++
        return
      }
      if (guard !== undefined && !guard.receives(datagram.from, datagram.data)) return
      if (drops && reading.isFull) {
        counts.overflow++
        return
      }
      counts.started++
      reading.take()
      const begun = counts.times === undefined ? 0 : now()
      if (core === undefined || together === undefined) return start(datagram, () => handler(datagram, socket), begun)
      let returned: Effect.Effect<void, E, R>
      let generator: Generated<E, R> | undefined
      let sending: Sending | undefined
      listen()
      try {
        returned = handler(datagram, socket)
        sending = heard(core, returned)
        if (sending === undefined && steps && isEffect<void, E, R>(returned)) {
          const evaluated = Generated.of(core, returned)
          // Asked here, because the prototype of an object whose traps throw cannot be read.
          if (evaluated instanceof Generated) generator = evaluated
          else returned = evaluated
        }
      } catch (thrown) {
        heard(core, undefined)
        return start(datagram, () => Effect.die(thrown), begun)
      }
      const succeeded = (): void => {
        counts.succeeded++
        counts.times?.add((now() - begun) / 1000)
      }
      if (sending !== undefined) {
        const { core: from } = sending
        // The handler has ended. The error of its effect is that of its send.
        reading.release()
        return transmit(together, sending, true, (result) => {
          if (result === undefined) return succeeded()
          reading.take()
          start(datagram, () => settled(from, result) as Effect.Effect<void, E>, begun)
        })
      }
      if (generator === undefined) {
        const effect = returned
        return start(datagram, () => effect, begun)
      }
      const generated = generator
      const advance = (): void => {
        const next = generated.next()
        if (next === undefined) {
          reading.release()
          succeeded()
        } else if (next instanceof Sending) {
          // A handler that waits for the end of its batch takes room, and would make the server drop the next datagram.
          transmit(together, next, !drops, (result) =>
            result === undefined
              ? advance()
              : start(datagram, () => generated.after(settled(next.core, result) as Effect.Effect<void, E>), begun)
          )
        } else start(datagram, () => next, begun)
      }
      advance()
    }

    const start = (datagram: Datagram<F, D>, begin: () => Effect.Effect<void, E, R>, begun: number): void => {
      const deadline = limit === undefined ? undefined : new Deadline()
      // The next read may come before the handler has ended, and would close the descriptors of its datagram.
      const release = isUnix ? retainDescriptors(datagram.control) : undefined
      const fiber = fork(work(datagram, begin), (exit) => {
        release?.()
        return settle(datagram.from, exit, deadline, begun)
      })
      handlers.add(fiber)
      if (deadline !== undefined) limit?.begin(deadline, fiber)
    }

    // The spec that the socket was opened for decides the type of its datagrams.
    const read: Effect.Effect<never, DatagramReceiveError> =
      core === undefined
        ? reading.byReceive(socket, take)
        : reading.byCallback(core, take as unknown as (datagram: ReceivedDatagram) => void, () => together?.end())
    return Effect.forkScoped(
      // A fork from an acquisition could not be interrupted otherwise, and its scope would wait for it without an end.
      Effect.interruptible(
        Effect.tapErrorCause(read, (cause) =>
          Cause.isInterruptedOnly(cause) ? Effect.void : quietly(Effect.logError("The server stopped reading", cause))
        )
      )
    )
  })

/** Sends for a handler, with others if `holds` and there are some. `end` gets the result at once, or after the batch. */
const transmit = (
  together: Together,
  { core, message }: Sending,
  holds: boolean,
  end: (result: HeldResult) => void
): void => {
  let result: HeldResult
  try {
    if (holds && together.isHolding) return together.hold(message, end)
    result = core.trySend(message)
  } catch (thrown) {
    result = { thrown }
  }
  end(result)
}

/** The kind of failure of a handler whose time was over. */
const timedOut = Cause.fail({ _tag: "TimeLimit" })

/**
 * The socket itself receives datagrams that it sent to a group, and so does another program with its port. A reply is delivered to only one
 * of them.
 */
export const isToMany = ({ delivery }: { readonly delivery: string }): boolean =>
  delivery === "multicast" || delivery === "broadcast"
