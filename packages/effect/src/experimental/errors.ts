/** Errors of this package as those of Effect's `DatagramSocket`. The original is the cause. */
import type {
  DatagramBindError,
  DatagramMembershipError,
  DatagramReceiveError,
  DatagramSendError,
  DatagramUnsupportedError
} from "../DatagramError.ts"
import {
  Effects,
  type NetAddress
} from "./requires effect 4 - run npm install effect@4 - or install @ancillary/effect3 beside effect 3.ts"

const {
  DatagramSocketClosedError: Closed,
  DatagramSocketError: SocketError,
  DatagramSocketOpenError: OpenError,
  DatagramSocketReadError: ReadError,
  DatagramSocketUnsupportedError: Unsupported,
  DatagramSocketWriteError: WriteError
} = Effects

const kinds: { readonly [reason in string]?: Effects.IoErrorKind } = {
  MessageTooLarge: "MessageTooLarge",
  Unreachable: "Unreachable",
  ConnectionRefused: "ConnectionRefused",
  PermissionDenied: "PermissionDenied"
}
const openKinds: { readonly [reason in string]?: Effects.DatagramSocketOpenError["kind"] } = {
  AddressInUse: "AddressInUse",
  AddressNotAvailable: "AddressNotAvailable",
  PermissionDenied: "PermissionDenied"
}

export const openError = (error: DatagramBindError | DatagramUnsupportedError): Effects.DatagramSocketError =>
  new SocketError({
    reason:
      error._tag === "DatagramUnsupportedError"
        ? new Unsupported({ capability: error.feature, runtime: "@ancillary/effect" })
        : new OpenError({ kind: openKinds[error.reason] ?? "Unknown", cause: error })
  })

export const unsupported = (capability: string): Effects.DatagramSocketError =>
  new SocketError({ reason: new Unsupported({ capability, runtime: "@ancillary/effect" }) })

export const readError = (error: DatagramReceiveError): Effects.DatagramSocketError =>
  new SocketError({
    reason:
      error.reason === "Closed" ? new Closed() : new ReadError({ kind: kinds[error.reason] ?? "Unknown", cause: error })
  })

export const membershipError = (error: DatagramMembershipError): Effects.DatagramSocketError =>
  new SocketError({
    reason: error.reason === "Closed" ? new Closed() : new ReadError({ kind: "Unknown", cause: error })
  })

export const writeError = (
  error: DatagramSendError,
  address: NetAddress.InetAddress | undefined
): Effects.DatagramSocketError =>
  new SocketError({
    reason:
      error.reason === "Closed"
        ? new Closed()
        : new WriteError({ kind: kinds[error.reason] ?? "Unknown", address, cause: error })
  })
