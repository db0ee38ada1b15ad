import { Datagram, serve, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { Effect } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())

/**
 * Echoes every datagram from the address of the request. If a datagram cannot be answered, it is counted, and the
 * server continues.
 */
export const echo = (port: number) =>
  Effect.gen(function* () {
    const server = yield* serve(spec, { address: "0.0.0.0", port }, (asked, socket) =>
      Effect.zipRight(
        Effect.log(
          `${String(asked.from)} asked ${String(asked.control.pktInfo.destination)}, ${asked.control.hopLimit} hops left`
        ),
        Datagram.reply(socket, asked, asked.data)
      )
    )
    yield* Effect.log(`listening on ${String(server.localAddress)}`)
    return yield* Effect.never
  })
