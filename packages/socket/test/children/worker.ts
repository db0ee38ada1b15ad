/** The program of a worker. It answers with the id of its process, and late if it is asked for that. */
import { setTimeout } from "node:timers/promises"
import { Datagram, DatagramWorkers, withPktInfo } from "@ancillary/socket"

const text = new TextEncoder()

await DatagramWorkers.runWorker(Datagram.ipv4.pipe(withPktInfo()), async (asked, socket) => {
  if (asked.data[0] === 1) await setTimeout(300)
  await Datagram.reply(socket, asked, text.encode(String(process.pid)))
})
