/**
 * Datagram sockets, declared: what a program wants of a socket is a value, and from it follow the types of what arrives and what may be sent,
 * the options that are set, the control buffers, the decoders and encoders.
 *
 * @since 0.1.0
 */
// Types alone: what the compiler infers in a program has a name here, also if a package manager hides @ancillary/control from it (pnpm).
export type * from "@ancillary/control"
export type { TransmitTimestamp as TransmitTimestamps } from "@ancillary/control"
export * from "./combinators/events.ts"
export * from "./combinators/headers.ts"
export * from "./combinators/messages.ts"
export * from "./combinators/options.ts"
export * from "./combinators/unix.ts"
export * as Capabilities from "./Capabilities.ts"
export * as Datagram from "./Datagram.ts"
export {
  DatagramBindError,
  type DatagramError,
  DatagramFault,
  DatagramInterfaceError,
  DatagramReceiveError,
  DatagramSendError,
  DatagramUnsupportedError,
  DescriptorGone
} from "./DatagramError.ts"
export { DatagramMembershipError } from "./DatagramMembershipError.ts"
export { DatagramOptionError } from "./DatagramOptionError.ts"
export { serve, serveOn, type ServeOptions } from "./DatagramServer.ts"
export type {
  ConnectedSocket,
  DatagramSocket,
  DatagramSource,
  DatagramStats,
  LiveOptions,
  DatagramSender,
  Outgoing,
  ScatteredDatagram,
  SendReport,
  SocketLimits
} from "./DatagramSocket.ts"
export { DatagramSockets } from "./DatagramSockets.ts"
export * as Descriptor from "./Descriptor.ts"
export type { InterfaceAddress, NetworkInterface } from "./Driver.ts"
export type * as ExtensionHeader from "./ExtensionHeader.ts"
export { type InterfaceChange, Interfaces } from "./Interfaces.ts"
export * as Plan from "./Plan.ts"
export type { ErrorReport, OwnEvent, PathMtuReport, SocketEvent, TransmitTimestamp } from "./SocketEvent.ts"
export * as SocketOption from "./SocketOption.ts"
export { all, type Control, type SendControl, type Spec, type With, withOptional, withScatter } from "./Spec.ts"
