/**
 * The groups that a socket has joined. Nested memberships are counted: joined once, left with the last.
 */
import { type GroupRequest, Ipv4Address } from "@ancillary/control"
import { type Driver, type Fault, isFault, type NativeSocket } from "../Driver.ts"
import { type MembershipKind, type MembershipRow, membershipRows } from "../option/membership.ts"

/** A membership that is held by `count` scopes. */
export interface Held {
  readonly kind: MembershipKind
  readonly request: GroupRequest.GroupRequest
  readonly row: MembershipRow
  count: number
}

/** Why a membership does not go with the others, or with this host. */
export interface Refused {
  readonly reason: "AlreadyJoined" | "NotJoined" | "NoSuchInterface"
  readonly why: string
}

export class Memberships {
  #driver: Driver
  #native: NativeSocket
  #held: Array<Held> = []

  constructor(driver: Driver, native: NativeSocket) {
    this.#driver = driver
    this.#native = native
  }

  begin(kind: MembershipKind, request: GroupRequest.GroupRequest): Held | Refused | Fault {
    const held = this.#held.find((other) => other.kind === kind && isSame(other.request, request))
    if (held !== undefined) {
      held.count++
      return held
    }
    const refused = this.#conflict(kind, request) ?? this.#missing(request)
    if (refused !== undefined) return refused
    const row = this.#call(kind, request)
    if (isFault(row)) return row
    const begun: Held = { kind, request, row, count: 1 }
    this.#held.push(begun)
    return begun
  }

  end(held: Held): void {
    held.count--
    if (held.count > 0 || !this.#held.includes(held)) return
    // With a group goes what was silenced in it: there is nothing left to undo.
    const over = (other: Held) =>
      other === held || (held.kind === "group" && other.kind === "block" && isSame(other.request, held.request, true))
    this.#held = this.#held.filter((other) => !over(other))
    // A refusal changes nothing: the membership is gone, with its interface or with the socket.
    this.#native.setOption(held.row.level, held.row.end, held.row.encode(this.#driver.abi, held.request))
  }

  /**
   * Linux: a source that is joined in a group which was joined from whoever sends succeeds, narrows that to the one source, and leaves silence
   * behind when it is left. Shown by memberships.test.ts. The other way round is EADDRINUSE. Where one names an interface and the other leaves
   * it to the routes, they may mean the same.
   */
  #conflict(kind: MembershipKind, request: GroupRequest.GroupRequest): Refused | undefined {
    const same = this.#held.filter(({ request: { group } }) => group.equals(request.group))
    if (kind === "block") {
      const joined = same.some((other) => other.kind === "group" && isSame(other.request, request, true))
      const why = "is not joined on that interface: join it first, then block sources in it"
      return joined ? undefined : { reason: "NotJoined", why: `${request.group} ${why}` }
    }
    const rival = kind === "group" ? "source" : "group"
    const meets = ({ request: { interfaceIndex } }: Held) =>
      interfaceIndex === request.interfaceIndex || interfaceIndex === undefined || request.interfaceIndex === undefined
    if (!same.some((other) => other.kind === rival && meets(other))) return undefined
    const why =
      kind === "group"
        ? "is joined from single sources: leave them first, or join the group on another socket"
        : "is joined from whoever sends, and the system would narrow that to this one source: leave it first, or join the source on another socket"
    return { reason: "AlreadyJoined", why: `${request.group} ${why}` }
  }

  /** Each system has its own answer to an interface that does not exist. Where it does not tell which there are, that answer has to do. */
  #missing({ interfaceIndex }: GroupRequest.GroupRequest): Refused | undefined {
    if (interfaceIndex === undefined) return undefined
    const interfaces = this.#driver.interfaces()
    if (isFault(interfaces) || interfaces.some(({ index }) => index === interfaceIndex)) return undefined
    const there = interfaces.map(({ index, name }) => `${index} (${name})`).join(", ")
    return { reason: "NoSuchInterface", why: `There is no interface ${interfaceIndex}: this host has ${there}` }
  }

  /** The first of the ways that the system knows, or what it answered to the last. */
  #call(kind: MembershipKind, request: GroupRequest.GroupRequest): MembershipRow | Fault {
    const family = request.group instanceof Ipv4Address ? "ipv4" : "ipv6"
    let answer: Fault = { syscall: "setsockopt", code: "ENOPROTOOPT", errno: 0 }
    for (const row of membershipRows(this.#driver.abi.platform, family, kind)) {
      const fault = this.#native.setOption(row.level, row.begin, row.encode(this.#driver.abi, request))
      if (fault === undefined) return row
      answer = fault
      if (!/^(WSA)?ENOPROTOOPT$/.test(fault.code)) break
    }
    return answer
  }
}

const isSame = (a: GroupRequest.GroupRequest, b: GroupRequest.GroupRequest, ofAnySource = false): boolean =>
  a.group.equals(b.group) &&
  a.interfaceIndex === b.interfaceIndex &&
  (ofAnySource || (a.source === undefined ? b.source === undefined : a.source.equals(b.source)))
