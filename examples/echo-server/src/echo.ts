import { Datagram, withHopLimit, withPktInfo } from "@ancillary/socket"
import { Effect, Stream } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())

/** Answers every datagram with itself, from the address that was asked. */
export const echo = (port: number) =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(spec, { address: "0.0.0.0", port })
    yield* Effect.log(`listening on ${String(socket.localAddress)}`)
    yield* Stream.runForEach(socket.datagrams, (asked) =>
      Effect.zipRight(
        Effect.log(
          `${String(asked.from)} asked ${String(asked.control.pktInfo.destination)}, ${asked.control.hopLimit} hops left`
        ),
        Datagram.reply(socket, asked, asked.data)
      )
    )
  })
