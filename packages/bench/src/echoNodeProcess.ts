/**
 * `echoNodeProcess.js`: prints its port, and answers each datagram by `node:dgram`. Ends with its standard input.
 */
import { bindNode, nodeSocket, receiveBuffer } from "./nodeSocket.ts"

process.stdin.on("end", () => process.exit(0)).resume()
const socket = await bindNode(nodeSocket())
socket.setRecvBufferSize(receiveBuffer)
socket.on("message", (message, { address, port }) => socket.send(message, port, address))
console.log(socket.address().port)
