// A feature of only Winsock is in the type of the program, and a Winsock layer removes it.
import type { Capability } from "@ancillary/control"
import { Datagram, type DatagramSockets, withOriginalArrivalInterface } from "@ancillary/effect3"
import { WinsockSockets } from "@ancillary/effect3/node"
import { Effect, Option } from "effect"

export const program = Effect.gen(function* () {
  const spec = Datagram.ipv4.pipe(withOriginalArrivalInterface())
  const socket = yield* Datagram.bind(spec, { address: "0.0.0.0", port: 5300 })
  const datagram = yield* socket.receive
  const index: number | undefined = Option.getOrUndefined(datagram.control.originalArrivalInterface)
  return index
}).pipe(Effect.scoped)

type Needed = DatagramSockets | Capability<"originalArrivalInterface">
export const needs: Effect.Effect<number | undefined, unknown, Needed> = program
export const main = () => Effect.runPromise(program.pipe(Effect.provide(WinsockSockets.layer)))
