/**
 * Starts one worker of `node:cluster` that echoes by `node:dgram`, and sends to its parent the time until it served, its processor time, and its
 * resident bytes.
 */
import cluster from "node:cluster"
import { createSocket } from "node:dgram"
import { wall } from "../clock.ts"
import { used } from "./used.ts"

if (cluster.isPrimary) {
  const start = wall()
  const worker = cluster.fork()
  worker.once("listening", () => {
    const elapsed = wall() - start
    const [resident, processor] = used(worker.process.pid ?? 0)
    worker.kill()
    process.send?.([elapsed, processor, resident], () => process.exit(0))
  })
} else {
  const socket = createSocket("udp4")
  socket.on("message", (message, { address, port }) => socket.send(message, port, address))
  socket.bind(0, "127.0.0.1")
}
