/**
 * Runs on the client of a routed network whose second cable has an MTU of 1300 bytes. Sends datagrams that do not arrive, and prints their
 * reports as JSON.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  type SocketEvent,
  withDontFragment,
  withErrorReports,
  withHopLimit,
  withPathMtuReports,
  withPktInfo,
  withTransmitTimestamps
} from "@ancillary/effect3"
import { Codec, endpoint, SocketAddress } from "@ancillary/control"
import { type Driver, isFault } from "@ancillary/engine/driver/Driver"
import { Chunk, Effect, type Layer, Option, type Scope, Stream } from "effect"
import { arena, int, message, ok, receiveErrorRaw, receiveRaw, sendTo } from "../bareKernel.ts"

const port = 9
const server = { ipv4: "10.78.2.2", ipv6: "fd78:2::2" }
const lost = { ipv4: "10.66.0.1", ipv6: "fd66::1" }
/** The router silently drops datagrams to this address. */
const silent = "10.67.0.1"
const router = { ipv4: "10.78.1.1", ipv6: "fd78:1::1" }

const text = (option: Option.Option<unknown>) => Option.getOrNull(Option.map(option, String))
const shown = (event: SocketEvent) => {
  if (event._tag === "PathMtuReport") return { tag: event._tag, mtu: event.mtu, destination: String(event.destination) }
  if (event._tag !== "ErrorReport") return { tag: event._tag }
  const { arrival, code, datagram, destination, icmp, mtu, offender, origin } = event
  return {
    code,
    origin,
    icmp: Option.getOrNull(Option.map(icmp, ({ code, type }) => [type, code])),
    mtu: Option.getOrNull(mtu),
    offender: text(offender),
    destination: text(destination),
    quoted: datagram.length,
    intact: datagram.every((byte) => byte === 7),
    arrivedAt: text(Option.map(arrival, ({ localAddress }) => localAddress))
  }
}
const events = (socket: { readonly events: Stream.Stream<SocketEvent, unknown> }, count: number) =>
  Stream.runCollect(Stream.take(socket.events, count)).pipe(
    Effect.timeout("10 seconds"),
    Effect.map((all) => Chunk.toReadonlyArray(all).map(shown))
  )
const payload = (size: number) => new Uint8Array(size).fill(7)

/** The report of each, on one unconnected dual socket. */
const reported = (family: "ipv4" | "ipv6") =>
  Effect.gen(function* () {
    const spec = Datagram.dual.pipe(
      withErrorReports(),
      withPathMtuReports(),
      withPktInfo(),
      withHopLimit(),
      withDontFragment()
    )
    const socket = yield* Datagram.client(spec)
    const send = (address: string, size: number, hopLimit?: number) =>
      socket.send({ data: payload(size), to: { address, port }, control: { hopLimit } })
    const told = (sending: Effect.Effect<unknown, unknown>, count = 1) =>
      Effect.zipRight(sending, events(socket, count))
    const refused = told(send(server[family], 5))
    return {
      refused: yield* refused,
      outOfHops: yield* told(send(server[family], 5, 1)),
      withoutRoute: yield* told(send(lost[family], 5)),
      quoted: yield* told(send(server[family], 1200)),
      tooLargeForAHop: yield* told(send(server[family], 1290)),
      // The path MTU is known now, so the send fails, and this host reports the reason.
      tooLargeForThePath: yield* told(Effect.flip(send(server[family], 1290)), family === "ipv4" ? 1 : 2),
      tooLargeForTheInterface: yield* told(Effect.flip(send(router[family], 1600)), family === "ipv4" ? 1 : 2),
      undisturbed: yield* refused
    }
  })

/** A datagram larger than the MTU of a hop, from a connected socket without options: the result of the next read. */
const unrequested = Effect.gen(function* () {
  const to = { address: server.ipv4, port }
  const error = yield* Effect.flip(
    Effect.gen(function* () {
      const socket = yield* Datagram.connect(Datagram.ipv4, to)
      yield* socket.send({ data: payload(1400) })
      return yield* Effect.timeout(socket.receive, "10 seconds")
    })
  )
  return error._tag === "DatagramReceiveError" ? [error.reason, error.code] : [error._tag]
})
const unrequestedBare = Effect.gen(function* () {
  const at = yield* open("ipv4")
  ok(at.socket.connect(nameOf(at.driver, server.ipv4)))
  const out = arena(at, "send", 1, 0, 1500)
  out.fill(0, 0, 0, [payload(1400)])
  ok(at.socket.send(out, 0, 1))
  for (;;) {
    const { count } = receiveRaw(at, 0)
    if (isFault(count)) return count.code
    yield* Effect.sleep("1 millis")
  }
})

/** A burst larger than the queue of the interface, with a timestamp for each datagram: the numbers of the timestamps. */
const burst = 20
const stampsBare = Effect.gen(function* () {
  const at = yield* open("ipv4")
  ok(at.socket.setOption(0, 11, int(1)))
  // SOFTWARE, OPT_ID, OPT_TSONLY; then TX_SOFTWARE for each.
  ok(at.socket.setOption(1, 37, int(16 | 128 | 2048)))
  const sent: Array<string> = []
  for (let i = 0; i < burst; i++) {
    const count = sendTo(at, nameOf(at.driver, silent), payload(500), message(at, 1, 37, int(2)))
    sent.push(isFault(count) ? count.code : "sent")
  }
  const numbers: Array<number> = []
  for (let quiet = 0; quiet < 50; quiet++) {
    const { count, messages } = receiveErrorRaw(at, 256)
    const payload = messages.at(-1)?.payload
    if (count === 1 && payload?.[4] === 4) {
      numbers.push(new DataView(payload.buffer, payload.byteOffset).getUint32(12, true))
      quiet = 0
    } else yield* Effect.sleep("20 millis")
  }
  return { sent, numbers }
})
const stamps = Effect.gen(function* () {
  const socket = yield* Datagram.client(Datagram.ipv4.pipe(withErrorReports(), withTransmitTimestamps()))
  const to = { address: silent, port }
  const sent: Array<number> = []
  let refused = 0
  for (let id = 100; id < 100 + burst; id++) {
    const control = { transmitTimestamp: { id, scheduled: true } }
    const failed = yield* Effect.flip(socket.send({ data: payload(500), to, control })).pipe(Effect.option)
    if (Option.isNone(failed)) sent.push(id)
    else if (failed.value.code === "ENOBUFS") refused++
  }
  const told: Array<number> = []
  yield* socket.events.pipe(
    Stream.runForEach((event) =>
      Effect.sync(() => {
        if (event._tag === "TransmitTimestamp" && event.stage === "sent") told.push(event.id)
      })
    ),
    Effect.timeoutOption("1500 millis")
  )
  return { sent, refused, told }
})

const open = (family: "ipv4" | "ipv6") =>
  Effect.map(LinuxSockets.driver({ guarded: true }), (driver) => ({
    driver,
    family,
    port: 0,
    socket: ok(driver.open({ family, protocol: "udp" }))
  }))
const nameOf = (driver: Driver, address: string): Uint8Array => {
  const to = endpoint("ipv4", { address, port })
  if (Codec.isMalformed(to)) throw new Error(to.malformed)
  const bytes = new Uint8Array(SocketAddress.size(driver.abi, "ipv4"))
  SocketAddress.write(driver.abi, to, new DataView(bytes.buffer), 0)
  return bytes
}

const programs = { ipv4: reported("ipv4"), ipv6: reported("ipv6"), unrequested, unrequestedBare, stamps, stampsBare }
type Needs = Layer.Layer.Success<typeof LinuxSockets.layer> | Scope.Scope
const program = Effect.suspend(() => {
  const [, , which] = process.argv
  const chosen: Effect.Effect<unknown, unknown, Needs> = programs[which as keyof typeof programs]
  return Effect.map(chosen, (seen) => console.log(JSON.stringify(seen)))
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
