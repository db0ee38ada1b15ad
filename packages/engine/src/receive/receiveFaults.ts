/**
 * Classes of receive errors, by number and platform. The numbers of a system are certain; Node's table lacks some of the names.
 *
 * Linux: the table has every number that net/ipv4/icmp.c (`icmp_err_convert`) and net/ipv6/icmp.c (`icmpv6_err_convert`) can leave pending
 * on a socket.
 */
import type { Abi } from "@ancillary/control"
import type { Fault } from "../driver/Driver.ts"
import { bare } from "../errors/causes.ts"

/**
 * Class of a receive error.
 *
 * - `earlier`: a peer or a router reported the error of an earlier datagram. It occurs once.
 * - `prohibition`: such a report, under a number that a security module uses too. The module's error occurs on every receive.
 * - `interrupted`: a signal interrupted the call. The call is repeated.
 * - `shortage`: the system lacks memory or descriptors at the moment. The call is repeated after a pause.
 * - `end`: every other error. It ends reading.
 */
export type FaultClass = "earlier" | "prohibition" | "interrupted" | "shortage" | "end"

const classes: ReadonlyArray<
  readonly [FaultClass, ReadonlyArray<string>, { readonly [platform in Abi["platform"]]: ReadonlyArray<number> }]
> = [
  [
    "earlier",
    [
      "ENONET",
      "EPROTO",
      "EMSGSIZE",
      "ENOPROTOOPT",
      "EOPNOTSUPP",
      "ENETDOWN",
      "ENETUNREACH",
      "ENETRESET",
      "ECONNRESET",
      "ECONNREFUSED",
      "EHOSTDOWN",
      "EHOSTUNREACH"
    ],
    {
      linux: [64, 71, 90, 92, 95, 100, 101, 102, 104, 111, 112, 113],
      darwin: [40, 42, 45, 50, 51, 52, 54, 61, 64, 65, 100, 102],
      // Windows: 1231 to 1234 are the system's own numbers for unreachable networks, hosts, protocols and ports.
      winsock: [1231, 1232, 1233, 1234, 10040, 10042, 10045, 10050, 10051, 10052, 10054, 10061, 10064, 10065]
    }
  ],
  ["prohibition", ["EACCES"], { linux: [13], darwin: [13], winsock: [10013] }],
  ["interrupted", ["EINTR"], { linux: [4], darwin: [4], winsock: [10004] }],
  [
    "shortage",
    ["ENOMEM", "ENOBUFS", "EMFILE", "ENFILE"],
    // Windows: 8, 1450 and 1453 are the system's own numbers for too little memory, system resources and quota.
    { linux: [12, 23, 24, 105], darwin: [12, 23, 24, 55], winsock: [8, 1450, 1453, 10024, 10055] }
  ]
]

const byNumber = new Map(
  classes.flatMap(([kind, , numbers]) =>
    Object.entries(numbers).flatMap(([platform, each]) =>
      each.map((number): [string, FaultClass] => [`${platform} ${number}`, kind])
    )
  )
)
const byName = new Map(classes.flatMap(([kind, names]) => names.map((name): [string, FaultClass] => [name, kind])))

/**
 * Returns the class of a fault. The name decides only if the number is not in the table, because an in-memory driver has no system numbers.
 */
export const classOf = (platform: Abi["platform"], { code, errno }: Fault): FaultClass =>
  byNumber.get(`${platform} ${errno}`) ?? byName.get(bare(code)) ?? "end"
