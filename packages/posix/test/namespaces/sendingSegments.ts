/**
 * Runs inside a namespace. Sends 3,000 bytes in segments of 1,000 to a host, twice, once more in segments of 100, and at last with fragmentation
 * forbidden. Prints the sizes of the datagrams that were given to the kernel, by message, the number of sent datagrams, and the error of the
 * last one.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withDontFragment } from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { Effect } from "effect"

const to = { address: process.argv[2] ?? "", port: 5398 }
const calls: Array<number> = []
const layer = DatagramSockets.layer(
  Effect.map(LinuxSockets.driver(), (driver) =>
    FaultyDriver.wrap(driver, { onSend: ({ data }) => void calls.push(data.length) })
  ),
  LinuxSockets.capabilities
)
const data = new Uint8Array(3000)
const program = Effect.gen(function* () {
  const socket = yield* Datagram.client(Datagram.ipv4)
  const handed: Array<ReadonlyArray<number>> = []
  for (const segmentSize of [1000, 1000, 100]) {
    yield* socket.send({ data: data.subarray(0, 3 * segmentSize), to, segmentSize })
    handed.push(calls.splice(0))
  }
  const whole = yield* Datagram.client(Datagram.ipv4.pipe(withDontFragment()))
  const { code, reason, sentBytes } = yield* Effect.flip(whole.send({ data, to, segmentSize: 1000 }))
  const { sent } = yield* socket.stats
  console.log(JSON.stringify({ handed, sent: Number(sent), refused: { code, reason, sentBytes } }))
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
