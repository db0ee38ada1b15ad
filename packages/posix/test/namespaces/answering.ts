/** Runs inside a namespace: answers every datagram on IPv4 and IPv6, by `Datagram.reply` or with the received packet information. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withPktInfo } from "@ancillary/effect3"
import { Console, Effect, Stream } from "effect"

const bareKernel = process.argv[2] === "bareKernel"
const port = 5399

const ipv4 = Effect.gen(function* () {
  const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port })
  return Stream.runForEach(socket.datagrams, (asked) => {
    const { destination, interfaceIndex } = asked.control.pktInfo
    // As other programs do: reply with the received packet information, including the interface.
    const back = socket.send({
      data: asked.data,
      to: asked.from,
      control: { pktInfo: { source: destination, interfaceIndex } }
    })
    return Effect.ignore(bareKernel ? back : Datagram.reply(socket, asked, asked.data))
  })
})
const ipv6 = Effect.gen(function* () {
  const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withPktInfo()), { address: "::", port })
  return Stream.runForEach(socket.datagrams, (asked) => {
    const { interfaceIndex } = asked.control.pktInfo
    // This is enough to reach a link-local peer, but the kernel chooses the source.
    const over = socket.send({ data: asked.data, to: asked.from, control: { pktInfo: { interfaceIndex } } })
    return Effect.ignore(bareKernel ? over : Datagram.reply(socket, asked, asked.data))
  })
})

const program = Effect.gen(function* () {
  const loops = yield* Effect.all([ipv4, ipv6])
  yield* Console.log("listening")
  yield* Effect.all(loops, { concurrency: "unbounded" })
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
