// @ts-nocheck: These must not compile. ../compile.types.test.ts removes this line and reads the errors.
import type { HopLimit, Ipv6Address, PktInfo } from "@ancillary/control"
import {
  Datagram,
  type DatagramSocket,
  withHopLimit,
  withOptional,
  withRoutingHeader,
  withTimestamp
} from "@ancillary/effect3"
import { Effect } from "effect"

declare const plain: DatagramSocket<"ipv4", never>
declare const informed: DatagramSocket<"ipv4", PktInfo | HopLimit>

export const reading = Effect.gen(function* () {
  const datagram = yield* plain.receive
  // error: Property 'pktInfo' does not exist
  // held by: the record of received control data
  datagram.control.pktInfo

  const some = yield* informed.receive
  // error: Property 'ecn' does not exist
  // held by: the record of received control data
  some.control.ecn

  // error: Type 'number' is not assignable to type 'string'
  // held by: the record of received control data
  const text: string = some.control.hopLimit

  // error: Cannot assign to 'hopLimit' because it is a read-only property
  // held by: the record of received control data
  // held by: that record being read-only
  some.control.hopLimit = 3

  // error: is missing the following properties from type 'Ipv6Address'
  // held by: the record of received control data
  // held by: the family of a socket
  const otherFamily: Ipv6Address = some.control.pktInfo.destination

  const asked = { address: "127.0.0.1", port: 9 }
  const optional = yield* (yield* Datagram.bind(Datagram.ipv4.pipe(withOptional(withHopLimit())), asked)).receive
  // error: Type 'Option<number>' is not assignable to type 'number'
  // held by: the record of received control data
  // held by: an Option where the kernel may omit it
  const hops: number = optional.control.hopLimit

  const stamped = yield* (yield* Datagram.bind(Datagram.ipv4.pipe(withTimestamp()), asked)).receive
  // error: Type 'Option<bigint>' is not assignable to type 'bigint'
  // held by: the record of received control data
  // held by: an Option where the kernel may omit it
  const at: bigint = stamped.control.timestamp

  const routed = yield* (yield* Datagram.bind(Datagram.ipv6.pipe(withRoutingHeader()), asked)).receive
  // error: Property 'segmentsLeft' does not exist on type 'readonly RoutingHeader[]'
  // held by: the record of received control data
  // held by: an array where it comes any number of times
  const left: number = routed.control.routingHeader.segmentsLeft

  const sent = yield* (yield* Datagram.bind(Datagram.ipv4.pipe(withHopLimit({ only: "send" })), asked)).receive
  // error: Property 'hopLimit' does not exist
  // held by: the record of received control data
  // held by: a send-only message not being received
  // held by: SendOnly narrowing the direction
  sent.control.hopLimit

  return [text, otherFamily, hops, at, left]
})
