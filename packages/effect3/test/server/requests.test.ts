/** Requests of a client on the network in memory: retransmission, correlation, ignored answers, and every end. */
import { Datagram, DatagramClient, serve, withPktInfo } from "@ancillary/effect3"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Fiber, Schedule, Scope } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
type Answering = Parameters<typeof serve<"ipv4", never, never, unknown, never>>[2]

/** A server with a handler, and a client whose keys are the first byte. */
const lab = (handler: Answering, faults: { readonly loss?: number; readonly duplicate?: number } = {}) =>
  Effect.gen(function* () {
    const network = yield* NetworkSockets.network({ seed: 3 })
    const host = network.host("server", { addresses: ["10.0.0.1/24"] })
    const other = network.host("client", { addresses: ["10.0.0.2/24", "10.0.0.3/24"] })
    network.link(host, other, { delay: 10, ...faults })
    yield* serve(Datagram.ipv4, at, handler).pipe(Effect.provide(NetworkSockets.layer(host)))
    const client = yield* DatagramClient.make(spec, { key: ({ data }) => data[0] }).pipe(
      Effect.provide(NetworkSockets.layer(other))
    )
    const ask = (key: number, options?: Parameters<typeof client.request>[1]) =>
      client.request({ key, data: Uint8Array.of(key, 0), to: at }, options)
    const balance = Effect.map(client.stats, (stats) => {
      const { answered, cancelled, duplicate, failed, foreign, late, received, started, unanswered, unknown, waiting } =
        stats
      expect(started).toBe(answered + unanswered + cancelled + failed + waiting)
      expect(received).toBe(answered + late + duplicate + foreign + unknown)
      return stats
    })
    return { network, host, other, client, ask, balance }
  })

const echo: Answering = ({ data, from }, socket) => socket.send({ data, to: from })

describe("a request", () => {
  it.scoped("is sent again until it is answered, with 30 % of datagrams lost", () =>
    Effect.gen(function* () {
      const { ask, balance, network } = yield* lab(echo, { loss: 0.3 })
      const retransmit = Schedule.intersect(Schedule.spaced("1 second"), Schedule.recurs(20))
      const asked = yield* Effect.fork(Effect.forEach([...Array(30).keys()], (key) => ask(key, { retransmit })))
      yield* NetworkSockets.adjust(network, "5 minutes")
      const answers = yield* Fiber.join(asked)
      expect(answers.map(({ data }) => data[0])).toEqual([...Array(30).keys()])
      const { answered, retransmitted, unanswered } = yield* balance
      expect([answered, unanswered]).toEqual([30n, 0n])
      expect(retransmitted).toBeGreaterThan(5n)
    })
  )

  it.scoped("gets its own answer, in whatever order the answers come", () =>
    Effect.gen(function* () {
      const { ask, network } = yield* lab(({ data, from }, socket) =>
        Effect.zipRight(Effect.sleep(`${100 - (data[0] ?? 0)} millis`), socket.send({ data, to: from }))
      )
      const asked = yield* Effect.fork(Effect.forEach([1, 20, 40, 60], (key) => ask(key), { concurrency: "unbounded" }))
      yield* NetworkSockets.adjust(network, "1 second")
      expect((yield* Fiber.join(asked)).map(({ data }) => data[0])).toEqual([1, 20, 40, 60])
    })
  )

  it.scoped("fails with NoAnswer after its schedule, and a late answer is ignored", () =>
    Effect.gen(function* () {
      const times: Array<number> = []
      const { ask, balance, network } = yield* lab(({ data, from }, socket) =>
        Effect.gen(function* () {
          times.push(yield* Clock.currentTimeMillis)
          yield* Effect.sleep("20 seconds")
          yield* socket.send({ data, to: from })
        })
      )
      const asked = yield* Effect.fork(Effect.exit(ask(1)))
      yield* NetworkSockets.adjust(network, "30 seconds")
      const exit = yield* Fiber.join(asked)
      expect(Exit.isFailure(exit) && Cause.failureOption(exit.cause)).toMatchObject({
        value: { _tag: "DatagramRequestError", reason: "NoAnswer" }
      })
      // By default after 1, 2 and 4 more seconds, and 10 ms on the way.
      expect(times).toEqual([10, 1010, 3010, 7010])
      expect(yield* balance).toMatchObject({ unanswered: 1n, retransmitted: 3n, late: 4n })
    })
  )

  it.scoped("that is interrupted ends, and its key can be used again", () =>
    Effect.gen(function* () {
      let isSilent = true
      const { ask, balance, network } = yield* lab((asked, socket) => (isSilent ? Effect.void : echo(asked, socket)))
      const asked = yield* Effect.fork(ask(1))
      yield* NetworkSockets.adjust(network, "100 millis")
      expect((yield* Effect.flip(ask(1))).message).toBe(
        "key: a request with the key 1 waits already. Choose another one."
      )
      yield* Fiber.interrupt(asked)
      isSilent = false
      const again = yield* Effect.fork(ask(1))
      yield* NetworkSockets.adjust(network, "100 millis")
      expect((yield* Fiber.join(again)).data[0]).toBe(1)
      expect(yield* balance).toMatchObject({ started: 2n, cancelled: 1n, answered: 1n })
    })
  )

  it.scoped("ignores and counts duplicates, unknown keys, and answers of another address", () =>
    Effect.gen(function* () {
      const { ask, balance, client, network, other } = yield* lab(({ data, from }, socket) =>
        Effect.gen(function* () {
          yield* Effect.sleep("50 millis")
          yield* socket.send({ data: Uint8Array.of(200), to: from })
          for (let i = 0; i < 2; i++) yield* socket.send({ data, to: from })
        })
      )
      const forger = yield* Datagram.client(spec).pipe(Effect.provide(NetworkSockets.layer(other)))
      const asked = yield* Effect.fork(ask(5))
      yield* NetworkSockets.settle(network)
      // An attacker who guessed the key and the port, but cannot have the address of the server.
      yield* forger.send({
        data: Uint8Array.of(5, 66),
        to: { address: "10.0.0.2", port: client.socket.localAddress.port }
      })
      yield* NetworkSockets.adjust(network, "1 second")
      expect([...(yield* Fiber.join(asked)).data]).toEqual([5, 0])
      expect(yield* balance).toMatchObject({ answered: 1n, duplicate: 1n, unknown: 1n, foreign: 1n })
    })
  )

  it.scoped("that cannot be sent fails, and counts as failed", () =>
    Effect.gen(function* () {
      const { balance, client } = yield* lab(echo)
      const error = yield* Effect.flip(client.request({ key: 1, data: new Uint8Array(70_000), to: at }))
      expect(error).toMatchObject({ _tag: "DatagramSendError", reason: "MessageTooLarge" })
      expect(yield* balance).toMatchObject({ started: 1n, failed: 1n })
    })
  )

  it.scoped("with a wrong key, destination, schedule or timeout is refused before it is sent", () =>
    Effect.gen(function* () {
      const { balance, client } = yield* lab(echo)
      const good = { key: 1, data: Uint8Array.of(1), to: at }
      const trap = new Proxy(good, {
        get: () => {
          throw new Error("trap")
        }
      })
      const wrong: ReadonlyArray<readonly [string, unknown, unknown?]> = [
        ["key: ", { ...good, key: undefined }],
        ["key: ", { ...good, key: {} }],
        ["to: ", { ...good, to: { address: "10.0.0.1", port: -1 } }],
        ["request: reading it threw", trap],
        ["retransmit: ", good, { retransmit: 3 }],
        ["timeout: ", good, { timeout: -1 }]
      ]
      for (const [begins, request, options] of wrong) {
        const error = yield* Effect.flip(client.request(request as typeof good, options as undefined))
        expect([begins, error.reason, error.message.startsWith(begins)]).toEqual([begins, "InvalidArgument", true])
      }
      expect(yield* balance).toMatchObject({ started: 0n })
    })
  )

  it.scoped("survives a key function that throws", () =>
    Effect.gen(function* () {
      const { network, other } = yield* lab(echo)
      const client = yield* DatagramClient.make(spec, {
        key: () => {
          throw new Error("boom")
        },
        retransmit: Schedule.stop,
        timeout: "1 second"
      }).pipe(Effect.provide(NetworkSockets.layer(other)))
      const asked = yield* Effect.fork(Effect.flip(client.request({ key: 1, data: Uint8Array.of(1), to: at })))
      yield* NetworkSockets.adjust(network, "2 seconds")
      expect((yield* Fiber.join(asked)).reason).toBe("NoAnswer")
      expect(yield* client.stats).toMatchObject({ unknown: 1n, unanswered: 1n })
    })
  )
})

it.scoped("a client needs a function for its keys", () =>
  Effect.gen(function* () {
    const { other } = yield* lab(echo)
    for (const options of [undefined, {}, { key: 1 }, null]) {
      const made = DatagramClient.make(spec, options as unknown as DatagramClient.ClientOptions<"ipv4", never>)
      const error = yield* Effect.flip(made).pipe(Effect.provide(NetworkSockets.layer(other)))
      expect(error.message).toMatch(/^key: .* is not a function\. Give one that returns a key\.$/)
    }
  })
)

it.scoped("a request that is interrupted at any yield leaves no key behind", () =>
  Effect.gen(function* () {
    const { ask, client } = yield* lab(echo)
    // Effect makes no progress with fewer than some ten operations a turn.
    for (let operations = 16; operations < 120; operations++) {
      const asked = yield* Effect.fork(Effect.withMaxOpsBeforeYield(ask(operations), operations))
      for (let turns = 0; turns <= operations % 4; turns++) yield* Effect.yieldNow()
      yield* Fiber.interrupt(asked)
    }
    const { cancelled, started, waiting } = yield* client.stats
    expect(started).toBeGreaterThan(0n)
    expect([waiting, cancelled]).toEqual([0n, started])
  })
)

it.scoped("a request that waits when its client is closed fails with Closed", () =>
  Effect.gen(function* () {
    const { network, other } = yield* lab(() => Effect.void)
    const scope = yield* Scope.make()
    const client = yield* DatagramClient.make(spec, { key: ({ data }) => data[0] }).pipe(
      Scope.extend(scope),
      Effect.provide(NetworkSockets.layer(other))
    )
    const request = client.request({ key: 1, data: Uint8Array.of(1), to: at })
    const asked = yield* Effect.fork(Effect.flip(request))
    yield* NetworkSockets.adjust(network, "100 millis")
    yield* Scope.close(scope, Exit.void)
    expect(yield* Fiber.join(asked)).toMatchObject({ _tag: "DatagramReceiveError", reason: "Closed" })
    expect(yield* client.stats).toMatchObject({ started: 1n, failed: 1n, cancelled: 0n, waiting: 0n })
    expect(yield* Effect.flip(request)).toMatchObject({ reason: "Closed" })
  })
)

it.scoped("a schedule without pauses leaves the event loop its turns, so the answer is read", () =>
  Effect.gen(function* () {
    const { ask, balance, network } = yield* lab(echo)
    const asked = yield* Effect.fork(ask(1, { retransmit: Schedule.forever }))
    yield* NetworkSockets.adjust(network, "1 second")
    expect((yield* Fiber.join(asked)).data[0]).toBe(1)
    const { retransmitted } = yield* balance
    expect(retransmitted).toBeGreaterThan(0n)
    expect(retransmitted).toBeLessThan(10_000n)
  })
)

it.scoped("a request is sent again as it was, although its payload was changed", () =>
  Effect.gen(function* () {
    const seen: Array<ReadonlyArray<number>> = []
    const { client, network } = yield* lab((asked, socket) => {
      seen.push([...asked.data])
      return seen.length === 1 ? Effect.void : echo(asked, socket)
    })
    const [one, two] = [Uint8Array.of(1), Buffer.of(2)]
    const asked = yield* Effect.fork(client.request({ key: 1, data: [one, two], to: at }))
    yield* NetworkSockets.adjust(network, "100 millis")
    one.fill(9)
    two.fill(9)
    yield* NetworkSockets.adjust(network, "2 seconds")
    expect([...(yield* Fiber.join(asked)).data]).toEqual([1, 2])
    expect(seen).toEqual([
      [1, 2],
      [1, 2]
    ])
  })
)
