import { Datagram, serveAll, withPktInfo } from "@ancillary/socket"

const addresses = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, port: 5300 }))
const server = await serveAll(Datagram.ipv4.pipe(withPktInfo()), addresses, (request, socket) =>
  Datagram.reply(socket, request, request.data)
)
for (const socket of server.sockets) console.log(`listening on ${socket.localAddress}`)
process.once("SIGTERM", () => server.close())
