/** Ends waits in each way, with open sockets and without closing them. The process then has nothing to wait for, and ends. */
import { Datagram, serveOn, withErrorReports } from "@ancillary/socket"

const here = { address: "127.0.0.1", port: 0 }
const open = () => Datagram.bind(Datagram.ipv4.pipe(withErrorReports()), here)
const soon = () => ({ signal: AbortSignal.timeout(1) })
const data = new Uint8Array(1000)

const waits: { readonly [name: string]: () => Promise<unknown> } = {
  receive: async () => (await open()).receive(soon()),
  receiveWithin: async () => (await open()).receiveWithin(1),
  receiveBatch: async () => (await open()).receiveBatch(soon()),
  forEach: async () => (await open()).forEach(() => {}, soon()),
  datagrams: async () => (await open()).datagrams(soon()).next(),
  return: async () => {
    const datagrams = (await open()).datagrams()
    const next = datagrams.next()
    await datagrams.return?.()
    return next
  },
  events: async () => (await open()).events(soon()).next(),
  serveOn: async () => {
    const socket = await open()
    const server = serveOn(socket, () => {})
    await socket.send({ data, to: socket.localAddress })
    while (socket.stats().fromItself === 0n) await new Promise((resolve) => setImmediate(resolve))
    return server.close()
  },
  send: async () => {
    const [sender] = await Datagram.pair(Datagram.unix)
    while (sender.trySend({ data })?.reason !== "WouldBlock");
    return sender.send({ data }, soon())
  }
}

const [, , name = ""] = process.argv
await waits[name]?.().catch(() => undefined)
// Only if something still keeps the process running.
setTimeout(() => process.exit(7), 20_000).unref()
