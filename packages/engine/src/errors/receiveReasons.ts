/** Reasons and remedies of the errors of a receive, by code. */
/** The reasons of a receive that the system refused. */
export type ReceiveReason =
  | "ConnectionRefused"
  | "Unreachable"
  | "MessageTooLarge"
  | "InvalidArgument"
  | "Closed"
  | "Other"

export const receiveReasons: { readonly [code in string]?: readonly [ReceiveReason, string] } = {
  ECONNREFUSED: ["ConnectionRefused", "Nobody listened where an earlier datagram went: read on"],
  ECONNRESET: ["ConnectionRefused", "Nobody listened where an earlier datagram went: read on"],
  ENETRESET: ["Unreachable", "An earlier datagram ran out of hops: read on"],
  EHOSTUNREACH: ["Unreachable", "An earlier datagram did not get there: read on"],
  ENETUNREACH: ["Unreachable", "An earlier datagram did not get there: read on"],
  EHOSTDOWN: ["Unreachable", "An earlier datagram did not get there: read on"],
  ENETDOWN: ["Unreachable", "An earlier datagram did not get there: read on"],
  ENONET: ["Unreachable", "An earlier datagram did not get there: read on"],
  EACCES: ["Unreachable", "An earlier datagram was forbidden on its way: read on"],
  ENOPROTOOPT: ["Unreachable", "An earlier datagram was not understood where it went: read on"],
  EOPNOTSUPP: ["Unreachable", "An earlier datagram was not understood where it went: read on"],
  ENOTSUP: ["Unreachable", "An earlier datagram was not understood where it went: read on"],
  EPROTO: ["Unreachable", "An earlier datagram was not understood where it went: read on"],
  EMSGSIZE: ["MessageTooLarge", "An earlier datagram was too large for its path: send smaller ones, and read on"]
}
