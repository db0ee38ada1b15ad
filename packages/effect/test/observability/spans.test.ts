/** Spans of sockets, servers and requests, and logs: their names, their attributes, and no payload. */
import { Datagram, DatagramClient, serve, serveSessions, withPktInfo } from "@ancillary/effect"
import { NetworkSockets } from "@ancillary/effect/testing"
import { Effect, type Layer, Logger, type Scope, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const secret = "a secret of the peer"
const payload = new TextEncoder().encode(secret)

/** Runs a test with a tracer and a logger that keep everything. */
const run = (
  test: (seen: {
    readonly spans: ReadonlyArray<Tracer.Span>
    readonly logs: ReadonlyArray<string>
    readonly on: Layer.Layer<Layer.Success<ReturnType<typeof NetworkSockets.layer>>>
    readonly there: Layer.Layer<Layer.Success<ReturnType<typeof NetworkSockets.layer>>>
    readonly settle: Effect.Effect<void>
  }) => Effect.Effect<void, unknown, Scope.Scope>
): Promise<void> => {
  const spans: Array<Tracer.Span> = []
  const logs: Array<string> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = Tracer.nativeTracer.span(options)
      spans.push(span)
      return span
    }
  })
  const logger = Logger.map(Logger.formatLogFmt, (line) => void logs.push(line))
  const program = Effect.gen(function* () {
    const network = yield* NetworkSockets.network({ seed: 1 })
    const host = network.host("server", { addresses: ["10.0.0.1/24"] })
    const other = network.host("client", { addresses: ["10.0.0.2/24"] })
    network.link(host, other)
    const [on, there] = [NetworkSockets.layer(host), NetworkSockets.layer(other)]
    yield* test({ spans, logs, on, there, settle: NetworkSockets.settle(network) })
  })
  return Effect.runPromise(
    program.pipe(
      Effect.scoped,
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(Logger.layer([logger])),
      Effect.provide(TestClock.layer())
    )
  )
}

const named = (spans: ReadonlyArray<Tracer.Span>, name: string) => spans.filter((span) => span.name === name)
const attributesOf = (span: Tracer.Span | undefined) => Object.fromEntries(span?.attributes ?? [])

it("bind, serve and request have spans with addresses, and a datagram has none", () =>
  run(({ on, settle, spans, there }) =>
    Effect.gen(function* () {
      yield* serve(spec, at, (asked, socket) => Datagram.reply(socket, asked, asked.data)).pipe(Effect.provide(on))
      const client = yield* DatagramClient.make(spec, { key: ({ data }) => data }).pipe(Effect.provide(there))
      yield* Effect.forkChild(client.request({ key: payload, data: payload, to: at }), { startImmediately: true })
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
      expect(spans.map(({ name }) => name).toSorted()).toEqual([
        "Datagram.bind",
        "Datagram.client",
        "DatagramClient.make",
        "DatagramClient.request",
        "DatagramServer.serve"
      ])
    })
  ))

it("each datagram begins a trace with traced, and spans of its handler are in it", () =>
  run(({ on, settle, spans, there }) =>
    Effect.gen(function* () {
      const client = yield* Datagram.client(spec).pipe(Effect.provide(there))
      const { port } = client.localAddress as { readonly port: number }
      yield* serve(
        spec,
        at,
        (asked, socket) =>
          asked.data.length === 1
            ? Effect.die("refused")
            : Effect.withSpan(Datagram.reply(socket, asked, asked.data), "answer"),
        { traced: true }
      ).pipe(Effect.withSpan("program"), Effect.provide(on))
      yield* client.send({ data: payload, to: at })
      yield* client.send({ data: Uint8Array.of(1), to: at })
      yield* settle
      const handles = named(spans, "DatagramServer.handle")
      expect(
        handles.map(({ kind, parent, status }) => [kind, parent._tag, status._tag === "Ended" && status.exit._tag])
      ).toEqual([
        ["server", "None", "Success"],
        ["server", "None", "Failure"]
      ])
      expect(attributesOf(handles[0])).toEqual({
        "network.local.address": "10.0.0.1",
        "network.local.port": 7,
        "network.peer.address": "10.0.0.2",
        "network.peer.port": port,
        "datagram.size": payload.length
      })
      const [answer] = named(spans, "answer")
      expect(answer?.traceId).toBe(handles[0]?.traceId)
    })
  ))

it("each session begins a trace if traced is true", () =>
  run(({ on, settle, spans, there }) =>
    Effect.gen(function* () {
      const client = yield* Datagram.client(spec).pipe(Effect.provide(there))
      yield* serveSessions(spec, at, (session) => Effect.asVoid(session.receive), { traced: true }).pipe(
        Effect.provide(on)
      )
      yield* client.send({ data: payload, to: at })
      yield* settle
      const sessions = named(spans, "DatagramServer.session")
      expect(sessions.map(({ parent, status }) => [parent._tag, status._tag])).toEqual([["None", "Ended"]])
      expect(attributesOf(sessions[0])["network.peer.address"]).toBe("10.0.0.2")
    })
  ))

it("spans and logs have no payload, and a second failure of a kind is not logged", () =>
  run(({ logs, on, settle, spans, there }) =>
    Effect.gen(function* () {
      const client = yield* Datagram.client(spec).pipe(Effect.provide(there))
      const failing = () => Effect.fail({ _tag: "Refused" as const })
      const server = yield* serve(spec, at, failing, { traced: true }).pipe(Effect.provide(on))
      for (let i = 0; i < 3; i++) yield* client.send({ data: payload, to: at })
      yield* settle
      expect((yield* server.stats).handlers.failed).toBe(3n)
      expect(logs.filter((line) => line.includes("failed"))).toHaveLength(1)
      const everything = [...logs, ...spans.flatMap(({ attributes, name }) => [name, ...Array.from(attributes).flat()])]
      expect(everything.length).toBeGreaterThan(10)
      const hex = Buffer.from(payload).toString("hex")
      const forms = [secret, hex, [...payload].join(), Buffer.from(payload).toString("base64")]
      for (const each of everything) for (const form of forms) expect(String(each)).not.toContain(form)
    })
  ))
