/**
 * What the bytes of ancillary data mean: ABIs, control buffers, control messages, addresses. Pure: no I/O, no FFI, no dependency, and it runs
 * in a browser.
 *
 * @since 0.1.0
 */
export { Abi, abis } from "./Abi.ts"
export type { AbiName, Field, Platform } from "./Abi.ts"
export * as Codec from "./Codec.ts"
export type { Malformed } from "./Codec.ts"
export * as ControlBuffer from "./ControlBuffer.ts"
export * from "./ControlMessage.ts"
export * from "./Endpoint.ts"
export * as GroupRequest from "./GroupRequest.ts"
export * as ExtensionHeader from "./ExtensionHeader.ts"
export { Ipv4Address } from "./Ipv4Address.ts"
export { Ipv6Address } from "./Ipv6Address.ts"
export * as SocketAddress from "./SocketAddress.ts"
export { Dscp } from "./message/Dscp.ts"
export { DestinationOptions, numberedDestinationOptions } from "./message/DestinationOptions.ts"
export type { NumberedDestinationOptions } from "./message/DestinationOptions.ts"
export { DropCount } from "./message/DropCount.ts"
export { Ecn } from "./message/Ecn.ts"
export type { EcnCodepoint } from "./message/Ecn.ts"
export { HopByHopOptions } from "./message/HopByHopOptions.ts"
export { HopLimit } from "./message/HopLimit.ts"
export { NextHop, numberedNextHop } from "./message/NextHop.ts"
export type { NumberedNextHop } from "./message/NextHop.ts"
export { OriginalArrivalInterface } from "./message/OriginalArrivalInterface.ts"
export { PktInfo } from "./message/PktInfo.ts"
export type { PacketInfo, PacketSource, ReceivedPktInfo, SendablePktInfo } from "./message/PktInfo.ts"
export { RoutingHeader } from "./message/RoutingHeader.ts"
export { Timestamp } from "./message/Timestamp.ts"
