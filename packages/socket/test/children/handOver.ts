/** A program that takes the socket of its predecessor, and hands it to its successor. Arguments: the path of the hand-over, and the port. */
import { Datagram, HandOver, serveOn, withPktInfo, withReceiveBufferSize } from "@ancillary/socket"

const [path = "", port] = process.argv.slice(2)
const id = new Uint8Array(4)
new DataView(id.buffer).setUint32(0, process.pid)

const handOver = await HandOver.make({ path })
const passed = handOver.unclaimed()
const spec = Datagram.ipv4.pipe(withPktInfo(), withReceiveBufferSize(1 << 20))
const socket = await handOver.bind("echo", spec, { address: "127.0.0.1", port: Number(port) })
await handOver.serve(() => {
  const server = serveOn(socket, (asked, socket) => Datagram.reply(socket, asked, Buffer.concat([asked.data, id])))
  process.stdout.write(JSON.stringify({ passed, left: handOver.unclaimed(), port: socket.localAddress.port }))
  return server
})
socket.close()
handOver.close()
