/**
 * Forges every ICMP error about the datagrams of a connected socket, by type and code, and then sends a datagram. Prints for every way of
 * reading how it ended, and the errors that a read reported.
 */
import { isIPv4 } from "node:net"
import { LinuxSockets } from "@ancillary/effect3/node"
import { type ConnectedSocket, Datagram, type DatagramSendError, withErrorReports } from "@ancillary/effect3"
import { Deferred, Effect, Exit, Stream } from "effect"
import koffi from "koffi"
import { load } from "../../src/internal/libc.ts"

const libc = load("linux")
const sendto = koffi.load(null).func("sendto", "int64_t", ["int", "void *", "size_t", "int", "void *", "uint32_t"])

interface End {
  readonly address: string
  readonly port: number
}

/** The addresses of loopback, as the headers have them. */
const loopback = {
  "127.0.0.1": Uint8Array.of(127, 0, 0, 1),
  "::1": Uint8Array.from({ length: 16 }, (_, i) => +(i === 15))
}
const bytesOf = (address: string): Uint8Array => loopback[isIPv4(address) ? "127.0.0.1" : "::1"]
const port = (number: number) => [number >> 8, number & 255]
const checksum = (bytes: ReadonlyArray<number>): ReadonlyArray<number> => {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return port(~sum & 0xffff)
}

/** The start of the datagram that the error is about, as a router returns it. */
const quoted = (from: End, to: End): ReadonlyArray<number> => {
  const udp = [...port(from.port), ...port(to.port), 0, 8, 0, 0]
  const addresses = [...bytesOf(from.address), ...bytesOf(to.address)]
  return isIPv4(from.address)
    ? [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, ...addresses, ...udp]
    : [0x60, 0, 0, 0, 0, 8, 17, 64, ...addresses, ...udp]
}

const errors = {
  ipv4: [
    ...Array.from({ length: 16 }, (_, code) => [3, code] as const),
    ...([
      [4, 0],
      [5, 0],
      [5, 1],
      [11, 0],
      [11, 1],
      [12, 0],
      [12, 1],
      [12, 2]
    ] as const)
  ],
  ipv6: [
    ...Array.from({ length: 8 }, (_, code) => [1, code] as const),
    ...([
      [2, 0],
      [3, 0],
      [3, 1],
      [4, 0],
      [4, 1],
      [4, 2],
      [4, 3]
    ] as const)
  ]
}

const first = (loop: (f: () => void) => Effect.Effect<never, unknown>) =>
  Effect.flatMap(Deferred.make<void>(), (once) =>
    Effect.raceFirst(
      loop(() => void Effect.runSync(Deferred.succeed(once, undefined))),
      Deferred.await(once)
    )
  )

type Family = "ipv4" | "ipv6"

const exercise = <F extends Family>(
  family: F,
  socket: ConnectedSocket<F, never>,
  send: Effect.Effect<void, DatagramSendError>
) =>
  Effect.gen(function* () {
    const raw = libc.socket(family === "ipv4" ? 2 : 10, 3, family === "ipv4" ? 1 : 58)
    const ends = [socket.localAddress, socket.peer].map(({ address, port }) => ({
      address: String(address),
      port
    }))
    const [from = { address: "", port: 0 }, to = from] = ends
    const name = new Uint8Array(family === "ipv4" ? 16 : 28)
    name[0] = family === "ipv4" ? 2 : 10
    name.set(bytesOf(from.address), family === "ipv4" ? 4 : 8)
    const forge = (type: number, code: number) => {
      // The MTU of an error about size.
      const rest = type === 3 && family === "ipv4" ? [0, 0, 2, 64] : type === 2 ? [0, 0, 5, 0] : [0, 0, 0, 0]
      const body = [...rest, ...quoted(from, to)]
      // The kernel makes the checksum of ICMPv6.
      const packet = Uint8Array.of(type, code, ...checksum([type, code, 0, 0, ...body]), ...body)
      if (Number(sendto(raw, packet, packet.length, 0, name, name.length)) < 0) throw new Error("sendto")
    }
    const ways: { readonly [name: string]: Effect.Effect<unknown, unknown> } = {
      receive: socket.receive,
      receiveWithin: Effect.flatten(socket.receiveWithin("1 minute")),
      peek: Effect.zipRight(socket.peek, socket.receive),
      receiveBatch: socket.receiveBatch,
      receiveUpTo: socket.receiveUpTo(1),
      datagrams: Stream.runDrain(Stream.take(socket.datagrams, 1)),
      outcomes: Stream.runDrain(Stream.take(socket.outcomes, 1)),
      forEach: first(socket.forEach),
      forEachBorrowed: first(socket.forEachBorrowed)
    }
    const ended: Array<string> = []
    const codes: { [error: string]: string } = {}
    for (const [name, read] of Object.entries(ways))
      for (const [type, code] of errors[family]) {
        forge(type, code)
        yield* send
        const exit = yield* Effect.exit(
          Effect.retry(read, {
            while: (error) => {
              const { code: said, reason } = error as { readonly code: string; readonly reason: string }
              if (name === "receive") codes[`${type}/${code}`] = said
              return ["receive", "receiveWithin", "peek"].includes(name) && reason !== "Other"
            }
          })
        )
        if (Exit.isFailure(exit)) {
          ended.push(`${name} ${type}/${code}: ${String(exit.cause)}`)
          yield* Effect.ignore(socket.receiveWithin("1 second"))
        }
      }
    libc.close(raw)
    const { asyncErrors: passed, delivered } = yield* socket.stats
    return { ended, codes, passed: Number(passed) > 0, received: Number(delivered) }
  })

const data = Uint8Array.of(1)
const ipv4 = (reports: boolean) =>
  Effect.gen(function* () {
    const peer = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
    const to = peer.localAddress
    const socket = reports
      ? yield* Datagram.connect(Datagram.ipv4.pipe(withErrorReports()), to)
      : yield* Datagram.connect(Datagram.ipv4, to)
    return yield* exercise("ipv4", socket, peer.send({ data, to: socket.localAddress }))
  })
const ipv6 = (reports: boolean) =>
  Effect.gen(function* () {
    const peer = yield* Datagram.bind(Datagram.ipv6, { address: "::1", port: 0 })
    const to = peer.localAddress
    const socket = reports
      ? yield* Datagram.connect(Datagram.ipv6.pipe(withErrorReports()), to)
      : yield* Datagram.connect(Datagram.ipv6, to)
    return yield* exercise("ipv6", socket, peer.send({ data, to: socket.localAddress }))
  })

const [, , family, reports] = process.argv
const chosen = (family === "ipv6" ? ipv6 : ipv4)(reports === "reports")
console.log(JSON.stringify(await Effect.runPromise(chosen.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))))
