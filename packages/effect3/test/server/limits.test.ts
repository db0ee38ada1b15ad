/** The limits of a server on the network in memory: amplification, response rate, loops, sources that are not hosts. */
import { InternetEndpoint, Ipv4Address, SocketAddress } from "@ancillary/control"
import { Datagram, DatagramSockets, serve, serveOn, type ServeOptions, withPktInfo } from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Exit, Logger, Option, Scope } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const silent = Logger.remove(Logger.defaultLogger)
const addressOf = (text: string): Ipv4Address => {
  const address = Ipv4Address.parse(text)
  if (address instanceof Ipv4Address) return address
  throw new TypeError(text)
}

const labOf = (addresses: ReadonlyArray<string> = ["10.0.0.2/24"]) =>
  Effect.gen(function* () {
    const network = yield* NetworkSockets.network({ seed: 1 })
    const host = network.host("server", { addresses: ["10.0.0.1/24"] })
    const other = network.host("client", { addresses: [...addresses] })
    network.link(host, other)
    const on = NetworkSockets.layer(host)
    const there = NetworkSockets.layer(other)
    const client = yield* Datagram.client(spec).pipe(Effect.provide(there))
    /** Sends a datagram and returns the bytes of its answer, or nothing. */
    const ask = (bytes: number) =>
      Effect.gen(function* () {
        yield* client.send({ data: new Uint8Array(bytes), to: at })
        yield* NetworkSockets.settle(network)
        return Option.map(yield* client.receiveWithin(0), ({ data }) => data.length)
      })
    return { network, host, on, there, client, ask }
  })

describe("the amplification limit", () => {
  it.scoped("is 3 by default: a longer reply fails with Limited and is counted", () =>
    Effect.gen(function* () {
      const { ask, on } = yield* labOf()
      const failures: Array<unknown> = []
      const server = yield* serve(spec, at, (asked, socket) =>
        Effect.tapError(Datagram.reply(socket, asked, new Uint8Array(300)), (error) =>
          Effect.sync(() => void failures.push([error.reason, error.message]))
        )
      ).pipe(Effect.provide(on))
      expect([yield* ask(100), yield* ask(99)]).toEqual([Option.some(300), Option.none()])
      expect(failures).toEqual([
        [
          "Limited",
          expect.stringMatching(
            /^data: 300 bytes are more than the 297 that may be sent to 10\.0\.0\.2:\d+ before it is validated: call Datagram\.validate when it has proven its address, or set amplification\. Nothing was sent\.$/
          )
        ]
      ])
      // The bytes of refused answers are saved up.
      expect(yield* ask(1)).toEqual(Option.some(300))
      expect((yield* server.stats).limits).toMatchObject({ amplified: 1n, unsent: 0n })
    }).pipe(Effect.provide(silent))
  )

  it.scoped("holds for each way to send from a served socket", () =>
    Effect.gen(function* () {
      const { client, network, on } = yield* labOf()
      const seen: Array<string> = []
      yield* serve(spec, at, (asked, socket) =>
        Effect.gen(function* () {
          const message = { data: new Uint8Array(4), to: asked.from }
          const note = (way: string, error: Option.Option<{ readonly reason: string }>) =>
            seen.push(`${way}: ${Option.match(error, { onNone: () => "sent", onSome: ({ reason }) => reason })}`)
          note("send", yield* Effect.option(Effect.flip(socket.send(message))))
          note("trySend", Either.getLeft(socket.trySend(message)))
          note("reply", yield* Effect.option(Effect.flip(Datagram.reply(socket, asked, message.data))))
          note("tryReply", Either.getLeft(Datagram.tryReply(socket, asked, message.data)))
          const { failed } = yield* socket.sendAll([message, { ...message, data: new Uint8Array(2) }, message])
          for (const { error, index } of failed) note(`sendAll ${index}`, Option.some(error))
          note("segments", yield* Effect.option(Effect.flip(socket.send({ ...message, segmentSize: 1 }))))
        })
      ).pipe(Effect.provide(on))
      yield* client.send({ data: Uint8Array.of(1), to: at })
      yield* NetworkSockets.settle(network)
      expect(seen).toEqual([
        "send: Limited",
        "trySend: Limited",
        "reply: Limited",
        "tryReply: Limited",
        "sendAll 0: Limited",
        "sendAll 2: Limited",
        "segments: Limited"
      ])
      expect((yield* client.receive).data).toHaveLength(2)
    })
  )

  it.scoped("does not concern a peer that the program has validated", () =>
    Effect.gen(function* () {
      const { ask, on } = yield* labOf()
      const allowances: Array<number> = []
      yield* serve(spec, at, (asked, socket) =>
        Effect.gen(function* () {
          allowances.push(yield* Datagram.allowance(socket, asked.from))
          // A client that repeats a token of the server has proven its address.
          if (asked.data.length === 2) yield* Datagram.validate(socket, asked.from)
          yield* Datagram.reply(socket, asked, new Uint8Array(asked.data.length === 1 ? 3 : 1000))
        })
      ).pipe(Effect.provide(on))
      expect([yield* ask(1), yield* ask(2), yield* ask(3)]).toEqual([3, 1000, 1000].map(Option.some))
      expect(allowances).toEqual([3, 6, Infinity])
    })
  )

  it.scoped("ends with a server of an open socket", () =>
    Effect.gen(function* () {
      const { client, network, on } = yield* labOf()
      const socket = yield* Datagram.bind(spec, at).pipe(Effect.provide(on))
      const scope = yield* Scope.make()
      yield* serveOn(socket, () => Effect.void).pipe(Scope.extend(scope))
      yield* client.send({ data: Uint8Array.of(1), to: at })
      yield* NetworkSockets.settle(network)
      const long = { data: new Uint8Array(9), to: { address: "10.0.0.2", port: client.localAddress.port } }
      expect(Either.isLeft(socket.trySend(long))).toBe(true)
      yield* Scope.close(scope, Exit.void)
      expect(Either.isRight(socket.trySend(long))).toBe(true)
    })
  )
})

describe("the response rate", () => {
  it.scoped("is on without an amplification limit, and off by one option", () =>
    Effect.gen(function* () {
      for (const [options, expected] of [
        [{ amplification: Infinity }, { handled: 50n + 50n, limited: 50n }],
        [
          { amplification: Infinity, responseRate: false },
          { handled: 150n, limited: 0n }
        ],
        [{}, { handled: 150n, limited: 0n }],
        [{ responseRate: { perSecond: 40, slip: 0 } }, { handled: 10n, limited: 140n }]
      ] as ReadonlyArray<readonly [ServeOptions, { readonly handled: bigint; readonly limited: bigint }]>) {
        const { client, network, on } = yield* labOf()
        const server = yield* serve(
          spec,
          at,
          (asked, socket) => Datagram.reply(socket, asked, asked.data),
          options
        ).pipe(Effect.provide(on))
        for (let i = 0; i < 150; i++) yield* client.send({ data: new Uint8Array(20), to: at })
        yield* NetworkSockets.settle(network)
        const { delivered, handlers, limits } = yield* server.stats
        expect([handlers.started, limits.rateLimited]).toEqual([expected.handled, expected.limited])
        expect(delivered).toBe(handlers.started + limits.rateLimited)
      }
    }).pipe(Effect.scoped)
  )

  it.scoped("lets requests slip whose answers are not longer, and drops longer answers", () =>
    Effect.gen(function* () {
      const { client, network, on } = yield* labOf()
      const handler = (
        asked: Datagram.Datagram<"ipv4", never>,
        socket: Effect.Effect.Success<ReturnType<typeof bound>>
      ) =>
        Effect.flatMap(Datagram.allowance(socket, asked.from), (room) =>
          // A name server sends its truncated response here.
          socket.send({ data: new Uint8Array(room < 60 ? 20 : 60), to: asked.from })
        )
      const bound = () => Datagram.bind(spec, at)
      const socket = yield* bound().pipe(Effect.provide(on))
      yield* serveOn(socket, handler, { responseRate: { perSecond: 40, slip: 2 } })
      for (let i = 0; i < 20; i++) yield* client.send({ data: new Uint8Array(20), to: at })
      yield* NetworkSockets.settle(network)
      const sizes: Array<number> = []
      for (;;) {
        const answer = yield* client.receiveWithin(0)
        if (Option.isNone(answer)) break
        sizes.push(answer.value.data.length)
      }
      expect(sizes).toEqual([...Array<number>(10).fill(60), ...Array<number>(5).fill(20)])
      expect((yield* socket.stats).limits).toMatchObject({ rateLimited: 5n, slipped: 5n, unsent: 0n })
    })
  )
})

describe("two servers that answer each other", () => {
  const echo = (
    layer: ReturnType<typeof NetworkSockets.layer>,
    address: string,
    port: number,
    options?: ServeOptions
  ) =>
    serve(spec, { address, port }, (asked, socket) => Datagram.reply(socket, asked, asked.data), options).pipe(
      Effect.provide(layer)
    )

  for (const [what, one, two] of [
    ["on the same port", 5300, 5300],
    ["on well-known ports", 7, 19],
    ["on any ports of one process", 27_015, 45_000]
  ] as const)
    it.scoped(`${what}: the loop ends and is counted`, () =>
      Effect.gen(function* () {
        const { network, on, there } = yield* labOf()
        const first = yield* echo(on, "10.0.0.1", one)
        const second = yield* echo(there, "10.0.0.2", two)
        // As a datagram with a forged source does.
        yield* first.send({ data: Uint8Array.of(1), to: second.localAddress })
        yield* NetworkSockets.adjust(network, "5 seconds")
        const [a, b] = [yield* first.stats, yield* second.stats]
        expect(a.limits.loops + b.limits.loops).toBe(1n)
        expect(a.sent + b.sent).toBeLessThan(40n)
      })
    )

  it.scoped("of payloads that change are not found, and end at the response rate", () =>
    Effect.gen(function* () {
      const { network, on, there } = yield* labOf()
      let n = 0
      const changing = (address: string, options: ServeOptions) =>
        serve(
          spec,
          { address, port: 7 },
          (asked, socket) => Datagram.reply(socket, asked, Uint8Array.of(n >> 8, n++ & 0xff)),
          options
        )
      const limited = { responseRate: { perSecond: 200 } }
      const first = yield* Effect.provide(changing("10.0.0.1", limited), on)
      const second = yield* Effect.provide(changing("10.0.0.2", limited), there)
      yield* first.send({ data: Uint8Array.of(1), to: second.localAddress })
      yield* NetworkSockets.adjust(network, "5 seconds")
      const [a, b] = [yield* first.stats, yield* second.stats]
      expect(a.limits.loops + b.limits.loops).toBe(0n)
      // A quarter of a second's responses of each, and then the one datagram of the loop was dropped.
      expect(a.limits.rateLimited + b.limits.rateLimited).toBe(1n)
      expect(a.sent + b.sent).toBeGreaterThan(80n)
      expect(a.sent + b.sent).toBeLessThan(120n)
    })
  )

  it.scoped("go on if a program allows it", () =>
    Effect.gen(function* () {
      const { network, on, there } = yield* labOf()
      const first = yield* echo(on, "10.0.0.1", 7, { loops: "allow" })
      const second = yield* echo(there, "10.0.0.2", 7, { loops: "allow" })
      yield* first.send({ data: Uint8Array.of(1), to: second.localAddress })
      const turns = network.turns()
      while (network.turns() < turns + 200) yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
      expect((yield* first.stats).sent).toBeGreaterThan(40n)
    })
  )
})

describe("a source that is not a host", () => {
  it.scoped.each([
    ["224.0.0.9", 9],
    ["255.255.255.255", 9],
    ["0.0.0.0", 9],
    ["10.0.0.2", 0]
  ] as const)("%s, port %i: no reply is sent, each is counted, and the server goes on", ([address, port]) =>
    Effect.gen(function* () {
      const { ask, host, network } = yield* labOf()
      let isForged = true
      const driver = FaultyDriver.wrap(host.driver, {
        onReceived: (slot) => {
          if (!isForged) return
          const view = new DataView(slot.address.buffer, slot.address.byteOffset, slot.address.byteLength)
          const forged = new InternetEndpoint("ipv4", addressOf(address), port)
          SocketAddress.write(host.driver.abi, forged, view, 0)
        }
      })
      const on = DatagramSockets.layer(Effect.succeed(driver), [])
      const server = yield* Effect.provide(
        serve(spec, at, (asked, socket) => Datagram.reply(socket, asked, asked.data)),
        on
      )
      for (let i = 0; i < 3; i++) expect(yield* ask(5)).toEqual(Option.none())
      expect((yield* server.stats).handlers.failed).toBe(3n)
      expect(network.trace.filter(({ at, kind }) => kind === "send" && at === "server")).toEqual([])
      isForged = false
      expect(yield* ask(5)).toEqual(Option.some(5))
    }).pipe(Effect.provide(silent))
  )
})

describe("options", () => {
  const wrong: { readonly [option: string]: ReadonlyArray<unknown> } = {
    amplification: [0, 0.5, -3, Number.NaN, "3", null, 3n],
    responseRate: [true, 200, null, "200"],
    loops: [true, "stop", null],
    "responseRate.perSecond": [0, -1, Number.NaN, Infinity, "200"],
    "responseRate.slip": [-1, 0.5, "2"],
    "responseRate.ipv4Prefix": [0, 33, 8.5, "24"],
    "responseRate.ipv6Prefix": [0, 65, "56"]
  }
  for (const [option, values] of Object.entries(wrong))
    it.scoped(`a wrong ${option} is refused`, () =>
      Effect.gen(function* () {
        const { on } = yield* labOf()
        const [outer = "", inner] = option.split(".")
        for (const value of values) {
          const options = { [outer]: inner === undefined ? value : { [inner]: value } } as ServeOptions
          const error = yield* Effect.flip(serve(spec, at, () => Effect.void, options)).pipe(Effect.provide(on))
          expect(error.message).toMatch(new RegExp(`^${option.replace(".", "\\.")}: .* is not .*\\. Leave it out for `))
        }
      })
    )
})
