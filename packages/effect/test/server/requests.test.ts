/** Requests of a client on the network in memory. */
import { Datagram, DatagramClient, DatagramSockets, serve } from "@ancillary/effect"
import { Network } from "@ancillary/testing"
import { Effect, Exit, Fiber, References, Schedule, Scope } from "effect"
import { expect, it } from "vitest"
import { start, until } from "../kit.ts"

const at = { address: "10.0.0.1", port: 7 }

const lab = (loss: number) =>
  Effect.gen(function* () {
    const network = Network.make({ seed: 3 })
    const host = network.host("server", { addresses: ["10.0.0.1/24"] })
    const other = network.host("client", { addresses: ["10.0.0.2/24"] })
    network.link(host, other, { loss })
    const on = (each: Network.Host) => DatagramSockets.layer(Effect.succeed(each.driver), Network.capabilities)
    const server = yield* serve(Datagram.ipv4, at, ({ data, from }, socket) =>
      data[1] === 9 ? Effect.void : socket.send({ data, to: from })
    ).pipe(Effect.provide(on(host)))
    const client = yield* DatagramClient.make(Datagram.ipv4, {
      key: ({ data }) => data.subarray(0, 1),
      retransmit: Schedule.upTo(Schedule.spaced("5 millis"), { times: 50 }),
      timeout: "10 millis"
    }).pipe(Effect.provide(on(other)))
    const ask = (key: number, second = 0) =>
      client.request({ key: Uint8Array.of(key), data: Uint8Array.of(key, second), to: at })
    return { server, client, ask }
  })

it("a request is sent again until it is answered, with 30 % of datagrams lost", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { ask, client } = yield* lab(0.3)
      const answers = yield* Effect.forEach([...Array(30).keys()], (key) => ask(key), { concurrency: 10 })
      expect(answers.map(({ data }) => data[0])).toEqual([...Array(30).keys()])
      const { answered, duplicate, late, received, retransmitted, unknown } = yield* client.stats
      expect(answered).toBe(30n)
      expect(received).toBe(answered + duplicate + late + unknown)
      expect(retransmitted).toBeGreaterThan(0n)
    }).pipe(Effect.scoped)
  ))

it("a request without an answer fails with NoAnswer", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { ask, client } = yield* lab(0)
      const error = yield* Effect.flip(ask(1, 9))
      expect(error).toMatchObject({ _tag: "DatagramRequestError", reason: "NoAnswer" })
      expect(yield* client.stats).toMatchObject({ unanswered: 1n, waiting: 0n, retransmitted: 50n })
    }).pipe(Effect.scoped)
  ))

it("a request that is interrupted ends, and only one request with a key waits", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { ask, client } = yield* lab(0)
      const asked = yield* start(ask(1, 9))
      yield* until(Effect.map(client.stats, ({ waiting }) => waiting === 1n))
      expect(yield* Effect.flip(ask(1))).toMatchObject({ _tag: "DatagramRequestError", reason: "InvalidArgument" })
      yield* Fiber.interrupt(asked)
      expect((yield* ask(1)).data[0]).toBe(1)
      expect(yield* client.stats).toMatchObject({ started: 2n, cancelled: 1n, answered: 1n })
    }).pipe(Effect.scoped)
  ))

it("a request that is interrupted at any yield leaves no key behind", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { ask, client } = yield* lab(1)
      const operations = 40
      // The fiber yields after its first 40 operations, of which the last ones are those of the request.
      let before: Effect.Effect<unknown> = Effect.void
      for (let key = 0; key <= operations; key++) {
        before = Effect.map(before, () => key)
        const asked = yield* Effect.forkChild(
          Effect.provideService(Effect.andThen(before, ask(key)), References.MaxOpsBeforeYield, operations)
        )
        yield* Effect.yieldNow
        yield* Fiber.interrupt(asked)
      }
      const { cancelled, started, waiting } = yield* client.stats
      expect(started).toBeGreaterThan(0n)
      expect([waiting, cancelled]).toEqual([0n, started])
    }).pipe(Effect.scoped)
  ))

it("a request that waits when its client is closed fails with Closed", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const network = Network.make({ seed: 3 })
      const host = network.host("client", { addresses: ["10.0.0.2/24"] })
      const scope = yield* Scope.make()
      const client = yield* DatagramClient.make(Datagram.ipv4, { key: ({ data }) => data[0] }).pipe(
        Scope.provide(scope),
        Effect.provide(DatagramSockets.layer(Effect.succeed(host.driver), Network.capabilities))
      )
      const request = client.request({ key: 1, data: Uint8Array.of(1), to: at })
      const asked = yield* start(Effect.flip(request))
      yield* Scope.close(scope, Exit.void)
      expect(yield* Fiber.join(asked)).toMatchObject({ _tag: "DatagramReceiveError", reason: "Closed" })
      expect(yield* client.stats).toMatchObject({ started: 1n, failed: 1n, cancelled: 0n, waiting: 0n })
      expect(yield* Effect.flip(request)).toMatchObject({ reason: "Closed" })
    }).pipe(Effect.scoped)
  ))

it("a request is sent again as it was, although its payload was changed", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { client, server } = yield* lab(0)
      const data = Uint8Array.of(1, 9)
      const request = client.request({ key: Uint8Array.of(1), data, to: at })
      const asked = yield* start(Effect.flip(request))
      data[1] = 0
      expect(yield* Fiber.join(asked)).toMatchObject({ reason: "NoAnswer" })
      // The server answers a request that does not end with 9.
      expect((yield* server.stats).sent).toBe(0n)
    }).pipe(Effect.scoped)
  ))
