/**
 * `echoNodeProcess.js [MODULE]`: prints its port, and answers each datagram by `node:dgram`, or by a module with its interface. Ends with its
 * standard input.
 */
import { bindNode, type Face, nodeSocket, receiveBuffer } from "./nodeSocket.ts"

const [, , name] = process.argv
const module = name === undefined ? undefined : ((await import(name)) as Face)

process.stdin.on("end", () => process.exit(0)).resume()
const socket = await bindNode(nodeSocket(module))
socket.setRecvBufferSize(receiveBuffer)
socket.on("message", (message, { address, port }) => socket.send(message, port, address))
console.log(socket.address().port)
