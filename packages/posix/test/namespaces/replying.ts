/**
 * Runs inside a namespace: answers by `Datagram.reply` on the port of its argument. For each datagram it prints a line of JSON: the peer, the
 * delivery, and the result of the reply.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, type DatagramSocket, withBindToDevice, withBroadcast, withPktInfo } from "@ancillary/effect3"
import type { PktInfo } from "@ancillary/control"
import { Console, Effect, Either, Stream } from "effect"

const [kind = "ipv4", port = "5396"] = process.argv.slice(2)
const any4 = { address: "0.0.0.0", port: Number(port) }
const any6 = { address: "::", port: Number(port) }

const answering = <F extends "ipv4" | "ipv6" | "dual">(socket: DatagramSocket<F, PktInfo>) =>
  Effect.zipRight(
    Console.log(JSON.stringify("listening")),
    Stream.runForEach(socket.datagrams, (asked) =>
      Effect.gen(function* () {
        const replied = yield* Effect.either(Datagram.reply(socket, asked, asked.data))
        const outcome = Either.match(replied, { onLeft: ({ message }) => message, onRight: () => "sent" })
        yield* Console.log(JSON.stringify([String(asked.from.address), asked.delivery, outcome]))
      })
    )
  )

const programs = {
  ipv4: Effect.flatMap(Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), any4), answering),
  broadcast: Effect.flatMap(Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withBroadcast()), any4), answering),
  bound: Effect.flatMap(
    Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withBroadcast(), withBindToDevice("sB")), any4),
    answering
  ),
  ipv6: Effect.flatMap(Datagram.bind(Datagram.ipv6.pipe(withPktInfo()), any6), answering),
  dual: Effect.flatMap(Datagram.bind(Datagram.dual.pipe(withPktInfo()), any6), answering),
  dualBroadcast: Effect.flatMap(Datagram.bind(Datagram.dual.pipe(withPktInfo(), withBroadcast()), any6), answering)
}
const program = programs[kind as keyof typeof programs]
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
