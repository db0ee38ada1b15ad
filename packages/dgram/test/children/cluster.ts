/** Two workers of a cluster play a scene with the maker of sockets that is asked for; what they see is printed. */
import cluster from "node:cluster"
import type { createSocket as CreateSocket } from "node:dgram"

const [, , specifier = "", scene = "", port = "0"] = process.argv
const { createSocket } = (await import(specifier)) as { createSocket: typeof CreateSocket }

const primary = () => {
  const workers = [cluster.fork(), cluster.fork()]
  let told = 0
  let received = 0
  const end = () => cluster.disconnect()
  for (const worker of workers)
    worker.on("message", (line: string) => {
      if (line !== "ready") console.log(line)
      if (line.startsWith("received")) {
        if (++received === 10) end()
      } else if (++told === 2) {
        if (scene !== "received") return end()
        const sender = createSocket("udp4")
        let sent = 0
        for (let i = 0; i < 10; i++)
          sender.send(String(i), Number(port), "127.0.0.1", () => {
            if (++sent === 10) sender.close()
          })
      }
    })
}

const worker = () => {
  const socket = createSocket("udp4")
  const tell = (line: string) => process.send?.(line)
  socket.on("error", (error: NodeJS.ErrnoException) => {
    tell(`failed ${error.code}`)
    socket.close()
  })
  if (scene === "implicit") {
    socket.unref()
    socket.send("x", Number(port), "127.0.0.1", () => tell("sent"))
    return
  }
  if (scene === "received") socket.on("message", (data) => tell(`received ${data.toString()}`))
  socket.bind({ port: Number(port), address: "127.0.0.1", exclusive: scene === "exclusive" }, () => {
    if (scene === "exclusive") socket.unref()
    tell(scene === "received" ? "ready" : `listening ${socket.address().port}`)
  })
}

if (cluster.isPrimary) primary()
else worker()
