// Code that works on any socket that declares what it needs; order and extras do not matter.
import type { Ecn, HopLimit, Internet, PktInfo, ReceiveOnly, SendOnly } from "@ancillary/control"
import {
  Datagram,
  type DatagramSocket,
  type DatagramSource,
  type Spec,
  withDscp,
  withEcn,
  withHopLimit,
  withPktInfo,
  withReceiveBufferSize,
  withReuseAddress
} from "@ancillary/effect3"
import { Context, Effect, Layer, Stream } from "effect"

/** Counts congestion marks and passes every datagram on with its type. */
export const congestion = <A extends Datagram.Datagram<Internet, Ecn>, E, R>(
  datagrams: Stream.Stream<A, E, R>,
  on: () => void
) =>
  Stream.tap(datagrams, ({ control }) =>
    Effect.sync(() => {
      if (control.ecn === "ce") on()
    })
  )

/** Concrete family, at least these messages. */
export const near = (socket: DatagramSocket<"ipv4", PktInfo | HopLimit>) =>
  Stream.runForEach(
    Stream.filter(socket.datagrams, (datagram) => datagram.control.hopLimit === 255),
    (datagram) => Datagram.reply(socket, datagram, new Uint8Array(1))
  )

/** Generic over the family, and it reads and sends. */
export const decrement = <F extends Internet>(socket: DatagramSocket<F, HopLimit>) =>
  Stream.runForEach(
    Stream.filter(socket.datagrams, (datagram) => datagram.control.hopLimit > 1),
    ({ control, data, from }) => socket.send({ data, to: from, control: { hopLimit: control.hopLimit - 1 } })
  )

/** A message of both directions is accepted for one direction. */
export const probe = (socket: DatagramSocket<"ipv4", SendOnly<HopLimit>>) =>
  socket.send({ data: new Uint8Array(1), to: { address: "192.0.2.1", port: 33434 }, control: { hopLimit: 1 } })
export const distance = (source: DatagramSource<"ipv4", ReceiveOnly<HopLimit>>) =>
  Stream.map(source.datagrams, ({ control }) => 64 - control.hopLimit)

/** Sources of several families in one stream. */
export const both = (sources: ReadonlyArray<DatagramSource<"ipv4" | "ipv6", HopLimit>>) =>
  Stream.mergeAll(
    sources.map((source) => source.datagrams),
    { concurrency: "unbounded" }
  )

/** A fragment to share: messages and options. */
const serverDefaults = Datagram.combine(
  withPktInfo(),
  withHopLimit(),
  withReuseAddress(),
  withReceiveBufferSize(1 << 20)
)
export const shared = Datagram.dual.pipe(serverDefaults, withEcn())

const queries = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withEcn())

/** A program's own service around a socket. */
export class Queries extends Context.Tag("Queries")<Queries, DatagramSocket<"ipv4", PktInfo | HopLimit>>() {
  static readonly layer = Layer.scoped(Queries, Datagram.bind(queries, { address: "0.0.0.0", port: 53 }))
}

/** Any internet family. */
export const echo = <F extends Internet>(socket: DatagramSocket<F, PktInfo>) =>
  Stream.runForEach(socket.datagrams, (asked) => Datagram.reply(socket, asked, asked.data))

export const program = Effect.gen(function* () {
  const four = Datagram.ipv4.pipe(withEcn(), withHopLimit(), withDscp(), withPktInfo())
  const a = yield* Datagram.bind(four, { address: "0.0.0.0", port: 1 })
  const b = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit()), { address: "0.0.0.0", port: 2 })
  const six = yield* Datagram.bind(Datagram.ipv6.pipe(withHopLimit()), { address: "::", port: 4 })
  yield* decrement(a)
  yield* Stream.runDrain(both([a, six]))
  yield* probe(a)
  yield* Stream.runDrain(distance(a))
  yield* near(a)
  yield* near(b)
  yield* echo(a)
  yield* echo(yield* Datagram.bind(Datagram.ipv6.pipe(withPktInfo()), { address: "::", port: 3 }))
  yield* echo(yield* Datagram.bind(Datagram.dual.pipe(withPktInfo(), withHopLimit()), { address: "::", port: 3 }))
  const marked = congestion(a.datagrams, () => {})
  yield* Stream.runForEach(marked, ({ control }) => Effect.log(control.pktInfo.interfaceIndex, control.dscp))
})

/** Equal declarations in another order have an equal type. */
const one = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
const two: typeof one = Datagram.ipv4.pipe(withHopLimit(), withPktInfo())
export type Same = Spec.Received<typeof one>
export const same: Same = null as never as Spec.Received<typeof two>
