/** The cause of a failed call that opens, sets up, binds or connects a socket, and what to do, by its code. */
import type { Fault } from "../driver/Driver.ts"
import { bare, remedyOfOthers } from "./format.ts"

export type BindReason = readonly [
  reason:
    | "AddressInUse"
    | "AddressNotAvailable"
    | "PermissionDenied"
    | "InvalidArgument"
    | "TooManyOpenFiles"
    | "Unreachable"
    | "Other",
  remedy: string
]

const outOfMemory = "The system is out of memory for sockets: close some, or try again later"

const bindReasons: { readonly [code in string]?: BindReason } = {
  EADDRINUSE: [
    "AddressInUse",
    "Another socket has it: choose another port, or stop the other program. If both are meant to share it, every one of them must declare withReusePort() (Linux: datagrams are divided among them) or withReuseAddress() (multicast)"
  ],
  ENETUNREACH: ["Unreachable", "There is no route to the peer: check its address and the routes of this host"],
  EHOSTUNREACH: ["Unreachable", "There is no route to the peer: check its address and the routes of this host"],
  EADDRNOTAVAIL: [
    "AddressNotAvailable",
    "It is not an address of this host: bind to one that is, or to 0.0.0.0 or :: for all of them"
  ],
  EACCES: [
    "PermissionDenied",
    "Ports below 1024 and some options want privileges: choose a higher port or grant them (Linux: CAP_NET_BIND_SERVICE)"
  ],
  EPERM: [
    "PermissionDenied",
    "The operation wants privileges: grant them (Linux: CAP_NET_ADMIN, CAP_NET_RAW) or leave the option out"
  ],
  EINVAL: [
    "InvalidArgument",
    "The kernel refuses the value: check it against the documentation of the option or the address"
  ],
  EMFILE: ["TooManyOpenFiles", "The process has too many sockets and files open: close some or raise its limit"],
  ENFILE: ["TooManyOpenFiles", "The system has too many files open: close some or raise its limit"],
  ENOBUFS: ["Other", outOfMemory],
  ENOMEM: ["Other", outOfMemory],
  ENODEV: ["InvalidArgument", "There is no such interface: check its name or index"],
  EEXIST: [
    "InvalidArgument",
    "This process has that descriptor in use (node:dgram, or another socket of this program): adopt each descriptor once"
  ],
  ENOSPC: [
    "TooManyOpenFiles",
    "The epoll watches of this user are used up: close sockets, or raise sysctl fs.epoll.max_user_watches"
  ],
  EBADF: ["InvalidArgument", "Nothing is open under that number: give the descriptor of a bound socket"],
  ENOTSOCK: ["InvalidArgument", "No socket is open under that number: give the descriptor of a bound socket"],
  EPROTOTYPE: [
    "InvalidArgument",
    "It is a socket of another kind or family: give one for datagrams, and a spec of its family"
  ]
}

/** The causes of a code that differ by the call, and by the system: the code of Winsock before the one that both have. */
const bindReasonsByCall: { readonly [callAndCode in string]?: BindReason } = {
  "connect EACCES": [
    "PermissionDenied",
    "The peer is a broadcast address, or a firewall forbids the route: declare withBroadcast() for a broadcast, or change the rule"
  ],
  "connect EPERM": ["PermissionDenied", "A firewall or a security module forbids it: change the rule"],
  "connect EINVAL": [
    "InvalidArgument",
    "The kernel refuses the peer: check its address and port, and give a link-local one with its zone (fe80::1%2)"
  ],
  "connect EADDRNOTAVAIL": [
    "AddressNotAvailable",
    "No address of this host can send to the peer: check the address and the port of the peer"
  ],
  "connect EADDRINUSE": [
    "AddressInUse",
    "Another socket of this host already has this peer on this port: connect from another port, or close the other socket"
  ],
  "connect EAGAIN": [
    "AddressInUse",
    "Every port that the system gives out is in use: close sockets, or widen the range (Linux: sysctl net.ipv4.ip_local_port_range)"
  ],
  "connect EAFNOSUPPORT": [
    "InvalidArgument",
    "The peer is of another address family than the socket: give a peer of its family, or use Datagram.dual"
  ],
  // Windows has no privileged ports.
  "bind WSAEACCES": [
    "PermissionDenied",
    "Another socket has the port for itself alone, or Windows reserves it (netsh int ipv4 show excludedportrange udp): choose another port"
  ]
}

/** The cause and the remedy of a fault. */
export const reasonOf = ({ code, syscall }: Fault): BindReason =>
  bindReasonsByCall[`${syscall} ${code}`] ??
  bindReasonsByCall[`${syscall} ${bare(code)}`] ??
  bindReasons[bare(code)] ?? ["Other", remedyOfOthers]
