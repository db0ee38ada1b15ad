/** The limits of a server on the network in memory. */
import { Datagram, DatagramSockets, serve, withPktInfo } from "@ancillary/effect"
import { Network } from "@ancillary/testing"
import { Effect, Logger, Option } from "effect"
import { expect, it } from "vitest"
import { turn, until } from "../kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const quiet = Effect.provide(Logger.layer([]))

const lab = Effect.sync(() => {
  const network = Network.make({ seed: 1 })
  const server = network.host("server", { addresses: ["10.0.0.1/24"] })
  const client = network.host("client", { addresses: ["10.0.0.2/24"] })
  network.link(server, client)
  const on = (host: Network.Host) => DatagramSockets.layer(Effect.succeed(host.driver), Network.capabilities)
  return { network, on: on(server), there: on(client) }
})
const run = <A, E>(program: Effect.Effect<A, E>) => Effect.runPromise(program)

it("a reply of more than 3 bytes per byte is Limited, until the peer is validated", () =>
  run(
    Effect.gen(function* () {
      const { on, there } = yield* lab
      const reasons: Array<string> = []
      const server = yield* serve(spec, at, (asked, socket) =>
        Effect.gen(function* () {
          if (asked.data.length === 2) yield* Datagram.validate(socket, asked.from)
          reasons.push(String(yield* Datagram.allowance(socket, asked.from)))
          yield* Datagram.reply(socket, asked, new Uint8Array(500)).pipe(
            Effect.tapError(({ reason }) => Effect.sync(() => void reasons.push(reason)))
          )
        })
      ).pipe(Effect.provide(on))
      const client = yield* Datagram.client(spec).pipe(Effect.provide(there))
      yield* client.send({ data: new Uint8Array(10), to: at })
      yield* until(Effect.map(server.stats, ({ handlers }) => handlers.failed === 1n))
      yield* client.send({ data: new Uint8Array(2), to: at })
      expect((yield* client.receive).data).toHaveLength(500)
      expect(reasons).toEqual(["30", "Limited", "Infinity"])
      expect((yield* server.stats).limits.amplified).toBe(1n)
    }).pipe(Effect.scoped, quiet)
  ))

it("without an amplification limit the response rate is on, and answers are counted", () =>
  run(
    Effect.gen(function* () {
      const { network, on, there } = yield* lab
      const server = yield* serve(spec, at, (asked, socket) => Datagram.reply(socket, asked, asked.data), {
        amplification: Infinity,
        responseRate: { perSecond: 4, slip: 0 }
      }).pipe(Effect.provide(on))
      const client = yield* Datagram.client(spec).pipe(Effect.provide(there))
      for (let i = 0; i < 5; i++) yield* client.send({ data: Uint8Array.of(i), to: at })
      for (let before = -1; before !== network.turns();) {
        before = network.turns()
        for (let n = 0; n < 3; n++) yield* turn
      }
      const { delivered, handlers, limits } = yield* server.stats
      expect(delivered).toBe(5n)
      expect(limits.rateLimited).toBe(delivered - handlers.started)
      expect(limits.rateLimited).toBeGreaterThan(0n)
    }).pipe(Effect.scoped)
  ))

it.each([
  ["well-known ports", 7, 19],
  ["ports of this process", 27_015, 45_000]
])("two servers on %s that answer each other stop, and it is counted", (_, one, two) =>
  run(
    Effect.gen(function* () {
      const { on, there } = yield* lab
      const echo = (address: string, port: number) =>
        serve(spec, { address, port }, (asked, socket) => Datagram.reply(socket, asked, asked.data))
      const first = yield* echo("10.0.0.1", one).pipe(Effect.provide(on))
      const second = yield* echo("10.0.0.2", two).pipe(Effect.provide(there))
      yield* first.send({ data: Uint8Array.of(1), to: second.localAddress })
      const loops = Effect.zipWith(first.stats, second.stats, (a, b) => a.limits.loops + b.limits.loops)
      yield* until(Effect.map(loops, (count) => count === 1n))
      expect(Option.isNone(yield* first.receiveWithin("20 millis"))).toBe(true)
    }).pipe(Effect.scoped)
  )
)
