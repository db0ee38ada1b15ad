/** The reading of a server: datagrams for as many handlers as may run. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { cancellable } from "./cancellable.ts"
import { type DatagramReceiveError, fail } from "../DatagramError.ts"
import type { DatagramFault } from "../DatagramFault.ts"
import { Room } from "@ancillary/engine/server"
import type { OpenSocket, ReceivedDatagram } from "@ancillary/engine/socket"

/** Calls in a row that may fail before timers and other sockets have their turn. Some errors last, and do not wait for the event loop. */
const failuresPerTurn = 64
// Uses the real clock, so a test that stops the time does not stop the loop.
const turn = Effect.withClock(Effect.sleep("1 millis"), Clock.make())

/** Skips errors of earlier datagrams that a peer or a router reported. */
const endsReading = ({ reason }: DatagramReceiveError): boolean => reason === "Closed" || reason === "Other"

export class Reading {
  readonly #room: Room
  readonly #waits: boolean
  /** Continues the fiber that waits for room. */
  #resume: (() => void) | undefined

  /** With `waits` datagrams stay in the kernel while there is no room. Otherwise they are read, and the caller drops them. */
  constructor(concurrency: number, waits: boolean) {
    this.#room = new Room(concurrency, waits)
    this.#waits = waits
  }

  /** True if as many handlers run as may. */
  get isFull(): boolean {
    return this.#room.isFull
  }

  /** Takes the room of one handler. */
  take(): void {
    this.#room.take()
  }

  /** Gives the room of a handler back. */
  release(): void {
    this.#room.release()
    this.#resume?.()
  }

  /**
   * Reads in the callback of the event loop. A call requests only as many datagrams as there is room for; the rest stays in the kernel.
   * `onBatch` is called after the datagrams of each call.
   */
  byCallback(
    core: OpenSocket,
    take: (datagram: ReceivedDatagram) => void,
    onBatch?: () => void
  ): Effect.Effect<never, DatagramReceiveError> {
    return cancellable((resume) => {
      const loop = this.#room.loop(core, {
        f: take,
        onEnd: (end) => {
          this.#room.forget(loop)
          resume("error" in end ? fail(end.error) : Effect.die(end.defect))
        },
        onBatch
      })
      loop.begin()
      return (onCancelled) => {
        this.#room.forget(loop)
        loop.cancel(onCancelled)
      }
    })
  }

  /** Reads a socket that a program made itself, or a connection, by its own `receive`. */
  byReceive<A>(
    socket: { readonly receive: Effect.Effect<A, DatagramFault | DatagramReceiveError> },
    take: (datagram: A) => void
  ): Effect.Effect<never, DatagramReceiveError> {
    let failures = 0
    const received = Effect.zipRight(this.#wait(), socket.receive)
    // A datagram that was taken gets its handler, also if the reading is interrupted then.
    const next = Effect.uninterruptibleMask((restore) =>
      Effect.matchEffect(restore(received), {
        onSuccess: (datagram) => {
          failures = 0
          take(datagram)
          return Effect.void
        },
        onFailure: (failed): Effect.Effect<void, DatagramReceiveError> => {
          // A fault ends with its datagram.
          if (failed._tag === "DatagramReceiveError" && endsReading(failed)) return Effect.fail(failed)
          return ++failures % failuresPerTurn === 0 ? turn : Effect.void
        }
      })
    )
    return Effect.forever(next)
  }

  /** Waits for room. */
  #wait(): Effect.Effect<void> {
    return Effect.suspend(() =>
      !this.#room.isFull || !this.#waits
        ? Effect.void
        : Effect.async<void>((resume) => {
            this.#resume = () => {
              this.#resume = undefined
              resume(Effect.void)
            }
          })
    )
  }
}
