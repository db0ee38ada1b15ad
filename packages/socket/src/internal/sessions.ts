/** The sessions of a server: one program and one inbox for each key. No result of a program ends the server. */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import { Room, Sessions, type SessionState } from "@ancillary/engine/server"
import {
  answersAsAsked,
  FailureKinds,
  type LoopEnd,
  type OpenSocket,
  type ReceivedDatagram
} from "@ancillary/engine/socket"
import { errorOf } from "../DatagramError.ts"
import type { DatagramServer } from "../ServerTypes.ts"
import type { SessionOptions, SessionProgram } from "../SessionTypes.ts"
import type { Spec } from "../Spec.ts"
import type { Opening } from "./opening.ts"
import { print, quietly } from "./printing.ts"
import { bindUnlessAborted } from "./serve.ts"
import { ServedSocket } from "./servedSocket.ts"
import { checkSocket } from "./serveOptions.ts"
import { serverOf } from "./serving.ts"
import { ServedSession, type SessionServer } from "./session.ts"
import { type CheckedSessions, checkSessionOptions } from "./sessionOptions.ts"
import { Stopping } from "./stopping.ts"

/** The longest time that a timer of Node takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

type State = SessionState<ReceivedDatagram>

class SessionServing implements SessionServer {
  readonly core: OpenSocket
  readonly asAsked: boolean
  readonly stopping: Stopping
  readonly #options: CheckedSessions
  readonly #socket: unknown
  readonly #sessions: Sessions<ReceivedDatagram>
  /** Sessions whose programs have not ended. */
  readonly #running = new Set<ServedSession>()
  readonly #kinds = new FailureKinds()
  #sweeping: ReturnType<typeof setTimeout> | undefined

  constructor(core: OpenSocket, socket: unknown, options: CheckedSessions) {
    this.core = core
    this.asAsked = answersAsAsked(core.plan)
    this.#options = options
    this.#socket = socket
    this.#sessions = new Sessions({
      counts: core.served.sessions,
      settings: options,
      idle: options.idle,
      begin: (state) => this.#begin(state)
    })
    const served = new ServedSocket(core, socket, true, {
      room: new Room(1, false),
      limits: options.limits,
      take: (datagram) => this.#sessions.take(datagram, performance.now()),
      onEnd: (end) => this.#end(end)
    })
    this.stopping = new Stopping({
      shutdown: options.shutdown,
      signal: options.signal,
      work: "sessions",
      stop: () => {
        served.stop()
        clearTimeout(this.#sweeping)
        for (const state of this.#sessions.all()) state.wake()
      },
      abort: () => {
        for (const session of this.#running) session.stop()
      },
      end: () => served.end()
    })
    served.begin()
  }

  get isStopping(): boolean {
    return this.stopping.isStopping
  }

  readonly prove = (state: State): void => this.#sessions.prove(state, performance.now())

  #begin(state: State): void {
    const session = new ServedSession(state, this)
    this.#running.add(session)
    this.stopping.begin()
    if (this.#sweeping === undefined && !this.isStopping) this.#sweep()
    let returned: unknown
    try {
      returned = this.#options.program(session, this.#socket)
    } catch (error) {
      return this.#settle(state, session, { error })
    }
    // A value that is not a promise resolves with itself. One whose `then` throws rejects.
    new Promise((resolve) => resolve(returned)).then(
      () => this.#settle(state, session, undefined),
      (error: unknown) => this.#settle(state, session, { error })
    )
  }

  #settle(state: State, session: ServedSession, failure: { readonly error: unknown } | undefined): void {
    // A program whose session has ended may end in any way.
    const result = state.end !== undefined ? "interrupted" : failure === undefined ? "completed" : "failed"
    this.#sessions.settle(state, result, this.isStopping)
    this.#running.delete(session)
    const { from } = state.path
    session.end()
    if (result === "failed" && failure !== undefined) this.#failed(failure.error, from)
    this.stopping.done()
  }

  #failed(error: unknown, from: State["path"]["from"]): void {
    const { onError } = this.#options
    if (onError !== undefined) quietly(() => onError(error, from))
    else if (this.#kinds.isNew(error))
      print(
        `The session of ${String(from)} failed. Others that fail in this way are counted by stats().sessions.failed and not printed`,
        error
      )
  }

  /** Ends idle sessions, and waits for the next one that may be. */
  readonly #sweep = (): void => {
    const rest = this.#sessions.sweep(performance.now())
    this.#sweeping =
      rest === undefined || this.isStopping
        ? undefined
        : setTimeout(this.#sweep, Math.min(Math.max(Math.ceil(rest), 1), longestTimer))
  }

  /** Ends the server, because its socket was closed or cannot be read. */
  #end(end: LoopEnd): void {
    if ("defect" in end) this.stopping.fail(end.defect)
    else if (end.error.reason !== "Closed") this.stopping.fail(errorOf(end.error))
    else void this.stopping.close()
  }
}

export const serveSessionsWith = async <F extends Family, D extends ControlMessage.Any, R>(
  opening: Opening,
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  program: SessionProgram<F, D>,
  options: SessionOptions<F, D> | undefined
): Promise<DatagramServer<F, D>> => {
  const checked = checkSessionOptions(program, options)
  const socket = bindUnlessAborted(await opening.opener, spec, at, checked.signal)
  return serverOf(socket, new SessionServing(checkSocket(socket), socket, checked).stopping)
}
