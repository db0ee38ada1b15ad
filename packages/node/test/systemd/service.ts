/**
 * A service of systemd. It takes the socket "echo" that was passed, or binds one, and answers each datagram with its payload and the id of its process. It
 * prints its port and the names of the passed sockets. SIGTERM ends it when its handlers have ended. Arguments: the path of a hand-over, if any.
 */
import { Datagram, HandOver, serveOn, withPktInfo, withReceiveBufferSize } from "@ancillary/socket"

const [path] = process.argv.slice(2)
const stopping = new AbortController()
process.once("SIGTERM", () => stopping.abort())
const id = new Uint8Array(4)
new DataView(id.buffer).setUint32(0, process.pid)

const handOver = await HandOver.make({ store: true, path })
const passed = handOver.unclaimed()
const spec = Datagram.ipv4.pipe(withPktInfo(), withReceiveBufferSize(1 << 20))
const socket = await handOver.bind("echo", spec, { address: "127.0.0.1", port: 0 })
console.log(JSON.stringify({ port: socket.localAddress.port, passed }))
const serve = () => serveOn(socket, (asked, socket) => Datagram.reply(socket, asked, Buffer.concat([asked.data, id])))
await handOver.serve(serve, { signal: stopping.signal }).catch((error: unknown) => {
  if (!stopping.signal.aborted) throw error
})
socket.close()
handOver.close()
