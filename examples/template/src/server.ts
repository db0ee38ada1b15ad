/** The program: answers each datagram with the address from which it came. */
import { Datagram, type DatagramSockets, serve as serveSystem, withPktInfo } from "@ancillary/socket"

/** The features of the socket. Packet information lets `reply` answer from the address that was asked. */
const spec = Datagram.ipv4.pipe(withPktInfo())

/** A test gives the `serve` of a network in memory. */
export const start = (port: number, serve: DatagramSockets.DatagramSockets["serve"] = serveSystem) =>
  serve(spec, { address: "0.0.0.0", port }, (request, socket) =>
    Datagram.reply(socket, request, new TextEncoder().encode(String(request.from)))
  )
