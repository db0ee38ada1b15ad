/** Sockets on loopback for the tests of this face. */
import { Datagram, DatagramSockets } from "@ancillary/effect"
import { LinuxSockets } from "@ancillary/posix"
import { Effect, type Layer, type Scope } from "effect"

/** The plain driver of @ancillary/posix. It is guarded, so it finds a view that is read too late. */
export const layer = DatagramSockets.layer(
  DatagramSockets.driver(() => LinuxSockets.driver({ guarded: true })),
  LinuxSockets.capabilities
)

export const run = <A, E>(program: Effect.Effect<A, E, Scope.Scope | Layer.Success<typeof layer>>): Promise<A> =>
  Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))

export const here = { address: "127.0.0.1", port: 0 }
export const bind = Datagram.bind(Datagram.ipv4, here)
export const client = Datagram.client(Datagram.ipv4)

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array): string => new TextDecoder().decode(data)
export const first = ({ data }: { readonly data: Uint8Array }): number | undefined => data[0]

/** One turn of the event loop. */
export const turn = Effect.promise(() => new Promise((next) => setImmediate(next)))

/** Lets the event loop turn until a condition is true. The limit of the test ends it otherwise. */
export const until = <E, R>(condition: Effect.Effect<boolean, E, R>): Effect.Effect<boolean, E, R> =>
  Effect.repeat(Effect.andThen(turn, condition), { until: (is) => is })

/** A socket, and a function that sends it one datagram for each number. */
export const pairOf = Effect.gen(function* () {
  const socket = yield* bind
  const sender = yield* client
  const send = (...numbers: ReadonlyArray<number>) =>
    Effect.forEach(numbers, (n) => sender.send({ data: Uint8Array.of(n), to: socket.localAddress }), { discard: true })
  return { socket, sender, send }
})

/** Starts a reader at once, so that it waits when the effect returns. */
export const start = <A, E, R>(reader: Effect.Effect<A, E, R>) => Effect.forkChild(reader, { startImmediately: true })
