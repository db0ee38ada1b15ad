import { Datagram, serve, withPktInfo } from "@ancillary/effect"
import { NetworkSockets } from "@ancillary/effect/testing"
import { Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"

const test = Effect.gen(function* () {
  const network = yield* NetworkSockets.network({ seed: 1 })
  const server = network.host("server", { addresses: ["10.0.0.1/24"] })
  const client = network.host("client", { addresses: ["10.0.0.2/24"] })
  network.link(server, client, { loss: 0.3, delay: 20 })

  const at = { address: "10.0.0.1", port: 7 }
  yield* serve(Datagram.ipv4.pipe(withPktInfo()), at, (asked, socket) =>
    Datagram.reply(socket, asked, asked.data)
  ).pipe(Effect.provide(NetworkSockets.layer(server)))

  const socket = yield* Datagram.client(Datagram.ipv4).pipe(Effect.provide(NetworkSockets.layer(client)))
  const ask = Effect.andThen(socket.send({ data: Uint8Array.of(1), to: at }), socket.receiveWithin("1 second"))
  const answers = yield* Effect.forkChild(Effect.replicateEffect(Effect.repeat(ask, { until: Option.isSome }), 10))
  yield* NetworkSockets.adjust(network, "1 minute")
  expect(yield* Fiber.join(answers)).toHaveLength(10)
  expect(network.trace.some(({ why }) => why === "loss")).toBe(true)
})

it("a client that asks again gets its answer, with 30 % of datagrams lost", () =>
  Effect.runPromise(test.pipe(Effect.scoped, Effect.provide(TestClock.layer()))))
