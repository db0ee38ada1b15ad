/** A spec whose family is chosen at run time: one type for both families, and a socket of the chosen one. */
import { Datagram, withDefaultHopLimit, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { LinuxSockets } from "@ancillary/effect3/node"

const data = Uint8Array.of(1)

for (const v6 of hasIpv6() ? [false, true] : [false]) {
  const [own, other] = v6 ? ["::1", "127.0.0.1"] : ["127.0.0.1", "::1"]
  const spec = (v6 ? Datagram.ipv6 : Datagram.ipv4).pipe(withHopLimit(), withPktInfo(), withDefaultHopLimit(9))

  it.scopedLive(`${spec.family}: messages declared for either family are received and sent`, () =>
    Effect.gen(function* () {
      const server = yield* Datagram.bind(spec, { address: own, port: 0 })
      const client = yield* Datagram.connect(spec, server.localAddress)
      yield* client.send({ data, control: { hopLimit: 3 } })
      const asked = yield* server.receive
      expect([asked.control.hopLimit, String(asked.control.pktInfo.destination)]).toEqual([3, own])
      yield* Datagram.reply(server, asked, asked.data)
      expect((yield* client.receive).control.hopLimit).toBe(9)
    }).pipe(Effect.provide(LinuxSockets.layer))
  )

  it.scopedLive(`${spec.family}: an address of the other family is rejected with that reason`, () =>
    Effect.gen(function* () {
      const at = { address: other, port: 1 }
      const socket = yield* Datagram.bind(spec, { address: own, port: 0 })
      const errors = [
        yield* Effect.flip(socket.send({ data, to: at })),
        yield* Effect.flip(Datagram.bind(spec, at)),
        yield* Effect.flip(Datagram.connect(spec, at))
      ]
      for (const { message } of errors) expect(message).toMatch(/this socket speaks IPv[46] only/)
      expect(errors[0]).toMatchObject({ reason: "InvalidArgument" })
    }).pipe(Effect.provide(LinuxSockets.layer))
  )
}
