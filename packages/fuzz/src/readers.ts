/** Every way to read a socket. */
import { type Datagram, DatagramFault, type DatagramReceiveError, type DatagramSocket } from "@ancillary/effect3"
import { Effect, Either, Stream } from "effect"

/** A socket of a random spec, so the types of its datagrams are unknown. */
export type Socket = DatagramSocket<"ipv4", never>
export type Outcome = Datagram.Datagram<"ipv4", never> | DatagramFault

export interface Reader {
  readonly name: string
  /** True if it returns faults. */
  readonly faults: boolean
  /** Reads until there is an error. */
  readonly read: (socket: Socket, hand: (outcome: Outcome) => void) => Effect.Effect<unknown, DatagramReceiveError>
}

export const readers: ReadonlyArray<Reader> = [
  {
    name: "receive",
    faults: true,
    read: ({ receive }, hand) =>
      Effect.forever(
        Effect.matchEffect(receive, {
          onFailure: (error) => (error instanceof DatagramFault ? Effect.sync(() => hand(error)) : Effect.fail(error)),
          onSuccess: (datagram) => Effect.sync(() => hand(datagram))
        })
      )
  },
  {
    name: "outcomes",
    faults: true,
    read: ({ outcomes }, hand) =>
      Stream.runForEach(outcomes, (outcome) => Effect.sync(() => hand(Either.merge(outcome))))
  },
  {
    name: "datagrams",
    faults: false,
    read: ({ datagrams }, hand) => Stream.runForEach(datagrams, (datagram) => Effect.sync(() => hand(datagram)))
  },
  {
    name: "receiveBatch",
    faults: false,
    read: ({ receiveBatch }, hand) =>
      Effect.forever(Effect.map(receiveBatch, (batch) => Array.from(batch).forEach(hand)))
  },
  { name: "forEach", faults: false, read: ({ forEach }, hand) => forEach(hand) }
]
