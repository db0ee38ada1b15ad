// @ts-nocheck: These must not compile. ../compile.types.test.ts removes this line and reads the errors.
import type {
  Ecn,
  ErrorReports,
  HopLimit,
  Ipv6Address,
  Optional,
  PacketInfo,
  PktInfo,
  ReceiveOnly,
  SendOnly,
  Timestamp
} from "@ancillary/control"
import { type ConnectedSocket, Datagram, type DatagramSocket, withPktInfo } from "@ancillary/effect3"
import { Effect } from "effect"

declare const plain: DatagramSocket<"ipv4", never>
declare const informed: DatagramSocket<"ipv4", PktInfo | HopLimit>
declare const six: DatagramSocket<"ipv6", PktInfo>
declare const stamped: DatagramSocket<"ipv4", Timestamp | Ecn>
declare const reporting: DatagramSocket<"ipv4", ErrorReports>
declare const sixth: Ipv6Address
const to = { address: "127.0.0.1", port: 9 } as const
const data = new Uint8Array(1)

// ---- control data of a datagram

// error: 'pktInfo' cannot be sent on this socket
// held by: the refusal of undeclared keys
plain.send({ data, to, control: { pktInfo: {} } })

const kept = { hopLimit: 3, ecn: "ce" } as const
// error: 'ecn' cannot be sent on this socket
// held by: the refusal of undeclared keys
informed.send({ data, to, control: kept })

// error: 'timestamp' cannot be sent on this socket
// held by: the refusal of undeclared keys
stamped.send({ data, to, control: { timestamp: 1n } })

// error: 'errorReports' cannot be sent on this socket
// held by: the refusal of undeclared keys
reporting.send({ data, to, control: { errorReports: {} } })

// error: Type 'string' is not assignable to type 'number'
// held by: the type of a given value
informed.send({ data, to, control: { hopLimit: "64" } })

// error: Type '"congested"' is not assignable to type 'EcnCodepoint | undefined'
// held by: the type of a given value
stamped.send({ data, to, control: { ecn: "congested" } })

declare const arrived: PacketInfo<"ipv4">
// error: Type '"received packet information"' is not assignable to type '"received packet information is not a source: use Datagram.reply"'
// held by: received information not being a source
// held by: the type of a given value
informed.send({ data, to, control: { pktInfo: arrived } })

// error: 'interfaceName' does not exist in type
// held by: the type of a given value
informed.send({ data, to, control: { pktInfo: { interfaceName: "eth0" } } })

// error: Property 'port' is missing
// held by: a destination of the socket's family
// held by: an address of the family
informed.send({ data, to: { address: "127.0.0.1" } })

// error: Type 'Ipv6Address' is not assignable to type 'string | Ipv4Address | { readonly _tag: "Ipv4Address"; toString(): string; }'
// held by: a destination of the socket's family
// held by: the family of a socket
// held by: an address of the family
informed.send({ data, to: { address: sixth, port: 9 } })

// error: Type 'string' is not assignable to type
// held by: a payload of bytes
informed.send({ data: "text", to })

declare const connected: ConnectedSocket<"ipv4", HopLimit>
// error: 'to' does not exist in type
// held by: no destination with a peer
connected.send({ data, to })

// ---- answering

export const answering = Effect.gen(function* () {
  const asked = yield* informed.receive
  // Received packet information has the destination of the datagram, and not the source of a reply.
  // error: 'destination' does not exist in type 'PacketSource<"ipv4">'
  // held by: the type of a given value
  yield* informed.send({
    data,
    to: asked.from,
    control: { pktInfo: { destination: asked.control.pktInfo.destination } }
  })

  const receiveOnly = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo({ only: "receive" })), to)
  // error: 'pktInfo' cannot be sent on this socket
  // held by: the refusal of undeclared keys
  // held by: a receive-only message not being sent
  // held by: ReceiveOnly narrowing the direction
  yield* receiveOnly.send({ data, to, control: { pktInfo: {} } })

  // error: is not assignable to parameter of type 'DatagramSocket<"ipv4", PktInfo>'
  // held by: in D of sockets, sources and datagrams
  yield* Datagram.reply(plain, asked, data)

  // error: is not assignable to parameter of type 'DatagramSocket<"ipv4" | "ipv6", PktInfo>'
  // held by: in F of sockets
  // held by: the family of a socket
  yield* Datagram.reply(six, asked, data)

  const uninformed = yield* plain.receive
  // error: is not assignable to parameter of type 'Datagram<"ipv4", PktInfo>'
  // held by: in D of datagrams
  // held by: in D of sockets, sources and datagrams
  yield* Datagram.reply(informed, uninformed, data)
})

// A socket with one direction, or with an optional message, is not accepted for one with both directions.
declare const sendsInfo: DatagramSocket<"ipv4", SendOnly<PktInfo>>
declare const readsInfo: DatagramSocket<"ipv4", ReceiveOnly<PktInfo>>
declare const perhapsInformed: DatagramSocket<"ipv4", Optional<PktInfo>>
declare const asked: Datagram.Datagram<"ipv4", PktInfo>

// error: is not assignable to parameter of type 'DatagramSocket<"ipv4", PktInfo>'
// held by: SendOnly narrowing the direction
// held by: in D of sockets, sources and datagrams
Datagram.reply(sendsInfo, asked, data)

// error: is not assignable to parameter of type 'DatagramSocket<"ipv4", PktInfo>'
// held by: ReceiveOnly narrowing the direction
// held by: in D of sockets, sources and datagrams
Datagram.reply(readsInfo, asked, data)

// error: is not assignable to parameter of type 'DatagramSocket<"ipv4", PktInfo>'
// held by: presence being part of a message
Datagram.reply(perhapsInformed, asked, data)
