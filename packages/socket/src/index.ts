/**
 * Typed, declarative datagram sockets with promises. A program declares the features of a socket as a value. The library derives from it the
 * types of received and sent datagrams, the options, the control buffers, and their decoders and encoders.
 *
 * @since 0.1.0
 */
// Only types: an inferred type of a program has a name here, even if a package manager hides @ancillary/control from it
// (pnpm).
export type * from "@ancillary/control"
export type { TransmitTimestamp as TransmitTimestamps } from "@ancillary/control"
export type { InterfaceAddress, NetworkInterface } from "@ancillary/engine/driver/Driver"
export type { Explanation } from "@ancillary/engine/plan/explain"
export * as Plan from "@ancillary/engine/plan/Plan"
export type { PathMtuReport, TransmitTimestamp, UserEvent } from "@ancillary/engine/socket"
export type { Coalesced, Combined, Configure, Scatter, Spec as EngineSpec } from "@ancillary/engine/spec/Spec"
export { type SendControl, type With, withOptional, withScatter } from "@ancillary/engine/spec/Spec"
export * as SocketOption from "@ancillary/engine/spec/SocketOption"
export * from "@ancillary/engine/spec/combinators/events"
export * from "@ancillary/engine/spec/combinators/headers"
export * from "@ancillary/engine/spec/combinators/messages"
export * from "@ancillary/engine/spec/combinators/options"
export * from "@ancillary/engine/spec/combinators/unix"
export * as Datagram from "./Datagram.ts"
export * as DatagramClient from "./DatagramClient.ts"
export {
  DatagramBindError,
  DatagramError,
  DatagramFaultError,
  DatagramInterfaceError,
  DatagramMembershipError,
  DatagramOptionError,
  DatagramReceiveError,
  DatagramRequestError,
  DatagramSendError,
  DatagramSessionError,
  DatagramUnsupportedError,
  DescriptorUnavailableError
} from "./DatagramError.ts"
export { DatagramFault } from "./DatagramFault.ts"
export * as DatagramMetrics from "./DatagramMetrics.ts"
export {
  type DatagramServer,
  type DatagramServers,
  type Handler,
  serve,
  serveAll,
  serveOn,
  type ServeOptions,
  type StopReport
} from "./DatagramServer.ts"
export {
  serveSessions,
  type Session,
  type SessionKey,
  type SessionOptions,
  type SessionProgram
} from "./DatagramSessions.ts"
export type {
  Closable,
  ConnectedSocket,
  DatagramSender,
  DatagramSocket,
  DatagramSource,
  DatagramStats,
  Membership,
  Outgoing,
  ScatteredDatagram,
  SendReport,
  SocketLimits,
  SocketOptions,
  Waiting
} from "./DatagramSocket.ts"
export * as DatagramSockets from "./DatagramSockets.ts"
export * as DatagramWorkers from "./DatagramWorkers.ts"
export * as Descriptor from "./Descriptor.ts"
export type * as ExtensionHeader from "./ExtensionHeader.ts"
export * as HandOver from "./HandOver.ts"
export * as HostName from "./HostName.ts"
export { type InterfaceServer, type InterfaceStats, serveInterfaces, type ServedInterfaces } from "./InterfaceServer.ts"
export { type InterfaceChange, Interfaces } from "./Interfaces.ts"
export type { ErrorReport, SocketEvent } from "./SocketEvent.ts"
export type { Control, Spec } from "./Spec.ts"
export * as Steering from "./Steering.ts"
