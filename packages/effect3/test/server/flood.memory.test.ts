/**
 * A flood of 50,000 forged sources a second, in virtual time, while an honest client asks. It lasts a tenth of a second, or as many seconds as
 * `ANCILLARY_FLOOD_SECONDS` has: `npm run flood` makes 5 of them. Sessions read with `receive`,
 * because a stream for each of 250,000 sessions takes ten times the memory.
 */
import { Datagram, serve, serveSessions, withPktInfo, withTransparent } from "@ancillary/effect3"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { Ipv4Address } from "@ancillary/control"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Logger, Option } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const silent = Logger.remove(Logger.defaultLogger)

/** Sources are 250 addresses of the prefix 203.0.113.0/24, each with 200 ports. */
const addresses = 250
const ports = 200
const seconds = Number(process.env["ANCILLARY_FLOOD_SECONDS"] ?? 0.1)
/** Datagrams that fit into the receive buffer of the server. */
const burst = 250
const requestBytes = 30
const answerBytes = 60

const lab = Effect.gen(function* () {
  const network = yield* NetworkSockets.network({ seed: 1, trace: false })
  const server = network.host("server", { addresses: ["10.0.0.1/24"], gateway: "10.0.0.9" })
  const client = network.host("client", { addresses: ["10.0.0.2/24"] })
  const attacker = network.host("attacker", { addresses: ["10.0.0.9/24"], router: true })
  const victims = network.host("victims", { addresses: ["203.0.113.1/24"] })
  network.link(server, client, attacker)
  network.link(attacker.interface("behind", { addresses: ["203.0.113.254/24"] }), victims)
  const forging = Datagram.ipv4.pipe(withPktInfo(), withTransparent())
  const sockets = yield* Effect.replicateEffect(
    Datagram.bind(forging, { address: "0.0.0.0", port: 0 }).pipe(Effect.provide(NetworkSockets.layer(attacker))),
    ports
  )
  const honest = yield* Datagram.client(spec).pipe(Effect.provide(NetworkSockets.layer(client)))
  let sent = 0
  /** Sends one request from each of the next sources. */
  const flood = (count: number) =>
    Effect.sync(() => {
      const data = new Uint8Array(requestBytes).fill(1)
      for (let i = 0; i < count; i++, sent++) {
        const source = new Ipv4Address(0xcb00_7102 + (Math.floor(sent / ports) % addresses))
        sockets[sent % ports]?.trySend({ data, to: at, control: { pktInfo: { source } } })
      }
    })
  let asked = 0
  let answered = 0
  /** The honest client asks, and takes its answer. */
  const ask = (byte: number) =>
    Effect.gen(function* () {
      asked++
      yield* honest.send({ data: new Uint8Array(requestBytes).fill(byte), to: at })
      yield* NetworkSockets.settle(network)
      if (Option.isSome(yield* honest.receiveWithin(0))) answered++
    })
  return {
    network,
    layer: NetworkSockets.layer(server),
    /** The flood. The client asks each 5 ms, with the token that its first answer brought. */
    run: Effect.gen(function* () {
      yield* ask(1)
      for (let left = addresses * ports * seconds; left > 0; left -= burst) {
        yield* flood(burst)
        yield* NetworkSockets.settle(network)
        yield* ask(2)
        yield* NetworkSockets.adjust(network, "5 millis")
      }
      return { sent, asked, answered }
    })
  }
})

/** Responses of a bucket: its rate, and the quarter of a second that it holds at first. */
const permitted = (rate: number) => rate * (seconds + 0.25)

describe("50,000 forged sources a second", () => {
  it.scoped("begin sessions within the limit, and an honest client is answered", () =>
    Effect.gen(function* () {
      const { layer, run } = yield* lab
      const server = yield* serveSessions(
        spec,
        at,
        (session) =>
          Effect.forever(
            Effect.gen(function* () {
              const { data } = yield* session.receive
              // The first answer carries a token. A client that repeats it has proven its address.
              if (data[0] === 2) yield* session.validate
              yield* Effect.ignore(session.send(new Uint8Array(data[0] === 2 ? 400 : answerBytes)))
            })
          ),
        { maximum: 1000, responseRate: { perSecond: 200, slip: 0 } }
      ).pipe(Effect.provide(layer))
      const { answered, asked, sent } = yield* run
      const stats = yield* server.stats
      const egress = Number(stats.sent) - answered
      expect(sent).toBe(50_000 * seconds)
      expect(egress).toBeLessThanOrEqual(permitted(200) * 1.05)
      expect(egress * answerBytes).toBeLessThanOrEqual(sent * requestBytes * 3)
      expect(answered / asked).toBeGreaterThanOrEqual(0.95)
      // The flood cannot evict the honest session, nor hold more than the maximum.
      expect(stats.sessions.running).toBeLessThanOrEqual(1000n)
      expect(stats.delivered).toBe(stats.sessions.accepted + stats.limits.rateLimited)
    }).pipe(Effect.provide(silent))
  )

  it.scoped("evict no session of a validated client, without a response rate", () =>
    Effect.gen(function* () {
      const { layer, run } = yield* lab
      const server = yield* serveSessions(
        spec,
        at,
        (session) =>
          Effect.forever(
            Effect.gen(function* () {
              const { data } = yield* session.receive
              if (data[0] === 2) yield* session.validate
              yield* Effect.ignore(session.send(new Uint8Array(requestBytes * 3 + (data[0] === 2 ? 400 : 0))))
            })
          ),
        { maximum: 1000 }
      ).pipe(Effect.provide(layer))
      const { answered, asked, sent } = yield* run
      const stats = yield* server.stats
      expect(answered / asked).toBeGreaterThanOrEqual(0.95)
      const egress = (Number(stats.sent) - answered) * requestBytes * 3
      expect(egress).toBeLessThanOrEqual(sent * requestBytes * 3 * 1.05)
      expect(stats.sessions.running).toBeLessThanOrEqual(1000n)
      // The client has one session in all that time.
      expect(stats.sessions.started).toBe(BigInt(sent) + 1n)
    }).pipe(Effect.provide(silent))
  )

  it.scoped("get no more than the limit of a server without sessions, slipped answers apart", () =>
    Effect.gen(function* () {
      const { layer, run } = yield* lab
      const server = yield* serve(
        spec,
        at,
        (asked, socket) =>
          Effect.gen(function* () {
            if (asked.data[0] === 2) yield* Datagram.validate(socket, asked.from)
            const room = yield* Datagram.allowance(socket, asked.from)
            yield* Datagram.reply(socket, asked, new Uint8Array(room < 512 ? requestBytes : 512))
          }),
        { amplification: Infinity }
      ).pipe(Effect.provide(layer))
      const { answered, asked, sent } = yield* run
      const { limits, sent: egress } = yield* server.stats
      expect(answered / asked).toBeGreaterThanOrEqual(0.95)
      const long = Number(egress) - answered - Number(limits.slipped)
      expect(long).toBeLessThanOrEqual(permitted(200) * 1.05)
      expect(Number(limits.rateLimited + limits.slipped)).toBeGreaterThanOrEqual(sent - permitted(200) * 1.05)
    }).pipe(Effect.provide(silent))
  )
})
