// @ts-nocheck: These must not compile. ../compile.types.test.ts removes this line and reads the errors.
import { type ControlMessage, define } from "@ancillary/control"
import {
  Datagram,
  withAutoFlowLabel,
  withControlMessage,
  withErrorReports,
  withFlowLabel,
  withHopLimit,
  withOptional,
  withOriginalArrivalInterface,
  withPktInfo,
  withReuseAddress,
  withRoutingHeader,
  withTimestamp,
  withTruncation
} from "@ancillary/effect3"

/** Open descriptors, which only Unix sockets carry. */
interface Rights extends ControlMessage<"rights", "unix", "repeated"> {
  readonly received: { readonly rights: number }
}
const none = { unsupported: "this message is only a type" }
const rights = define<Rights>({
  key: "rights",
  presence: "repeated",
  table: { linux: { unix: none }, winsock: { unix: none }, darwin: { unix: none } }
})

// ---- a message twice

// error: 'pktInfo' is already declared by this spec
// held by: the check for duplicates
Datagram.ipv4.pipe(withPktInfo(), withPktInfo())

// error: 'hopLimit' is already declared by this spec
// held by: the check for duplicates
Datagram.ipv4.pipe(withHopLimit(), withOptional(withHopLimit()))

// error: 'hopLimit' is already declared by this spec
// held by: the check for duplicates
Datagram.ipv4.pipe(withHopLimit({ only: "send" }), withHopLimit({ only: "receive" }))

// error: 'pktInfo' is already declared by this spec
// held by: the check for duplicates
Datagram.ipv4.pipe(Datagram.combine(withPktInfo(), withHopLimit()), withPktInfo())

// error: 'pktInfo' is already declared by this spec
// held by: the check for duplicates
// held by: each member of a union being checked by itself
Datagram.ipv4.pipe(withPktInfo(), Datagram.combine(withPktInfo(), withHopLimit()))

// error: 'pktInfo' is declared twice
// held by: the check for duplicates within combine
Datagram.combine(withPktInfo(), withReuseAddress(), withPktInfo())

// error: 'hopLimit' is declared twice
// held by: the check for duplicates within combine
Datagram.combine(withHopLimit(), withOptional(withHopLimit()))

// ---- of another family

// error: 'originalArrivalInterface' does not exist for ipv6 sockets
// held by: the check for families
Datagram.ipv6.pipe(withOriginalArrivalInterface())

// error: 'originalArrivalInterface' does not exist for dual sockets
// held by: the check for families
Datagram.dual.pipe(withOriginalArrivalInterface())

// error: 'routingHeader' does not exist for ipv4 sockets
// held by: the check for families
Datagram.ipv4.pipe(withRoutingHeader())

// error: 'hopLimit' does not exist for unix sockets
// held by: the check for families
Datagram.unix.pipe(withHopLimit())

// error: 'errorReports' does not exist for unix sockets
// held by: the check for families
Datagram.unix.pipe(withErrorReports())

// error: 'routingHeader' does not exist for ipv4 sockets
// held by: the check for families
Datagram.ipv4.pipe(withOptional(withRoutingHeader()))

// error: 'hopLimit' does not exist for unix sockets
// held by: the check for families
Datagram.unix.pipe(withHopLimit({ only: "send" }))

// error: 'rights' does not exist for ipv4 sockets
// held by: the check for families
Datagram.ipv4.pipe(withControlMessage(rights))

// error: 'rights' does not exist for ipv4 sockets
// held by: the check for families
// held by: each member of a union being checked by itself
Datagram.ipv4.pipe(Datagram.combine(withHopLimit(), withControlMessage(rights)))

// error: this option does not exist for unix sockets
// held by: the families of options
Datagram.unix.pipe(withReuseAddress())

// error: this option does not exist for unix sockets
// held by: the families of options
// held by: the families of options within combine
Datagram.unix.pipe(Datagram.combine(withTimestamp(), withReuseAddress()))

// ---- options that do not exist

// error: Type '"both"' is not assignable to type
// held by: the two directions
Datagram.ipv4.pipe(withPktInfo({ only: "both" }))

// error: Expected 0 arguments, but got 1
// held by: withTimestamp having one direction
Datagram.ipv4.pipe(withTimestamp({ only: "send" }))

// error: Argument of type '"ignore"' is not assignable
// held by: the three policies
Datagram.ipv4.pipe(withTruncation("ignore"))

// error: is not assignable to parameter of type 'With<
// held by: withOptional taking messages only
Datagram.ipv4.pipe(withOptional(withReuseAddress()))

// A family that is chosen at run time has what both families have.
declare const v6: boolean
const either = v6 ? Datagram.ipv6 : Datagram.ipv4
// error: 'flowLabel' does not exist for ipv4 sockets
// held by: the check for families
either.pipe(withFlowLabel())

// error: this option does not exist for ipv4 sockets
// held by: the families of options
either.pipe(withAutoFlowLabel(false))
