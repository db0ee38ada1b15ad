/** The sessions of a server: one fiber, one scope and one inbox for each key. No result of a program ends the server. */
import { FiberId } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"
import type { ControlMessage, Family } from "@ancillary/control"
import { addServedPort, Sessions, type SessionState } from "@ancillary/engine/server"
import { answersAsAsked, isItself, type OpenSocket, type ReceivedDatagram } from "@ancillary/engine/socket"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import type { Datagram } from "../Datagram.ts"
import type { DatagramReceiveError } from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import type { Session } from "../SessionTypes.ts"
import { Alarm } from "./alarm.ts"
import { Failures, quietly } from "./failures.ts"
import { type Fork, forking } from "./handlerFibers.ts"
import { Handlers } from "./handlers.ts"
import { handled } from "./handling.ts"
import { Reading } from "./reading.ts"
import { isToMany, reported } from "./serving.ts"
import { ServedSession, type SessionServer } from "./session.ts"
import type { Checked } from "./sessionOptions.ts"
import { engineSocketOf } from "./sockets.ts"
import { withDatagramSpan } from "./tracing.ts"

type Program<F extends Family, D extends ControlMessage.Any, E, R> = (
  session: Session<F, D>,
  socket: DatagramSocket<F, D>
) => Effect.Effect<void, E, R>

class SessionServing<F extends Family, D extends ControlMessage.Any, E, R> implements SessionServer {
  readonly core: OpenSocket
  readonly asAsked: boolean
  isStopping = false
  readonly handlers = new Handlers()
  readonly #socket: DatagramSocket<F, D>
  readonly #program: Program<F, D, E, R>
  readonly #checked: Checked
  readonly #sessions: Sessions<Datagram<F, D>>
  readonly #fork: Fork<R>
  readonly #kinds = new Failures()
  readonly #alarm: Alarm

  constructor(given: {
    readonly core: OpenSocket
    readonly socket: DatagramSocket<F, D>
    readonly program: Program<F, D, E, R>
    readonly checked: Checked
    readonly clock: Clock.Clock
    readonly fork: Fork<R>
    readonly runtime: Runtime.Runtime<never>
  }) {
    this.core = given.core
    this.asAsked = answersAsAsked(given.core.plan)
    this.#socket = given.socket
    this.#program = given.program
    this.#checked = given.checked
    this.#fork = given.fork
    this.#sessions = new Sessions({
      counts: given.core.served.sessions,
      settings: given.checked,
      idle: Duration.toMillis(given.checked.idle),
      begin: (state) => this.#begin(state)
    })
    this.#alarm = new Alarm(given.clock, given.runtime, (now) => this.#sessions.sweep(now))
  }

  now(): number {
    return this.#alarm.now()
  }

  readonly prove = (state: SessionState<never>): void => this.#sessions.prove(state, this.now())

  /** Passes a datagram to its session, which may be a new one. */
  readonly take = (datagram: Datagram<F, D>): void => {
    const { core } = this
    if (isItself(core, this.#socket.localAddress, datagram.from) && !isToMany(datagram)) {
      core.served.skippedItself++
      return
    }
    if (core.guard !== undefined && !core.guard.receives(datagram.from, datagram.data)) return
    this.#sessions.take(datagram, this.now())
  }

  #begin(state: SessionState<Datagram<F, D>>): void {
    const begin = () => this.#program(new ServedSession(state, this), this.#socket)
    const fiber = this.#fork(
      // A session begins after the read that brought its first datagram.
      Effect.zipRight(Effect.yieldNow(), this.#traced(state, handled(begin))),
      (exit) => this.#settle(state, exit)
    )
    state.stop = () => fiber.unsafeInterruptAsFork(FiberId.none)
    this.handlers.add(fiber)
    this.#alarm.begin()
  }

  #traced<A>(state: SessionState<Datagram<F, D>>, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    if (!this.#checked.traced) return work
    return withDatagramSpan(
      "DatagramServer.session",
      { from: state.path.from, local: this.core.localAddress, bytes: undefined },
      work
    )
  }

  #settle(state: SessionState<Datagram<F, D>>, exit: Exit.Exit<void, E>): Effect.Effect<void> {
    const failure = exit._tag === "Failure" && !Cause.isInterruptedOnly(exit.cause) ? exit.cause : undefined
    const result = failure !== undefined ? "failed" : exit._tag === "Success" ? "completed" : "interrupted"
    this.#sessions.settle(state, result, this.isStopping)
    // A fiber that outlives the program may wait for a datagram.
    state.wake()
    if (failure === undefined) return Effect.void
    return this.#kinds.log(
      `The session of ${String(state.path.from)} failed. Others that fail in this way are counted by stats.sessions.failed and not logged`,
      failure
    )
  }

  /** Ends the sessions that wait for a datagram, and gives the others the time of `shutdown`. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() => {
    this.isStopping = true
    for (const state of this.#sessions.all()) state.wake()
    return Effect.zipRight(
      this.#alarm.close,
      Effect.flatMap(this.handlers.end(this.#checked.shutdown), (report) => reported(report, this.#checked))
    )
  })
}

export const serving = <F extends Family, D extends ControlMessage.Any, E, R>(
  socket: DatagramSocket<F, D>,
  program: Program<F, D, E, R>,
  checked: Checked
): Effect.Effect<Fiber.RuntimeFiber<never, DatagramReceiveError>, never, Scope.Scope | Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const core = engineSocketOf(socket)
    if (core === undefined) return yield* Effect.dieMessage("a socket of this library is served")
    const clock = yield* Effect.clock
    const runtime = yield* Effect.runtime<Exclude<R, Scope.Scope>>()
    const fork = forking<R>(runtime)
    const sessions = new SessionServing({ core, socket, program, checked, clock, fork, runtime })
    const { localAddress } = core
    yield* Effect.acquireRelease(
      Effect.sync(() => ({
        guard: core.protect(checked.limits, () => sessions.now()),
        unserved: localAddress.family === "unix" ? undefined : addServedPort(localAddress.port)
      })),
      ({ guard, unserved }) =>
        Effect.zipRight(
          sessions.stop,
          Effect.sync(() => {
            unserved?.()
            if (guard !== undefined) core.unprotect(guard)
          })
        )
    )
    const reading = new Reading(1, false)
    // The spec that the socket was opened for decides the type of its datagrams.
    const take = sessions.take as unknown as (datagram: ReceivedDatagram) => void
    return yield* Effect.forkScoped(
      // A fork from an acquisition could not be interrupted otherwise, and its scope would wait for it without an end.
      Effect.interruptible(
        Effect.tapErrorCause(reading.byCallback(core, take), (cause) =>
          Cause.isInterruptedOnly(cause) ? Effect.void : quietly(Effect.logError("The server stopped reading", cause))
        )
      )
    )
  })
