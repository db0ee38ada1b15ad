/** A program as an init system starts it, with its socket as descriptor 3. It answers each datagram with its payload and that number. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withPktInfo } from "@ancillary/effect3"
import { Effect, Stream } from "effect"

const program = Effect.gen(function* () {
  const socket = yield* Datagram.adopt(Datagram.ipv4.pipe(withPktInfo()), 3)
  yield* Stream.runForEach(socket.datagrams, (asked) =>
    Datagram.reply(
      socket,
      asked,
      [...asked.data].concat(3).map((byte) => Uint8Array.of(byte))
    )
  )
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
