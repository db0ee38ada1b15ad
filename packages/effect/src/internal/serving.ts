/** The loop of a server: a slot for a handler, then a datagram, then a fiber. No result of a handler ends the loop. */
import type { ControlMessage, Family } from "@ancillary/control"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { Datagram } from "../Datagram.ts"
import type { DatagramReceiveError } from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import { isItself, retainDescriptors, Served } from "@ancillary/engine/socket"
import { Failures, quietly } from "./failures.ts"
import { Handlers } from "./handlers.ts"
import { handled } from "./handling.ts"
import { patience } from "./patience.ts"
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
    /** Number of reads in a row that failed. */
    let failures = 0
    const handlers = new Handlers()
    const free = yield* Semaphore.make(concurrency)
    const isUnix = socket.family === "unix"

    const settle = (from: Datagram<F, D>["from"], exit: Exit.Exit<void, E>): Effect.Effect<void> => {
      if (exit._tag === "Success") {
        counts.succeeded++
        return free.release(1)
      }
      const isInterrupted = Cause.hasInterruptsOnly(exit.cause)
      if (isInterrupted) counts.interrupted++
      else counts.failed++
      return isInterrupted
        ? free.release(1)
        : Effect.andThen(
            free.release(1),
            kinds.log(
              `The handler of a datagram from ${String(from)} failed. Others that fail in this way are counted by stats.handlers.failed and not logged`,
              exit.cause
            )
          )
    }

    const handle = (datagram: Datagram<F, D>) => {
      counts.started++
      const ending = Effect.flatMap(Scope.make(), (scope) => {
        const begun = Effect.exit(Scope.provide(Effect.interruptible(handled(() => handler(datagram, socket))), scope))
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

    // The handler's slot comes first, then the datagram, so every datagram that is taken from the kernel has a handler.
    const next = Effect.uninterruptibleMask((restore) =>
      Effect.andThen(
        restore(free.take(1)),
        Effect.matchEffect(restore(socket.receive), {
          onSuccess: (datagram) => {
            failures = 0
            if (!isItself(core, socket.localAddress, datagram.from) || isToMany(datagram))
              return handlers.run(handle(datagram))
            counts.fromItself++
            return free.release(1)
          },
          onFailure: (failed) => {
            // A fault ends with its datagram.
            const error = failed._tag === "DatagramReceiveError" ? failed : undefined
            if (error !== undefined && endsReading(error)) return Effect.andThen(free.release(1), Effect.fail(error))
            if (core !== undefined && error !== undefined) core.counters.receive.passOver()
            failures++
            return Effect.andThen(free.release(1), failures % failuresPerTurn === 0 ? turn : Effect.void)
          }
        })
      )
    )
    return yield* Effect.forkScoped(
      // A yield would cost each datagram a turn of the event loop. The engine gives the other sockets theirs.
      Effect.tapCause(Effect.forever(next, { disableYield: true }), (cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : quietly(Effect.logError("The server stopped reading", cause))
      )
    )
  })

/** The end of a handler and of its scope: a failure of either, or of both. */
const both = <E>(exit: Exit.Exit<void, E>, closed: Exit.Exit<void>): Exit.Exit<void, E> => {
  if (closed._tag === "Success") return exit
  return exit._tag === "Success" ? closed : Exit.failCause(Cause.combine(exit.cause, closed.cause))
}

/** Reads in a row that may fail before timers and other sockets have their turn. Some errors last, and do not wait for the event loop. */
const failuresPerTurn = 64
// Uses the real clock, so a test that stops the time does not stop the loop.
const turn = Effect.provideService(Effect.sleep("1 millis"), Clock.Clock, Clock.Clock.defaultValue())

/**
 * The socket itself receives datagrams that it sent to a group, and so does another program with its port. A reply is delivered to only one
 * of them.
 */
const isToMany = ({ delivery }: { readonly delivery: string }): boolean =>
  delivery === "multicast" || delivery === "broadcast"

/** Skips errors of earlier datagrams that a peer or a router reported. */
const endsReading = ({ reason }: DatagramReceiveError): boolean => reason === "Closed" || reason === "Other"
