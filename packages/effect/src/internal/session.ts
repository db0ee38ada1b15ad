/** The interface of one session for its program. */
import { Codec, type ControlMessage, type Endpoint, type Family } from "@ancillary/control"
import type { SessionKey, SessionState } from "@ancillary/engine/server"
import { answerPath, type OpenSocket, ReceivedDatagram } from "@ancillary/engine/socket"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Datagram } from "../Datagram.ts"
import { type DatagramSendError, fail } from "../DatagramError.ts"
import { send } from "./sending.ts"

/** The server of a session. */
export interface SessionServer {
  readonly core: OpenSocket
  /** True if answers have the address that was asked as their source. */
  readonly asAsked: boolean
  /** True when it stops: sessions that wait for a datagram end. */
  readonly isStopping: boolean
  /** Marks a session as proven. */
  readonly prove: (session: SessionState<never>) => void
}

export class ServedSession<F extends Family, D extends ControlMessage.Any> {
  readonly #state: SessionState<Datagram<F, D>>
  readonly #server: SessionServer

  constructor(state: SessionState<Datagram<F, D>>, server: SessionServer) {
    this.#state = state
    this.#server = server
  }

  get key(): SessionKey {
    return this.#state.key
  }

  // The first datagram and `migrate` are of the spec's family.
  get peer(): Effect.Effect<Endpoint<F>> {
    return Effect.sync(() => this.#state.path.from as Endpoint<F>)
  }

  get receive(): Effect.Effect<Datagram<F, D>> {
    const next: Effect.Effect<Datagram<F, D>> = Effect.suspend(() => {
      const datagram = this.#state.take()
      return datagram === undefined ? Effect.andThen(this.#wait, next) : Effect.succeed(datagram)
    })
    return next
  }

  get receiveWithin() {
    return (duration: Duration.Input): Effect.Effect<Option.Option<Datagram<F, D>>> =>
      Effect.suspend(() => {
        const datagram = this.#state.take()
        if (datagram !== undefined) return Effect.succeed(Option.some(datagram))
        // Only the wait races the clock, and a wait takes nothing.
        return Effect.map(Effect.timeoutOption(this.#wait, duration), () => Option.fromUndefinedOr(this.#state.take()))
      })
  }

  get datagrams(): Stream.Stream<Datagram<F, D>> {
    const next: Effect.Effect<ReadonlyArray<Datagram<F, D>>> = Effect.suspend(() => {
      const all = this.#state.takeAll()
      return all.length === 0 ? Effect.andThen(this.#wait, next) : Effect.succeed(all)
    })
    return Stream.fromIterableEffectRepeat(next)
  }

  get send() {
    return (data: unknown): Effect.Effect<void, DatagramSendError> =>
      Effect.suspend(() => {
        const { core } = this.#server
        const { path } = this.#state
        const replying = { socket: core, localAddress: core.localAddress }
        const message = answerPath(replying, this.#server.asAsked, path, data)
        return "syscall" in message ? fail(message) : send(core, message)
      })
  }

  get migrate() {
    return (datagram: Datagram<F, D>): Effect.Effect<void> =>
      Effect.suspend(() => {
        // Answers go to its sender from now on, so another value would fail each of them.
        if (!(datagram instanceof ReceivedDatagram))
          return Effect.die(
            new TypeError(`datagram: ${Codec.format(datagram)} is not a datagram. Give one that the session received.`)
          )
        const { control, delivery, from } = datagram
        this.#state.path = { control, delivery, from }
        return Effect.void
      })
  }

  get validate(): Effect.Effect<void> {
    return Effect.sync(() => {
      const { from } = this.#state.path
      if (from.family !== "unix") this.#server.core.guard?.validate(from)
      this.#server.prove(this.#state as unknown as SessionState<never>)
    })
  }

  /** Waits for a datagram. Interrupts the reader if the session has ended or its server stops. */
  get #wait(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#isOver) return Effect.interrupt
      return Effect.flatMap(
        Effect.callback<void>((resume) => {
          const cancel = this.#state.onDatagram(() => resume(Effect.void))
          return Effect.sync(cancel)
        }),
        () => (this.#state.waiting === 0 && this.#isOver ? Effect.interrupt : Effect.void)
      )
    })
  }

  /** True if nothing is received any more. */
  get #isOver(): boolean {
    return this.#server.isStopping || this.#state.isOver
  }
}
