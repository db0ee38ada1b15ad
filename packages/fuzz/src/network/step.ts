/** Random programs of system calls: data, so that a program can be shown, shrunk and run again. */
import * as Linux from "@ancillary/control/platform/linux"
import type { Random } from "../random.ts"

/** Raw control data. */
export interface Message {
  readonly level: number
  readonly type: number
  readonly payload: ReadonlyArray<number>
}

export interface End {
  readonly address: string
  readonly port: number
}

/** One system call on the socket of a number. */
export type Step =
  | { readonly call: "open"; readonly socket: number; readonly family: "ipv4" | "ipv6" }
  | {
      readonly call: "set"
      readonly socket: number
      readonly level: number
      readonly option: number
      readonly value: ReadonlyArray<number>
    }
  | {
      readonly call: "get"
      readonly socket: number
      readonly level: number
      readonly option: number
      readonly room: number
    }
  | { readonly call: "bind" | "connect"; readonly socket: number; readonly to: End }
  | {
      readonly call: "send"
      readonly socket: number
      readonly to: End | undefined
      readonly size: number
      readonly control: ReadonlyArray<Message>
    }
  | { readonly call: "receive"; readonly socket: number; readonly slots: number; readonly peek: boolean }
  | {
      readonly call: "group"
      readonly socket: number
      readonly option: number
      readonly group: string
      readonly index: number
      readonly source: string | undefined
    }
  | { readonly call: "disconnect" | "errors" | "name" | "peer" | "interrupt" | "close"; readonly socket: number }

const sockets = 4
const addresses = {
  ipv4: [
    "127.0.0.1",
    "127.0.0.1",
    "127.0.0.1",
    "127.0.0.2",
    "0.0.0.0",
    "10.9.0.1",
    "10.9.0.7",
    "192.0.2.1",
    "239.1.2.3",
    "10.9.0.255"
  ],
  ipv6: [
    "::1",
    "::1",
    "::1",
    "::",
    "fd00:9::1",
    "fd00:9::7",
    "2001:db8::1",
    "ff15::77",
    "::ffff:127.0.0.1",
    "::ffff:10.9.0.1"
  ]
} as const
const groups = { ipv4: ["239.1.2.3", "239.1.2.4", "10.9.0.1"], ipv6: ["ff15::77", "ff15::78", "::1"] } as const
const sources = { ipv4: ["127.0.0.1", "10.9.0.1"], ipv6: ["::1", "fd00:9::1"] } as const
const ports = [20_000, 20_001, 20_002]

const { IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, SOL_SOCKET } = Linux

/** Options whose effect does not depend on time, memory or the machine. */
const options: ReadonlyArray<readonly [level: number, option: number]> = [
  ...[Linux.SO_REUSEADDR, Linux.SO_REUSEPORT, Linux.SO_BROADCAST, Linux.SO_PRIORITY, Linux.SO_RCVMARK].map(
    (option) => [SOL_SOCKET, option] as const
  ),
  [SOL_SOCKET, Linux.SO_REUSEADDR],
  [SOL_SOCKET, Linux.SO_BINDTOIFINDEX],
  [SOL_SOCKET, Linux.SO_MARK],
  ...[
    Linux.IP_TTL,
    Linux.IP_TOS,
    Linux.IP_MTU_DISCOVER,
    Linux.IP_MULTICAST_TTL,
    Linux.IP_MULTICAST_LOOP,
    Linux.IP_MULTICAST_ALL,
    Linux.IP_FREEBIND,
    Linux.IP_RECVERR,
    Linux.IP_PKTINFO,
    Linux.IP_RECVTTL,
    Linux.IP_RECVTOS,
    Linux.IP_RECVORIGDSTADDR,
    Linux.IP_RECVFRAGSIZE,
    Linux.IP_RECVERR,
    Linux.IP_UNICAST_IF
  ].map((option) => [IPPROTO_IP, option] as const),
  ...[
    Linux.IPV6_V6ONLY,
    Linux.IPV6_UNICAST_HOPS,
    Linux.IPV6_TCLASS,
    Linux.IPV6_MTU_DISCOVER,
    Linux.IPV6_MULTICAST_HOPS,
    Linux.IPV6_MULTICAST_LOOP,
    Linux.IPV6_MULTICAST_ALL,
    Linux.IPV6_MULTICAST_IF,
    Linux.IPV6_DONTFRAG,
    Linux.IPV6_FREEBIND,
    Linux.IPV6_RECVERR,
    Linux.IPV6_RECVPKTINFO,
    Linux.IPV6_RECVHOPLIMIT,
    Linux.IPV6_RECVTCLASS,
    Linux.IPV6_RECVORIGDSTADDR,
    Linux.IPV6_RECVPATHMTU
  ].map((option) => [IPPROTO_IPV6, option] as const),
  [IPPROTO_UDP, Linux.UDP_SEGMENT]
]

const values = [1, 1, 1, 1, 0, 2, 3, 64, -1, 255, 256, 70_000]
const sizes = [0, 1, 5, 100, 1400, 1500, 3000]

export const int = (value: number): ReadonlyArray<number> => [
  value & 0xff,
  (value >>> 8) & 0xff,
  (value >>> 16) & 0xff,
  (value >>> 24) & 0xff
]

/** A program of a random length: sockets are opened first, and mostly bound. */
export const draw = (random: Random): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  const families = Array.from({ length: sockets }, () => random.pick(["ipv4", "ipv4", "ipv6"] as const))
  const end = (socket: number): End => ({
    address: random.pick<string>(addresses[families[socket] ?? "ipv4"]),
    port: random.oneIn(12) ? 0 : random.pick(ports)
  })
  for (const [socket, family] of families.entries()) steps.push({ call: "open", socket, family })
  const count = 10 + random.below(25)
  for (let i = 0; i < count; i++) steps.push(drawStep(random, random.below(sockets), families, end))
  for (const socket of families.keys())
    steps.push({ call: "errors", socket }, { call: "receive", socket, slots: 8, peek: false })
  return steps
}

const drawStep = (
  random: Random,
  socket: number,
  families: ReadonlyArray<"ipv4" | "ipv6">,
  end: (socket: number) => End
): Step => {
  const family = families[socket] ?? "ipv4"
  const kind = random.below(100)
  if (kind < 22) {
    const [level, option] = random.pick(options)
    const value = int(random.pick(values))
    return { call: "set", socket, level, option, value: random.oneIn(20) ? value.slice(0, random.below(4)) : value }
  }
  if (kind < 26) {
    const [level, option] = random.pick(options)
    return { call: "get", socket, level, option, room: random.oneIn(4) ? 1 : 4 }
  }
  if (kind < 40) return { call: "bind", socket, to: end(socket) }
  if (kind < 46) return { call: "connect", socket, to: end(socket) }
  if (kind < 72) {
    const to = random.oneIn(5) ? undefined : end(socket)
    const control = random.oneIn(3) ? [drawMessage(random, family)] : []
    return { call: "send", socket, to, size: random.pick(sizes), control }
  }
  if (kind < 84) return { call: "receive", socket, slots: 1 + random.below(3), peek: random.oneIn(6) }
  if (kind < 90) {
    const option = random.pick([
      Linux.MCAST_JOIN_GROUP,
      Linux.MCAST_JOIN_GROUP,
      Linux.MCAST_LEAVE_GROUP,
      Linux.MCAST_JOIN_SOURCE_GROUP,
      Linux.MCAST_LEAVE_SOURCE_GROUP,
      Linux.MCAST_BLOCK_SOURCE,
      Linux.MCAST_UNBLOCK_SOURCE
    ])
    const isWhole = option === Linux.MCAST_JOIN_GROUP || option === Linux.MCAST_LEAVE_GROUP
    const source = isWhole ? undefined : random.pick<string>(sources[family])
    return {
      call: "group",
      socket,
      option,
      group: random.pick<string>(groups[family]),
      index: random.pick([2, 2, 1, 0, 9]),
      source
    }
  }
  return { call: random.pick(["errors", "name", "peer", "disconnect", "interrupt", "close"] as const), socket }
}

const parts = (address: string): ReadonlyArray<number> => address.split(".").map(Number)

const drawMessage = (random: Random, family: "ipv4" | "ipv6"): Message => {
  const number = random.pick([1, 2, 64, 255, 0, -1, 256])
  const index = random.pick([0, 0, 1, 2, 9])
  if (random.oneIn(8)) return { level: IPPROTO_UDP, type: Linux.UDP_SEGMENT, payload: [random.pick([0, 1, 100]), 0] }
  if (family === "ipv4") {
    const source = random.pick(["0.0.0.0", "127.0.0.1", "127.0.0.3", "10.9.0.1", "192.0.2.9"])
    return random.pick<Message>([
      { level: IPPROTO_IP, type: Linux.IP_TTL, payload: int(number) },
      { level: IPPROTO_IP, type: Linux.IP_TOS, payload: random.oneIn(2) ? [number & 0xff] : int(number) },
      { level: IPPROTO_IP, type: Linux.IP_PKTINFO, payload: [...int(index), ...parts(source), 0, 0, 0, 0] },
      { level: IPPROTO_IP, type: 99, payload: int(0) }
    ])
  }
  const source = random.pick([
    Array.from({ length: 16 }, () => 0),
    [...Array.from({ length: 15 }, () => 0), 1],
    [0xfd, 0, 0, 9, ...Array.from({ length: 11 }, () => 0), 1],
    [0x20, 1, ...Array.from({ length: 13 }, () => 0), 9]
  ])
  return random.pick<Message>([
    { level: IPPROTO_IPV6, type: Linux.IPV6_HOPLIMIT, payload: int(number) },
    { level: IPPROTO_IPV6, type: Linux.IPV6_TCLASS, payload: int(number) },
    { level: IPPROTO_IPV6, type: Linux.IPV6_DONTFRAG, payload: int(random.below(3)) },
    { level: IPPROTO_IPV6, type: Linux.IPV6_PKTINFO, payload: [...source, ...int(index)] },
    { level: IPPROTO_IPV6, type: 99, payload: int(0) }
  ])
}
