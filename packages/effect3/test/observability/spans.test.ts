/** Spans of sockets, servers and requests with Effect 3: their names, their attributes, and no payload. */
import { Datagram, DatagramClient, serve, serveSessions, withPktInfo } from "@ancillary/effect3"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { expect, it } from "@effect/vitest"
import { Context, DefaultServices, Effect, Layer, Logger, Tracer } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const secret = "a secret of the peer"
const payload = new TextEncoder().encode(secret)

/** Hosts, and layers that keep all spans and logs. */
const lab = Effect.gen(function* () {
  const spans: Array<Tracer.Span> = []
  const logs: Array<string> = []
  const native = Context.get(DefaultServices.liveServices, Tracer.Tracer)
  const tracer = Tracer.make({
    span: (...made) => {
      const span = native.span(...made)
      spans.push(span)
      return span
    },
    context: (f) => f()
  })
  const logger = Logger.map(Logger.logfmtLogger, (line) => void logs.push(line))
  const network = yield* NetworkSockets.network({ seed: 1 })
  const host = network.host("server", { addresses: ["10.0.0.1/24"] })
  const other = network.host("client", { addresses: ["10.0.0.2/24"] })
  network.link(host, other)
  const kept = Layer.merge(Layer.setTracer(tracer), Logger.replace(Logger.defaultLogger, logger))
  return {
    spans,
    logs,
    on: Layer.merge(NetworkSockets.layer(host), kept),
    there: Layer.merge(NetworkSockets.layer(other), kept),
    settle: NetworkSockets.settle(network)
  }
})

const named = (spans: ReadonlyArray<Tracer.Span>, name: string) => spans.filter((span) => span.name === name)
const attributesOf = (span: Tracer.Span | undefined) => Object.fromEntries(span?.attributes ?? [])

it.scoped("bind, serve and request have spans with addresses, and a datagram has none", () =>
  Effect.gen(function* () {
    const { on, settle, spans, there } = yield* lab
    yield* serve(spec, at, (asked, socket) => Datagram.reply(socket, asked, asked.data)).pipe(Effect.provide(on))
    const ask = Effect.flatMap(DatagramClient.make(spec, { key: ({ data }) => data }), (client) =>
      client.request({ key: payload, data: payload, to: at })
    )
    yield* Effect.fork(Effect.provide(ask, there))
    yield* settle
    const local = { "network.local.address": "10.0.0.1", "network.local.port": 7 }
    expect(attributesOf(named(spans, "Datagram.bind")[0])).toEqual(local)
    expect(attributesOf(named(spans, "DatagramServer.serve")[0])).toEqual(local)
    const [request] = named(spans, "DatagramClient.request")
    expect([request?.kind, request?.status._tag, attributesOf(request)]).toEqual([
      "client",
      "Ended",
      { "network.peer.address": "10.0.0.1", "network.peer.port": 7 }
    ])
    expect(named(spans, "DatagramServer.handle")).toEqual([])
  })
)

it.scoped("each datagram and each session begins a trace with traced, without a payload", () =>
  Effect.gen(function* () {
    const { logs, on, settle, spans, there } = yield* lab
    const client = yield* Datagram.client(spec).pipe(Effect.provide(there))
    yield* serve(spec, at, ({ data }) => (data.length === 1 ? Effect.die("refused") : Effect.void), {
      traced: true
    }).pipe(Effect.withSpan("program"), Effect.provide(on))
    yield* serveSessions(spec, { ...at, port: 8 }, (session) => Effect.asVoid(session.receive), { traced: true }).pipe(
      Effect.provide(on)
    )
    yield* client.send({ data: payload, to: at })
    yield* client.send({ data: Uint8Array.of(1), to: at })
    yield* client.send({ data: payload, to: { ...at, port: 8 } })
    yield* settle
    const begun = [...named(spans, "DatagramServer.handle"), ...named(spans, "DatagramServer.session")]
    expect(
      begun.map(({ kind, parent, status }) => [kind, parent._tag, status._tag === "Ended" && status.exit._tag])
    ).toEqual([
      ["server", "None", "Success"],
      ["server", "None", "Failure"],
      ["server", "None", "Success"]
    ])
    expect(attributesOf(begun[0])).toMatchObject({
      "network.local.address": "10.0.0.1",
      "network.peer.address": "10.0.0.2",
      "datagram.size": payload.length
    })
    const everything = [...logs, ...spans.flatMap(({ attributes, name }) => [name, ...Array.from(attributes).flat()])]
    for (const form of [secret, [...payload].join(), Buffer.from(payload).toString("hex")])
      expect(everything.filter((each) => String(each).includes(form))).toEqual([])
  })
)
