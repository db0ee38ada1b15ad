/**
 * A module of a program that exports inferred types of promises and of `createSocket`. It is compiled with `declaration: true` against the
 * installed packages, as `inferred.ts` is.
 */
import {
  Datagram,
  DatagramClient,
  DatagramMetrics,
  DatagramSockets,
  DatagramWorkers,
  Descriptor,
  HandOver,
  HostName,
  Interfaces,
  serve,
  serveAll,
  serveInterfaces,
  serveOn,
  serveSessions,
  SocketOption,
  withCoalescing,
  withCredentials,
  withDropCount,
  withErrorReports,
  withHopLimit,
  withOptional,
  withPktInfo,
  withRights,
  withScatter,
  withTimestamp,
  withTrafficClass
} from "@ancillary/socket"
import { createSocket } from "@ancillary/dgram"

export const ipv4 = Datagram.ipv4.pipe(
  withPktInfo(),
  withHopLimit(),
  withTimestamp(),
  withDropCount(),
  withErrorReports()
)
export const ipv6 = Datagram.ipv6.pipe(withPktInfo({ only: "receive" }), withTrafficClass(), withScatter(12, 1200))
export const dual = Datagram.dual.pipe(withOptional(withTimestamp()), withCoalescing())
export const unix = Datagram.unix.pipe(withRights({ maximum: 3 }), withCredentials())

const at = { address: "127.0.0.1", port: 0 }
export const bound = await Datagram.bind(ipv4, at)
export const bound6 = await Datagram.bind(ipv6, { address: "::1", port: 0 })
export const boundDual = await Datagram.bind(dual, { address: "::", port: 0 })
export const connected = await Datagram.connect(ipv4, at)
export const client = await Datagram.client(ipv4)
export const pair = await Datagram.pair(unix)

export const datagram = await bound.receive()
export const { control, from } = datagram
export const control6 = (await bound6.receive()).control
export const controlDual = (await boundDual.receive()).control
export const within = await bound.receiveWithin(1000)
export const batch = await bound.receiveBatch()
export const datagrams = bound.datagrams()
export const outcomes = bound.outcomes()
export const events = bound.events()
export const stats = bound.stats()
export const limits = bound.limits()
export const membership = bound.join("239.1.1.1")
export const granted = bound.getOption(SocketOption.receiveBufferSize)
export const refused = bound.trySend({ data: new Uint8Array(1), to: at })
export const report = await bound.sendAll([{ data: new Uint8Array(1), to: at }])
export const [first] = (await pair[0].receive()).control.rights
export const taken = first === undefined ? undefined : Descriptor.take(first)

export const server = await serve(Datagram.ipv4.pipe(withPktInfo()), at, (asked, socket) =>
  Datagram.reply(socket, asked, asked.data)
)
export const servers = await serveAll(ipv4, [at], (asked) => asked.control.hopLimit)
export const followed = await serveInterfaces(ipv4, { port: 0 }, (asked) => asked.control.hopLimit)
export const sessions = await serveSessions(ipv4, at, async (session) => (await session.receive()).control.hopLimit)
export const asking = await DatagramClient.make(ipv4, { key: ({ data }) => data[0] })
export const answered = await asking.request({ key: 1, data: new Uint8Array(1), to: at })
export const metrics = DatagramMetrics.make()
export const measured = metrics.snapshot()
metrics.add(server)
metrics.add(servers)
metrics.add(asking)
export const handOver = await HandOver.make()
export const handed = await handOver.bind("echo", ipv4, at)
export const answering = serveOn(bound, () => undefined)
export const handler = (asked: typeof datagram) => asked.control.pktInfo
export const explained = Datagram.explain
export const interfaces = Interfaces
export const sockets = DatagramSockets
export const resolved = HostName.resolve("dual", { host: "localhost", port: 1 })
export const workers = DatagramWorkers.serve(ipv4, at, { program: "worker.js" })

export const like = createSocket("udp4")
export const address = like.address()
