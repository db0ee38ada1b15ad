/** Transmit stamps of a host in memory, as Linux has them. */
import { Datagram, DatagramSockets, withErrorReports, withTransmitTimestamps } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import { Network } from "../../src/index.ts"

it.scoped("each stamp has the id of its send, and comes before the report about it", () => {
  const network = Network.make({ seed: 1 })
  const host = network.host("host", { addresses: ["10.0.0.1/24"] })
  network.link(host, network.host("peer", { addresses: ["10.0.0.2/24"] }))
  const spec = Datagram.ipv4.pipe(withErrorReports(), withTransmitTimestamps())
  const program = Effect.gen(function* () {
    const socket = yield* Datagram.client(spec)
    for (const id of [7, 3, 5]) {
      const to = { address: "10.0.0.2", port: id }
      yield* socket.send({ data: new Uint8Array(1), to, control: { transmitTimestamp: { id, scheduled: id === 3 } } })
      yield* socket.send({ data: new Uint8Array(1), to })
    }
    const events = yield* Stream.runCollect(Stream.take(socket.events, 10))
    return Chunk.toReadonlyArray(events).map((event) =>
      event._tag === "TransmitTimestamp" ? `${event.stage} ${event.id}` : event._tag
    )
  })
  const layer = DatagramSockets.layer(Effect.succeed(host.driver), Network.capabilities)
  return Effect.map(Effect.provide(program, layer), (events) =>
    expect(events.join(", ")).toBe(
      "sent 7, ErrorReport, ErrorReport, scheduled 3, sent 3, ErrorReport, ErrorReport, sent 5, ErrorReport, ErrorReport"
    )
  )
})
