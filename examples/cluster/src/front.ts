/** The front hands each datagram to the session that it names, and sends the answer of the session back. */
import { Datagram, serve, withPktInfo } from "@ancillary/effect3"
import { Effect, Layer } from "effect"
import { Session } from "./session.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const [reader, writer] = [new TextDecoder(), new TextEncoder()]

/** Reads the session, the number and the amount of a request: `alice 1 5`. */
const parse = (data: Uint8Array) => {
  const [, session, number, amount] = /^(\w{1,32}) (\d{1,9}) (-?\d{1,9})$/.exec(reader.decode(data)) ?? []
  return session === undefined ? undefined : { session, number: Number(number), amount: Number(amount) }
}

export const frontLayer = (port: number) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const sessions = yield* Session.client
      const server = yield* serve(
        spec,
        { address: "0.0.0.0", port },
        (asked, socket) => {
          const request = parse(asked.data)
          if (request === undefined) return Effect.void
          const { amount, number, session } = request
          return Effect.flatMap(sessions(session).Add({ number, amount }), ({ process, sum }) =>
            Datagram.reply(socket, asked, writer.encode(`${session} ${number} ${sum} ${process}`))
          )
        },
        // Datagrams for the sessions of a process that died wait for the next process. They do not delay others.
        { concurrency: 1024, overflow: "drop", timeLimit: "2 seconds" }
      )
      yield* Effect.log(`listening on ${String(server.localAddress)}`)
    })
  )
