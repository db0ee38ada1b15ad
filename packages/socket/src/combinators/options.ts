/**
 * A combinator for each option of a socket.
 *
 * @since 0.1.0
 */
import type { Capability, Family, Internet } from "@ancillary/control"
import { bindToDevice, receiveBufferSize, reuseAddress, sendBufferSize } from "../SocketOption.ts"
import { type Configure, configure, type Truncation } from "../Spec.ts"

/**
 * Binds although another socket has the address, or had it a moment ago (`SO_REUSEADDR`).
 *
 * @category options
 * @since 0.1.0
 */
export const withReuseAddress = (): Configure<Internet> =>
  configure({ set: { option: reuseAddress, feature: "withReuseAddress()", value: 1 } })

/**
 * Bytes that the kernel keeps for datagrams nobody has read yet (`SO_RCVBUF`), 1 to 1073741823. Linux caps it silently.
 *
 * @category options
 * @since 0.1.0
 */
export const withReceiveBufferSize = (bytes: number): Configure =>
  configure<Family>({ set: { option: receiveBufferSize, feature: `withReceiveBufferSize(${bytes})`, value: bytes } })

/**
 * Bytes that the kernel keeps for datagrams it has not sent yet (`SO_SNDBUF`), 1 to 1073741823. Linux caps it silently.
 *
 * @category options
 * @since 0.1.0
 */
export const withSendBufferSize = (bytes: number): Configure =>
  configure<Family>({ set: { option: sendBufferSize, feature: `withSendBufferSize(${bytes})`, value: bytes } })

/**
 * Bytes of the largest payload to receive and to send, 1 to 65535 (a Unix socket's may be larger). By default the largest that there is, so
 * nothing is ever truncated; pages that the kernel never writes cost no memory.
 *
 * @category options
 * @since 0.1.0
 */
export const withMaximumDatagramSize = (bytes: number): Configure => configure<Family>({ limit: bytes })

/**
 * What becomes of a datagram that did not fit: `fail` (the default) makes it a fault, `deliver` hands over what there is with every
 * guaranteed message intact, `drop` counts it. Control data that did not fit is always a fault.
 *
 * @category options
 * @since 0.1.0
 */
export const withTruncation = (policy: Truncation): Configure => configure<Family>({ truncation: policy })

/**
 * Receives and sends through one interface only, by its name (`SO_BINDTODEVICE`). Linux.
 *
 * @category options
 * @since 0.1.0
 */
export const withBindToDevice = (name: string): Configure<Internet, Capability<"bindToDevice">> =>
  configure({ set: { option: bindToDevice, feature: `withBindToDevice("${name}")`, value: name } })
