/**
 * Demonstrates the library on real sockets over loopback. Each step prints its observation, and fails if that differs
 * from the declaration.
 */
import { Abi } from "@ancillary/control"
import { Datagram, type DatagramSockets, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { Console, Data, Effect } from "effect"
import { interfaceOf } from "./interfaceOf.ts"

/** An observation differs from its declaration. */
export class Mismatch extends Data.TaggedError("Mismatch")<{ readonly message: string }> {}

const expected = (what: string, seen: unknown, declared: unknown) =>
  String(seen) === String(declared)
    ? Console.log(`  ${what}: ${String(seen)}`)
    : new Mismatch({ message: `${what}: ${String(seen)} instead of ${String(declared)}` })

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const hello = new TextEncoder().encode("hello")

/** `ignoresSent`: this system accepts control data with a datagram and ignores it, as Wine does. */
export const demo = (options: { readonly abi: Abi; readonly ignoresSent: boolean }) => {
  /** Compares control data that was sent with the value that the receiver observed. */
  const sent = (what: string, seen: unknown, declared: unknown) =>
    options.ignoresSent
      ? Console.log(
          `  ${what}: ${String(seen)}, where ${String(declared)} was asked: Wine ignores control data that is sent`
        )
      : expected(what, seen, declared)

  const overIpv4 = Effect.gen(function* () {
    const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
    yield* Console.log(String(Datagram.explain(spec, options.abi)))

    yield* Console.log("\nIPv4: a datagram, as the server sees it")
    const server = yield* Datagram.bind(spec, { address: "0.0.0.0", port: 0 })
    const client = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
    const { port } = server.localAddress
    yield* client.send({ data: hello, to: { address: "127.0.0.2", port }, control: { hopLimit: 7 } })
    const asked = yield* server.receive
    yield* expected("payload", text(asked.data), "hello")
    yield* expected("from", asked.from, client.localAddress)
    yield* expected("asked at", asked.control.pktInfo.destination, "127.0.0.2")
    yield* expected("on interface", interfaceOf(String(asked.control.pktInfo.destination)), interfaceOf("127.0.0.1"))
    yield* Console.log(`  interface index: ${asked.control.pktInfo.interfaceIndex}`)
    yield* sent("hop limit, set for this datagram", asked.control.hopLimit, 7)

    yield* Console.log("\nIPv4: the answer, as the client sees it")
    yield* Datagram.reply(server, asked, asked.data)
    const answer = yield* client.receive
    yield* sent("from the address that was asked", answer.from, `127.0.0.2:${port}`)

    yield* Console.log("\nA value that cannot be sent")
    const refused = yield* Effect.flip(
      client.send({ data: hello, to: { address: "127.0.0.1", port }, control: { hopLimit: 256 } })
    )
    yield* expected("error", refused._tag, "DatagramSendError")
    yield* Console.log(`  ${refused.message}`)
  })

  const overIpv6 = Effect.gen(function* () {
    const spec = Datagram.ipv6.pipe(withPktInfo(), withHopLimit())
    yield* Console.log("\nIPv6: a datagram and its answer")
    const server = yield* Datagram.bind(spec, { address: "::", port: 0 })
    const client = yield* Datagram.bind(spec, { address: "::1", port: 0 })
    const { port } = server.localAddress
    yield* client.send({ data: hello, to: { address: "::1", port }, control: { hopLimit: 9 } })
    const asked = yield* server.receive
    yield* expected("from", asked.from, client.localAddress)
    yield* expected("asked at", asked.control.pktInfo.destination, "::1")
    yield* sent("hop limit, set for this datagram", asked.control.hopLimit, 9)
    yield* Datagram.reply(server, asked, asked.data)
    yield* expected("answered from", (yield* client.receive).from, `[::1]:${port}`)
  })

  const program: Effect.Effect<void, unknown, DatagramSockets> = Effect.zipRight(
    Effect.scoped(overIpv4),
    Effect.scoped(overIpv6).pipe(
      Effect.catchIf(
        (error) => error._tag === "DatagramBindError" && error.reason === "AddressNotAvailable",
        () => Console.log("  this host has no IPv6 address, not even ::1")
      )
    )
  )
  return program
}
