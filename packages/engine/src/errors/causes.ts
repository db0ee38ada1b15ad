/**
 * Causes of failed calls, and the remedy of each. docs/errors.md lists them.
 *
 * A key is `[call ]CODE[, case]`. The call is given if the code has another cause in it. Linux and Darwin give a code its plain name and Winsock puts
 * WSA before it: a plain key serves all three. A case is known only by more than the code; `*` stands for every code.
 */
import type { Fault } from "../driver/Driver.ts"
import type {
  DatagramBindError,
  DatagramInterfaceError,
  DatagramMembershipError,
  DatagramOptionError,
  DatagramReceiveError,
  DatagramSendError
} from "./records.ts"

/**
 * The reason of an error, the cause and the remedy. Both texts are sentences without their full stops.
 *
 * @category errors
 * @since 0.1.0
 */
export type Cause<Reason extends string> = readonly [reason: Reason, cause: string, remedy: string]

/** The failed action, and the reasons that its error can have. */
interface Reasons {
  /** Opening, setting up, binding or connecting a socket. */
  readonly open: DatagramBindError["reason"]
  /** Binding or connecting a Unix socket. */
  readonly unix: DatagramBindError["reason"]
  /** Opening a ping socket. */
  readonly ping: DatagramBindError["reason"]
  /** Setting or getting an option. */
  readonly option: DatagramOptionError["reason"]
  /** Joining or leaving a group, or blocking a source. */
  readonly membership: DatagramMembershipError["reason"]
  readonly send: DatagramSendError["reason"]
  readonly receive: DatagramReceiveError["reason"]
  readonly interfaces: DatagramInterfaceError["reason"]
}

/**
 * The action that failed.
 *
 * @category errors
 * @since 0.1.0
 */
export type Situation = keyof Reasons

type Table = { readonly [S in Situation]: { readonly [key: string]: Cause<Reasons[S]> } }

const shortOfMemory = "The system has too little memory for another socket"
const closeOrWait = "Close some sockets, or try again later"
const noRouteToPeer = [
  "Unreachable",
  "There is no route to the peer",
  "Check its address and the routes of this host"
] as const
const noInterface = [
  "NoSuchInterface",
  "There is no such interface, or no route chooses one",
  "Give the index of an interface that is up"
] as const
const tooManyMemberships = [
  "TooManyMemberships",
  "The socket has as many memberships as the system allows",
  "Join on another socket, or raise the limit (Linux: net.ipv4.igmp_max_memberships, net.ipv4.igmp_max_msf, net.ipv6.mld_max_msf, net.core.optmem_max)"
] as const
const optionForbidden = [
  "PermissionDenied",
  "The option requires {privilege}",
  "Grant it to the process, or leave the option out"
] as const
const noOptionOfKind = ["Unsupported", "Sockets of this kind do not have the option", "Leave it out here"] as const
const refusedEarlier = [
  "ConnectionRefused",
  "Port unreachable: the peer refused an earlier datagram, and this one was not sent",
  "Send it again once the peer listens"
] as const
const readOn = "Receive again"
const earlierRefused = ["ConnectionRefused", "Port unreachable: the peer refused an earlier datagram", readOn] as const
const earlierLost = ["Unreachable", "An earlier datagram did not reach its destination", readOn] as const
const earlierUnknown = [
  "Unreachable",
  "The destination of an earlier datagram does not know its protocol",
  readOn
] as const
const noSocketThere = "No socket has this path or name"
const notForDatagrams = "The socket at that path is not a datagram socket"

/**
 * The table of causes, by the action that failed.
 *
 * @category errors
 * @since 0.1.0
 */
export const causes = {
  open: {
    EADDRINUSE: [
      "AddressInUse",
      "Another socket has this address",
      "Choose another port, or stop the other program. If both should share it, every one of them must declare withReusePort() (Linux: datagrams are divided among them) or withReuseAddress() (multicast)"
    ],
    "EADDRINUSE, port 0": [
      "AddressInUse",
      "Every port that the system assigns is in use",
      "Close sockets, bind to a port of your choice, or widen the range (Linux: sysctl net.ipv4.ip_local_port_range)"
    ],
    "setsockopt *, port 0": [
      "InvalidArgument",
      "This system does not share a port that it chose itself",
      "Bind to a port other than 0, or leave the option out"
    ],
    "setsockopt *, adopted as dual": [
      "InvalidArgument",
      "The socket serves only IPv6, and a bound socket cannot change that",
      "Adopt it with Datagram.ipv6"
    ],
    "setsockopt *, adopted as ipv6": [
      "InvalidArgument",
      "The socket also serves IPv4 peers, and a bound socket cannot change that",
      "Adopt it with Datagram.dual"
    ],
    EADDRNOTAVAIL: [
      "AddressNotAvailable",
      "It is not an address of this host",
      "Bind to one that is, or to 0.0.0.0 or :: for all of them"
    ],
    ENETUNREACH: noRouteToPeer,
    EHOSTUNREACH: noRouteToPeer,
    EACCES: [
      "PermissionDenied",
      "Ports below 1024 and some options require a privilege",
      "Choose a higher port, or grant the privilege (Linux: CAP_NET_BIND_SERVICE)"
    ],
    EPERM: [
      "PermissionDenied",
      "The call requires a privilege",
      "Grant it (Linux: CAP_NET_ADMIN, CAP_NET_RAW), or leave the option out"
    ],
    EINVAL: [
      "InvalidArgument",
      "The kernel refuses the value",
      "Compare it with the documentation of the option or the address"
    ],
    EMFILE: [
      "TooManyOpenFiles",
      "The process has too many sockets and files open",
      "Close some, or raise its limit (ulimit -n)"
    ],
    ENFILE: ["TooManyOpenFiles", "The system has too many files open", "Close some, or raise its limit"],
    ENOBUFS: ["Other", shortOfMemory, closeOrWait],
    ENOMEM: ["Other", shortOfMemory, closeOrWait],
    ENODEV: ["InvalidArgument", "There is no such interface", "Check its name or index"],
    EEXIST: [
      "InvalidArgument",
      "This process already uses that descriptor (node:dgram, or another socket of this program)",
      "Adopt each descriptor once"
    ],
    ENOSPC: [
      "TooManyOpenFiles",
      "The user has as many epoll watches as the system allows",
      "Close sockets, or raise sysctl fs.epoll.max_user_watches"
    ],
    EBADF: ["InvalidArgument", "No file is open under that number", "Give the descriptor of a bound socket"],
    ENOTSOCK: ["InvalidArgument", "The descriptor is not a socket", "Give the descriptor of a bound socket"],
    EPROTOTYPE: [
      "InvalidArgument",
      "The socket has another type or family than the spec",
      "Give a datagram socket, and a spec of its family"
    ],
    // Windows has no privileged ports.
    "bind WSAEACCES": [
      "PermissionDenied",
      "Another socket has the port for its exclusive use, or Windows reserves it (netsh int ipv4 show excludedportrange udp)",
      "Choose another port"
    ],
    "connect EACCES": [
      "PermissionDenied",
      "The peer is a broadcast address, or a firewall forbids the route",
      "For a broadcast address declare withBroadcast(). Otherwise change the rule of the firewall"
    ],
    "connect EPERM": ["PermissionDenied", "A firewall or a security module forbids it", "Change its rule"],
    "connect EINVAL": [
      "InvalidArgument",
      "The kernel refuses the peer",
      "Check its address and port, and give a link-local address with its zone (fe80::1%2)"
    ],
    "connect EADDRNOTAVAIL": [
      "AddressNotAvailable",
      "No address of this host can send to the peer",
      "Check the address and the port of the peer"
    ],
    "connect EADDRINUSE": [
      "AddressInUse",
      "Another socket of this host already has this peer on this port",
      "Connect from another port, or close the other socket"
    ],
    "connect EAGAIN": [
      "AddressInUse",
      "Every port that the system assigns is in use",
      "Close sockets, or widen the range (Linux: sysctl net.ipv4.ip_local_port_range)"
    ],
    "connect EAFNOSUPPORT": [
      "InvalidArgument",
      "The peer has another address family than the socket",
      "Give a peer of its family, or use Datagram.dual"
    ]
  },
  unix: {
    "bind EADDRINUSE": [
      "AddressInUse",
      "Another socket has this path or name",
      "Choose another, or stop the other program"
    ],
    "bind EADDRINUSE, left over": [
      "AddressInUse",
      "The file at this path belongs to no open socket: it is that of a program that has ended, or no socket at all",
      "Remove it if it is a socket, or choose another path"
    ],
    "bind EACCES": [
      "PermissionDenied",
      "The process may not create files in that directory",
      "Choose another directory, or grant write permission"
    ],
    "bind EROFS": ["AddressNotAvailable", "That file system is read-only", "Choose another path"],
    "bind ENOENT": ["AddressNotAvailable", "There is no such directory", "Create it first"],
    "bind ENOTDIR": ["AddressNotAvailable", "A part of the path is not a directory", "Choose another path"],
    "connect ENOENT": ["Unreachable", noSocketThere, "Start the receiver first"],
    "connect ECONNREFUSED": ["Unreachable", "No socket is bound there", "Start the receiver first"],
    "connect EACCES": [
      "PermissionDenied",
      "The process may not write to the file of the socket",
      "Grant write permission"
    ],
    "connect EPERM": [
      "PermissionDenied",
      "The socket there is connected, and receives only from its peer",
      "Choose another one"
    ],
    "connect EPROTOTYPE": ["InvalidArgument", notForDatagrams, "Use the path of one"]
  },
  ping: {
    EACCES: [
      "PermissionDenied",
      "No group of this process may ping",
      'Allow every group: sysctl net.ipv4.ping_group_range="0 2147483647"'
    ]
  },
  option: {
    EINVAL: [
      "InvalidArgument",
      "The kernel refuses the value on this socket",
      "Compare it with the documentation of the option"
    ],
    "EINVAL, port not shared": [
      "InvalidArgument",
      "The socket was bound without sharing its port",
      "Declare withSteering() before it is bound"
    ],
    EADDRNOTAVAIL: ["InvalidArgument", "There is no such interface", "Check its index"],
    ENODEV: ["InvalidArgument", "There is no such interface", "Check its name or index"],
    EPERM: optionForbidden,
    EACCES: optionForbidden,
    ENOPROTOOPT: ["Unsupported", "This system does not have the option", "Leave it out here"],
    ENOTSUP: noOptionOfKind,
    EOPNOTSUPP: noOptionOfKind
  },
  membership: {
    EINVAL: ["InvalidArgument", "The kernel refuses this group, source or interface", "Check all three"],
    ENODEV: noInterface,
    EADDRNOTAVAIL: noInterface,
    "*, never joined": [
      "NotJoined",
      "This socket has not joined the group there",
      "Give the interface and the source that it was joined with"
    ],
    EADDRINUSE: [
      "AlreadyJoined",
      "This socket has already joined the group on that interface in another way: by its index, or by the routes",
      "Join it in one way"
    ],
    ENOBUFS: tooManyMemberships,
    ENOMEM: tooManyMemberships,
    ENOPROTOOPT: [
      "Unsupported",
      "This system does not have memberships of this kind",
      "Join the group from all sources, and drop the datagrams of the others"
    ]
  },
  send: {
    EMSGSIZE: [
      "MessageTooLarge",
      "The datagram is larger than its path or the socket allows",
      "Send less at once, or in several datagrams"
    ],
    ENETUNREACH: [
      "Unreachable",
      "There is no route to the destination",
      "Check the address and the routes of this host"
    ],
    EHOSTUNREACH: ["Unreachable", "The host does not answer on its network", "Check the address"],
    ENETDOWN: ["Unreachable", "The network is down", "Try again later"],
    EHOSTDOWN: ["Unreachable", "The host is down", "Try again later"],
    EADDRNOTAVAIL: [
      "Unreachable",
      "The destination is not a valid one, or the source is not an address of this host",
      "Check both"
    ],
    "*, foreign source": [
      "AddressNotAvailable",
      "{source} is not an address of this host",
      "Send from one that is, or leave the source out"
    ],
    "*, missing interface": [
      "InvalidArgument",
      "This host has no interface of index {index}",
      "Look up the index again, because an interface that is made anew has another one"
    ],
    ECONNREFUSED: refusedEarlier,
    ECONNRESET: refusedEarlier,
    EACCES: [
      "PermissionDenied",
      "A broadcast address requires withBroadcast(), some control messages require a privilege, and a firewall or the mode of a file may forbid it",
      "Declare the option, grant the privilege, or change the rule"
    ],
    EPERM: ["PermissionDenied", "The kernel or a firewall forbids it", "Grant the privilege, or change the rule"],
    EINVAL: [
      "InvalidArgument",
      "The kernel refuses the combination of address and control data",
      "Check the source, the interface and the destination"
    ],
    ENODEV: ["InvalidArgument", "There is no interface with that index", "Look up the index again"],
    ENOTCONN: [
      "ConnectionRefused",
      "The peer closed its socket, which ended the connection",
      "Connect again when the peer is back"
    ],
    EPROTOTYPE: ["InvalidArgument", notForDatagrams, "Use the path of one"],
    EMFILE: ["Other", "The process has too many sockets and files open", "Close some, or raise its limit (ulimit -n)"],
    EAFNOSUPPORT: [
      "InvalidArgument",
      "The destination has another address family than this socket",
      "Bind a socket of that family, or use Datagram.dual"
    ],
    EDESTADDRREQ: ["InvalidArgument", "The datagram has no destination", "Give `to`"],
    ENOENT: ["ConnectionRefused", noSocketThere, "Start the receiver first"],
    ENOBUFS: ["BufferFull", "The system has no buffer left", "Send more slowly"],
    EBADF: ["Other", "Other code closed the descriptor of the socket", "Only the scope of the socket may close it"],
    ETOOMANYREFS: ["BufferFull", "Too many descriptors are in flight", "Let their receivers read first"]
  },
  receive: {
    ECONNREFUSED: earlierRefused,
    ECONNRESET: earlierRefused,
    ENETRESET: ["Unreachable", "The hop limit of an earlier datagram reached 0 on its way", readOn],
    EHOSTUNREACH: earlierLost,
    ENETUNREACH: earlierLost,
    EHOSTDOWN: earlierLost,
    ENETDOWN: earlierLost,
    ENONET: earlierLost,
    EACCES: ["Unreachable", "A firewall or a router rejected an earlier datagram", readOn],
    ENOPROTOOPT: earlierUnknown,
    EOPNOTSUPP: earlierUnknown,
    ENOTSUP: earlierUnknown,
    EPROTO: earlierUnknown,
    EMSGSIZE: [
      "MessageTooLarge",
      "An earlier datagram was larger than its path allows",
      "Send smaller ones, and receive again"
    ]
  },
  interfaces: {}
} as const satisfies Table

/**
 * The cause of a code that the table lacks.
 *
 * @category errors
 * @since 0.1.0
 */
export const unknownCause: Cause<"Other"> = [
  "Other",
  "The library has no advice for this code",
  "Look it up in the manual page of the call"
]

/**
 * A code without the WSA of Winsock.
 *
 * @category errors
 * @since 0.1.0
 */
export const bare = (code: string): string => code.replace(/^WSA/, "")

/**
 * The cause of a fault, if the table has it.
 *
 * @category errors
 * @since 0.1.0
 */
export const knownCause = <S extends Situation>(
  situation: S,
  { code, syscall }: Fault
): Cause<Reasons[S]> | undefined => {
  const table: Table[S] = causes[situation]
  const plain = bare(code)
  return table[`${syscall} ${code}`] ?? table[`${syscall} ${plain}`] ?? table[plain]
}

/**
 * The cause of a fault.
 *
 * @category errors
 * @since 0.1.0
 */
export const causeOf = <S extends Situation>(situation: S, fault: Fault): Cause<Reasons[S] | "Other"> =>
  knownCause(situation, fault) ?? unknownCause
