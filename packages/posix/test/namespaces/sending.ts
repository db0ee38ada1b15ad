/**
 * Runs inside a namespace: sends a datagram for each element of its JSON argument: `{ to, text, control }`. A control has the type of the spec
 * below.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, type SendControl, withDscp, withEcn, withHopLimit, withPktInfo } from "@ancillary/effect3"
import type { Dscp, Ecn, HopLimit, PktInfo } from "@ancillary/control"
import { Effect } from "effect"

interface Wanted {
  readonly to: string
  readonly text: string
  readonly control?: SendControl<"dual", PktInfo | HopLimit | Ecn | Dscp>
}

const spec = Datagram.dual.pipe(withPktInfo(), withHopLimit(), withEcn(), withDscp())
const program = Effect.gen(function* () {
  const socket = yield* Datagram.client(spec)
  for (const { control, text, to } of JSON.parse(process.argv[2] ?? "[]") as ReadonlyArray<Wanted>) {
    const data = Uint8Array.from(text, (char) => char.charCodeAt(0))
    yield* socket.send({ data, to: { address: to, port: 5398 }, control })
  }
  console.log("true")
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
