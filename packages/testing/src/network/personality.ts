/** Differences between systems: layouts, numbers and names. The network behind them is one. */
import type { Abi, ControlBuffer } from "@ancillary/control"
import type { Family } from "./address.ts"
import type { Sharing } from "./socket/binding.ts"
import type { ErrorName } from "./socket/errors.ts"
import type { SentControl } from "./socket/sent.ts"
import type { QueuedError, Received, SocketState } from "./socket/socket.ts"

type Messages = ReadonlyArray<ControlBuffer.RawMessage>

export interface Personality {
  readonly abi: Abi
  /** One call receives or sends several datagrams. */
  readonly batches: boolean
  /** Build of Windows. */
  readonly build?: number | undefined
  readonly syscalls: {
    readonly receive: string
    readonly send: string
    readonly sendMany: string
    readonly ioctl: string
    readonly close: string
  }
  /** Sets options of a new socket to the defaults of the system. */
  readonly prepare: (socket: SocketState) => void
  /** Hop limit of a new socket. */
  readonly hopLimit: number
  /** The length of a truncated datagram is reported. */
  readonly reportsTrueSize: boolean
  readonly errorOf: (name: ErrorName) => { readonly code: string; readonly errno: number }
  readonly errorName: (errno: number) => string
  readonly setOption: (
    host: Sharing,
    socket: SocketState,
    level: number,
    option: number,
    value: Uint8Array
  ) => ErrorName | undefined
  readonly getOption: (
    host: Sharing,
    socket: SocketState,
    level: number,
    option: number,
    room: number
  ) => Uint8Array | ErrorName
  readonly ioctl: (socket: SocketState, code: number, input: Uint8Array) => Uint8Array | ErrorName
  readonly received: (socket: SocketState, received: Received) => Messages
  readonly pathMtu: (socket: SocketState) => Messages
  /** Control data of an entry of the error queue, if there is such a queue. */
  readonly queued: ((socket: SocketState, error: QueuedError) => Messages) | undefined
  /** Reads control data of a datagram to a peer of a family. */
  readonly readSent: (socket: SocketState, family: Family, control: Uint8Array) => SentControl | ErrorName
}
