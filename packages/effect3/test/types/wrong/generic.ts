// @ts-nocheck: These must not compile. ../compile.types.test.ts removes this line and reads the errors.
import type { HopLimit, Optional, PktInfo } from "@ancillary/control"
import { Datagram, type DatagramSocket, type Spec, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { Stream } from "effect"

const near = (socket: DatagramSocket<"ipv4", PktInfo | HopLimit>) => Stream.runDrain(socket.datagrams)
declare const onlyInfo: DatagramSocket<"ipv4", PktInfo>
declare const six: DatagramSocket<"ipv6", PktInfo | HopLimit>
declare const perhapsHops: DatagramSocket<"ipv4", PktInfo | Optional<HopLimit>>

// error: is not assignable to parameter of type 'DatagramSocket<"ipv4", PktInfo | HopLimit>'
// held by: in D of sockets, sources and datagrams
near(onlyInfo)

// error: is not assignable to parameter of type 'DatagramSocket<"ipv4", PktInfo | HopLimit>'
// held by: the family of a socket
near(six)

// error: is not assignable to parameter of type 'DatagramSocket<"ipv4", PktInfo | HopLimit>'
// held by: presence being part of a message
near(perhapsHops)

// A reader of two families may read one of them. A socket that sends to both families is not a socket that sends to one.
// error: is not assignable to type 'DatagramSocket<"ipv4" | "ipv6", PktInfo>'
// held by: in F of sockets
// held by: the family of a socket
export const wide: DatagramSocket<"ipv4" | "ipv6", PktInfo> = onlyInfo

// A spec is exact: neither a larger nor a smaller one is accepted for it.
const one: Spec<"ipv4", PktInfo> = Datagram.ipv4.pipe(withPktInfo())
// error: is not assignable to type 'Spec<"ipv4", PktInfo | HopLimit, never>'
// held by: a spec not passing for a larger one
export const more: Spec<"ipv4", PktInfo | HopLimit> = one

// error: is not assignable to type 'Spec<"ipv4", PktInfo, never>'
// held by: a spec not passing for a smaller one
export const less: Spec<"ipv4", PktInfo> = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
