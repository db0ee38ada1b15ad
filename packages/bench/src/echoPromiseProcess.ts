/**
 * `echoPromiseProcess.js WAY`: prints its port, and answers each datagram that way by the promise face. Ends with its standard input.
 */
import {
  Datagram,
  type DatagramSocket,
  serve,
  withHopLimit,
  withPktInfo,
  withReceiveBufferSize
} from "@ancillary/socket"
import type { HopLimit, PktInfo } from "@ancillary/control"
import { receiveBuffer } from "./nodeSocket.ts"

/** Equal to the spec of the Effect faces. */
const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withReceiveBufferSize(receiveBuffer))
const loopback = { address: "127.0.0.1", port: 0 } as const

type Answer = (socket: DatagramSocket<"ipv4", PktInfo | HopLimit>) => Promise<unknown>

const answers: { readonly [way in string]?: Answer } = {
  "for await": async (socket) => {
    for await (const asked of socket) await Datagram.reply(socket, asked, asked.data)
  },
  callback: (socket) =>
    socket.forEach((asked) => {
      const failed = Datagram.tryReply(socket, asked, asked.data)
      if (failed !== undefined) throw failed
    })
}

process.stdin.on("end", () => process.exit(0)).resume()
const answer = answers[process.argv[2] ?? ""]
if (answer === undefined) {
  const server = await serve(spec, loopback, (asked, socket) => Datagram.reply(socket, asked, asked.data))
  console.log(server.localAddress.port)
} else {
  const socket = await Datagram.bind(spec, loopback)
  console.log(socket.localAddress.port)
  await answer(socket)
}
