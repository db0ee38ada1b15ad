/**
 * Typed, declarative datagram sockets. A program declares the features of a socket as a value. The library derives from
 * it the types of received and sent datagrams, the options, the control buffers, and their decoders and encoders.
 *
 * @since 0.1.0
 */
// Only types: an inferred type of a program has a name here, even if a package manager hides @ancillary/control from it
// (pnpm).
export type * from "@ancillary/control"
export type { TransmitTimestamp as TransmitTimestamps } from "@ancillary/control"
export type { Explanation } from "@ancillary/engine/plan/explain"
export type { Coalesced, Combined, Configure, Scatter, Spec as EngineSpec } from "@ancillary/engine/spec/Spec"
export * from "@ancillary/engine/spec/combinators/events"
export * from "@ancillary/engine/spec/combinators/headers"
export * from "@ancillary/engine/spec/combinators/messages"
export * from "@ancillary/engine/spec/combinators/options"
export * from "@ancillary/engine/spec/combinators/unix"
export * as Capabilities from "./Capabilities.ts"
export * as Datagram from "./Datagram.ts"
export * as DatagramMetrics from "./DatagramMetrics.ts"
export * as DatagramClient from "./DatagramClient.ts"
export { DatagramFault } from "./DatagramFault.ts"
export {
  DatagramBindError,
  type DatagramError,
  DatagramInterfaceError,
  DatagramMembershipError,
  DatagramOptionError,
  DatagramReceiveError,
  DatagramRequestError,
  DatagramSendError,
  DatagramUnsupportedError,
  DescriptorUnavailableError
} from "./DatagramError.ts"
export {
  type LimitOptions,
  type ResponseRateOptions,
  serve,
  serveAll,
  serveLayer,
  serveOn,
  type ServeOptions,
  type StopReport
} from "./DatagramServer.ts"
export { type InterfaceServer, type InterfaceStats, serveInterfaces, type ServedInterfaces } from "./InterfaceServer.ts"
export { serveSessions, type Session, type SessionKey, type SessionOptions } from "./DatagramSessions.ts"
export type {
  ConnectedSocket,
  DatagramSocket,
  DatagramSource,
  DatagramStats,
  SocketOptions,
  DatagramSender,
  Outgoing,
  ScatteredDatagram,
  SendReport,
  SocketLimits
} from "./DatagramSocket.ts"
export { DatagramSockets } from "./DatagramSockets.ts"
export * as Descriptor from "./Descriptor.ts"
export type { InterfaceAddress, NetworkInterface } from "@ancillary/engine/driver/Driver"
export type * as ExtensionHeader from "./ExtensionHeader.ts"
export { type InterfaceChange, Interfaces } from "./Interfaces.ts"
export * as Plan from "@ancillary/engine/plan/Plan"
export type { UserEvent, PathMtuReport, TransmitTimestamp } from "@ancillary/engine/socket"
export type { ErrorReport, SocketEvent } from "./SocketEvent.ts"
export * as SocketOption from "@ancillary/engine/spec/SocketOption"
export type { Control, Spec } from "./Spec.ts"
export * as Steering from "./Steering.ts"
export { type SendControl, type With, withOptional, withScatter } from "@ancillary/engine/spec/Spec"
