/** The loop of a server: room for a handler, then a datagram, then the handler. No result of a handler ends the loop. */
import type { ControlMessage, Family } from "@ancillary/control"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Datagram } from "../Datagram.ts"
import type { DatagramReceiveError } from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import { isItself, type ReceivedDatagram, retainDescriptors, Served } from "@ancillary/engine/socket"
import { Failures, quietly } from "./failures.ts"
import { Handlers } from "./handlers.ts"
import { handled } from "./handling.ts"
import { patience } from "./patience.ts"
import { Reading } from "./reading.ts"
import { finish, heard, listen } from "./sending.ts"
import { engineSocketOf } from "./sockets.ts"
import type { Checked } from "./serveOptions.ts"

export const serving = <F extends Family, D extends ControlMessage.Any, E, R>(
  socket: DatagramSocket<F, D>,
  handler: (datagram: Datagram<F, D>, socket: DatagramSocket<F, D>) => Effect.Effect<void, E, R>,
  { concurrency, sendTimeout, shutdown }: Checked
): Effect.Effect<Fiber.Fiber<never, DatagramReceiveError>, never, Scope.Scope | Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const core = engineSocketOf(socket)
    const counts = core?.served ?? new Served()
    const kinds = new Failures()
    const handlers = new Handlers()
    const reading = new Reading(concurrency)
    const isUnix = socket.family === "unix"

    const settle = (from: Datagram<F, D>["from"], exit: Exit.Exit<void, E>): Effect.Effect<void> => {
      reading.release()
      if (exit._tag === "Success") {
        counts.succeeded++
        return Effect.void
      }
      if (Cause.hasInterruptsOnly(exit.cause)) {
        counts.interrupted++
        return Effect.void
      }
      counts.failed++
      return kinds.log(
        `The handler of a datagram from ${String(from)} failed. Others that fail in this way are counted by stats.handlers.failed and not logged`,
        exit.cause
      )
    }

    const handle = (datagram: Datagram<F, D>, begin: () => Effect.Effect<void, E, R>) => {
      const ending = Effect.flatMap(Scope.make(), (scope) => {
        const begun = Effect.exit(Scope.provide(Effect.interruptible(handled(begin)), scope))
        return Effect.flatMap(begun, (exit) =>
          Effect.flatMap(Effect.exit(Scope.close(scope, exit)), (closed) => settle(datagram.from, both(exit, closed)))
        )
      })
      if (!isUnix) return ending
      // The next read may come before the handler has started, and would close the descriptors of its datagram.
      const release = retainDescriptors(datagram.control)
      const held = Effect.ensuring(ending, Effect.sync(release))
      return core === undefined ? held : Effect.provideService(held, patience, { core, limit: sendTimeout })
    }

    // Finalizers run from the last to the first: reading stops, handlers finish, the remaining handlers are interrupted, the socket is
    // closed.
    yield* Effect.addFinalizer(() => handlers.end(shutdown))

    // The fiber begins in the callback of the event loop, so a handler that ends without a wait costs no turn. It is interruptible where
    // the handler runs.
    const fork = Effect.runForkWith(yield* Effect.context<Exclude<R, Scope.Scope>>())
    const take = (datagram: Datagram<F, D>): void => {
      if (isItself(core, socket.localAddress, datagram.from) && !isToMany(datagram)) {
        counts.fromItself++
        return
      }
      counts.started++
      reading.take()
      let begin: () => Effect.Effect<void, E, R>
      if (core !== undefined && !isUnix) listen()
      try {
        const returned = handler(datagram, socket)
        const sending = core === undefined || isUnix ? undefined : heard(core, returned)
        if (sending === undefined) begin = () => returned
        else {
          const begun = sending.core.trySend(sending.message)
          if (begun === undefined) {
            counts.succeeded++
            reading.release()
            return
          }
          // The error of the handler's effect is that of its send.
          begin = () => finish(sending.core, begun) as Effect.Effect<void, E>
        }
      } catch (thrown) {
        if (core !== undefined) heard(core, undefined)
        begin = () => Effect.die(thrown)
      }
      handlers.add(fork(handle(datagram, begin), { uninterruptible: true }))
    }

    // The spec that the socket was opened for decides the type of its datagrams.
    const read: Effect.Effect<never, DatagramReceiveError> =
      core === undefined
        ? reading.byReceive(socket, take)
        : reading.byCallback(core, take as unknown as (datagram: ReceivedDatagram) => void)
    return yield* Effect.forkScoped(
      Effect.tapCause(read, (cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : quietly(Effect.logError("The server stopped reading", cause))
      )
    )
  })

/** The end of a handler and of its scope: a failure of either, or of both. */
const both = <E>(exit: Exit.Exit<void, E>, closed: Exit.Exit<void>): Exit.Exit<void, E> => {
  if (closed._tag === "Success") return exit
  return exit._tag === "Success" ? closed : Exit.failCause(Cause.combine(exit.cause, closed.cause))
}

/**
 * The socket itself receives datagrams that it sent to a group, and so does another program with its port. A reply is delivered to only one
 * of them.
 */
const isToMany = ({ delivery }: { readonly delivery: string }): boolean =>
  delivery === "multicast" || delivery === "broadcast"
