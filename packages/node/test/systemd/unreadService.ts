/** A service of systemd that stores its socket and never reads it. Its queue has an error report. Prints as `service.ts` does. */
import { Datagram, HandOver, withErrorReports } from "@ancillary/socket"

const handOver = await HandOver.make({ store: true })
const passed = handOver.unclaimed()
const socket = await handOver.bind("echo", Datagram.ipv4.pipe(withErrorReports()), { address: "127.0.0.1", port: 0 })
const closed = await Datagram.client(Datagram.ipv4)
closed.close()
await handOver.begin()
await socket.send({ data: new Uint8Array(1), to: { address: "127.0.0.1", port: closed.localAddress.port } })
console.log(JSON.stringify({ port: socket.localAddress.port, passed }))
setInterval(() => {}, 60_000)
