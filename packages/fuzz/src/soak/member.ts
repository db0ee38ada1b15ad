/**
 * A socket of the soak with its model: the datagrams that are on their way to it, and the losses that the laws allow.
 */
import type { DatagramSocket } from "@ancillary/effect3"
import type { Scope } from "effect"
import type { Random } from "../random.ts"

/** A socket whose types were drawn. A connected one has no `join` and no `block`. */
export type AnySocket = DatagramSocket<"ipv4", never>

/** The values that a datagram carries, by the key of their message. */
export interface Carried {
  readonly hopLimit: number
  readonly classByte: number
  /** The files whose descriptors were sent, by inode. */
  readonly inodes: ReadonlyArray<number>
}

/** A datagram that was sent to a socket and has not been read. */
export interface Due {
  readonly id: number
  readonly sender: Member
  /** The address and port, or the path, that the receiver must see. */
  readonly from: string
  readonly destination: string
  readonly delivery: "unicast" | "multicast"
  readonly carried: Carried
  /** `maybe`: the send was interrupted, or silently dropped. */
  state: "sent" | "maybe"
}

export type MemberFamily = "ipv4" | "ipv6" | "dual" | "unix"

export interface MemberOptions {
  readonly name: string
  readonly family: MemberFamily
  readonly socket: AnySocket
  readonly scope: Scope.CloseableScope
  /** Keys of the messages that were declared, for both directions. */
  readonly declares: ReadonlySet<string>
  /** Keys whose values arrive as an `Option`. */
  readonly optional: ReadonlySet<string>
  readonly backpressure: "drop" | "fail" | "wait"
  /** The one address it is bound to, or any. */
  readonly address: string | undefined
  /** The socket it is connected to, which may be unable to answer. */
  readonly peer: Member | undefined
}

/** Maximum datagrams of one read: the number of slots, each of which may be coalesced from as many. */
const slots = 64

export class Member {
  readonly name: string
  readonly family: MemberFamily
  readonly socket: AnySocket
  readonly scope: Scope.CloseableScope
  readonly declares: ReadonlySet<string>
  readonly optional: ReadonlySet<string>
  readonly backpressure: MemberOptions["backpressure"]
  readonly address: string | undefined
  /** Set once for the second socket of a pair. */
  peer: Member | undefined
  closed = false

  // The values that the kernel must return after live changes.
  defaultHopLimit = 64
  defaultClass = 0

  readonly due = new Map<number, Due>()
  /** Bytes of the receive buffer that the datagrams on their way may take. */
  dueBytes = 0
  readonly seen = new Set<number>()
  recorded = 0
  strangers = 0
  /** Datagrams that readers may have lost by an early stop. */
  forgone = 0
  /** True if a server has read it. */
  served = false
  /** True if datagrams may have been put back or split. Those have memory of their own. */
  gaveBack: boolean
  /** Datagrams that were certainly sent, and those that may have been sent. */
  sent = 0
  maybeSent = 0
  /** Groups by how many scopes hold them. */
  readonly groups = new Map<string, number>()
  /** Error reports and stamps that are due, by number. */
  readonly dead = new Map<number, number>()
  readonly stamps = new Set<number>()
  readonly seenEvents = new Set<string>()
  events = 0
  eventsForgone = 0
  /** True if an unreachable peer may fail its reads and sends. */
  unreachable = false
  /** The last datagrams that were read and can be answered. */
  readonly asked: Array<{ readonly datagram: unknown; readonly due: Due }> = []

  constructor(options: MemberOptions) {
    this.name = options.name
    this.family = options.family
    this.socket = options.socket
    this.scope = options.scope
    this.declares = options.declares
    this.gaveBack = options.declares.has("coalescedSize")
    this.optional = options.optional
    this.backpressure = options.backpressure
    this.address = options.address
    this.peer = options.peer
  }

  get port(): number {
    return this.socket.localAddress.port
  }

  get path(): string | undefined {
    return (this.socket.localAddress as unknown as { readonly path: string | undefined }).path
  }

  /** Datagrams that a reader gives up at most if it stops early. */
  get batch(): number {
    return slots * (this.declares.has("coalescedSize") ? slots : 1)
  }

  expect(due: Due, bytes: number): void {
    this.due.set(due.id, due)
    this.dueBytes += bytes
  }

  /** True if a datagram of another socket arrives here. */
  hears(sender: Member): boolean {
    if (this.closed || (this.peer !== undefined && this.peer !== sender)) return false
    if (sender.peer !== undefined && sender.peer !== this) return false
    if ((sender.family === "unix") !== (this.family === "unix")) return false
    if (this.family === "unix") return sender.peer === this || this.path !== undefined
    return this.peerFamilies.some((family) => sender.peerFamilies.includes(family))
  }

  get peerFamilies(): ReadonlyArray<"ipv4" | "ipv6"> {
    if (this.peer !== undefined && this.family !== "unix") return [this.connectedFamily]
    if (this.family === "unix") return []
    if (this.address !== undefined) return [this.address.includes(":") ? "ipv6" : "ipv4"]
    return this.family === "dual" ? ["ipv4", "ipv6"] : [this.family]
  }

  /** Of a connected socket. */
  connectedFamily: "ipv4" | "ipv6" = "ipv4"

  /** The address to send to, and the family that it is of. */
  addressFor(random: Random, family: "ipv4" | "ipv6"): string {
    if (this.address !== undefined) return this.address
    if (family === "ipv6") return "::1"
    return this.peer === undefined ? `127.0.${random.below(256)}.${1 + random.below(254)}` : "127.0.0.1"
  }
}
