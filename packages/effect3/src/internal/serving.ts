/** The loop of a server: a slot for a handler, then a datagram, then a fiber. No result of a handler ends the loop. */
import type { ControlMessage, Family } from "@ancillary/control"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Scope from "effect/Scope"
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
): Effect.Effect<Fiber.RuntimeFiber<never, DatagramReceiveError>, never, Scope.Scope | Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const core = engineSocketOf(socket)
    const counts = core?.served ?? new Served()
    const kinds = new Failures()
    /** Number of reads in a row that failed. */
    let failures = 0
    const handlers = new Handlers()
    const free = yield* Effect.makeSemaphore(concurrency)
    const isUnix = socket.family === "unix"

    const settle = (from: Datagram<F, D>["from"], exit: Exit.Exit<void, E>): Effect.Effect<void> => {
      if (exit._tag === "Success") {
        counts.succeeded++
        return free.release(1)
      }
      const isInterrupted = Cause.isInterruptedOnly(exit.cause)
      if (isInterrupted) counts.interrupted++
      else counts.failed++
      return isInterrupted
        ? free.release(1)
        : Effect.zipRight(
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
        // Set instead of provided, which costs twice as much. The fiber belongs to the handler and ends with it.
        const begun = Effect.zipRight(
          FiberRef.update(FiberRef.currentContext, Context.add(Scope.Scope, scope)),
          Effect.exit(Effect.interruptible(handled(() => handler(datagram, socket))))
        ) as Effect.Effect<Exit.Exit<void, E>, never, Exclude<R, Scope.Scope>>
        return Effect.flatMap(begun, (exit) =>
          Effect.flatMap(Effect.exit(Scope.close(scope, exit)), (closed) =>
            settle(datagram.from, closed._tag === "Success" ? exit : Exit.zipLeft(exit, closed))
          )
        )
      })
      if (!isUnix) return ending
      // The next read may come before the handler has started, and would close the descriptors of its datagram.
      const release = retainDescriptors(datagram.control)
      const held = Effect.ensuring(ending, Effect.sync(release))
      return core === undefined ? held : Effect.zipRight(FiberRef.set(patience, { core, limit: sendTimeout }), held)
    }

    // Finalizers run from the last to the first: reading stops, handlers finish, the remaining handlers are interrupted, the socket is
    // closed.
    yield* Effect.addFinalizer(() => handlers.end(shutdown))

    // The handler's slot comes first, then the datagram, so every datagram that is taken from the kernel has a handler.
    const next = Effect.uninterruptibleMask((restore) =>
      Effect.zipRight(
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
            if (error !== undefined && endsReading(error)) return Effect.zipRight(free.release(1), Effect.fail(error))
            if (core !== undefined && error !== undefined) core.counters.receive.passOver()
            failures++
            return Effect.zipRight(free.release(1), failures % failuresPerTurn === 0 ? turn : Effect.void)
          }
        })
      )
    )
    return yield* Effect.forkScoped(
      Effect.tapErrorCause(Effect.forever(next), (cause) =>
        Cause.isInterruptedOnly(cause) ? Effect.void : quietly(Effect.logError("The server stopped reading", cause))
      )
    )
  })

/** Reads in a row that may fail before timers and other sockets have their turn. Some errors last, and do not wait for the event loop. */
const failuresPerTurn = 64
// Uses the real clock, so a test that stops the time does not stop the loop.
const turn = Effect.withClock(Effect.sleep("1 millis"), Clock.make())

/**
 * The socket itself receives datagrams that it sent to a group, and so does another program with its port. A reply is delivered to only one
 * of them.
 */
const isToMany = ({ delivery }: { readonly delivery: string }): boolean =>
  delivery === "multicast" || delivery === "broadcast"

/** Skips errors of earlier datagrams that a peer or a router reported. */
const endsReading = ({ reason }: DatagramReceiveError): boolean => reason === "Closed" || reason === "Other"
