/**
 * Groups that a socket has joined. Nested memberships are counted: joined once, left with the last. The system's notices correct the count,
 * because an interface that ends takes its memberships with it.
 */
import { type GroupRequest, Ipv4Address } from "@ancillary/control"
import { type Driver, type EndedInterface, type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import { type MembershipKind, type MembershipRow, membershipRows } from "../spec/option/membership.ts"
import { type Follower, Notices } from "../driver/interfaceNotices.ts"
import type { Names } from "../driver/zones.ts"

/** A membership that is held by `count` scopes. */
export interface Held {
  readonly kind: MembershipKind
  readonly request: GroupRequest.GroupRequest
  row: MembershipRow
  count: number
  /** State in the kernel. It is `over` if its interface ended and it was left, and `doubtful` if that may be true. */
  state: "joined" | "doubtful" | "over"
}

/** Reason why a membership conflicts with others, or is impossible on this host. */
export interface Refused {
  readonly reason: "AlreadyJoined" | "NotJoined" | "NoSuchInterface"
  readonly why: string
}

export class Memberships {
  #driver: Driver
  #native: NativeSocket
  #held: Array<Held> = []
  #notices: Notices
  #isFollowing = false

  constructor(driver: Driver, native: NativeSocket) {
    this.#driver = driver
    this.#native = native
    this.#notices = Notices.of(driver)
  }

  /** Finds the interface that the zone of a group names. */
  get names(): Names {
    return this.#driver
  }

  begin(kind: MembershipKind, request: GroupRequest.GroupRequest): Held | Refused | Fault {
    this.#look()
    const stale = this.#held.find((other) => other.state !== "joined" && isSame(other.request, request, true))
    const failed = stale === undefined ? undefined : (this.#missing(request) ?? this.#renew(stale))
    if (failed !== undefined) return failed
    const held = this.#held.find((other) => other.kind === kind && isSame(other.request, request))
    if (held !== undefined) {
      held.count++
      return held
    }
    const refused = this.#conflict(kind, request) ?? this.#missing(request)
    if (refused !== undefined) return refused
    // Before the system call, so that there is a notice if the interface ends during it.
    this.#follow()
    const row = this.#call(kind, request)
    if (isFault(row)) {
      this.#unfollow()
      return row
    }
    const begun: Held = { kind, request, row, count: 1, state: "joined" }
    this.#held.push(begun)
    return begun
  }

  end(held: Held): void {
    held.count--
    if (held.count > 0 || !this.#held.includes(held)) return
    this.#look()
    // Leaving a group also removes its blocked sources, so they need no call.
    const over = (other: Held) =>
      other === held || (held.kind === "group" && other.kind === "block" && isSame(other.request, held.request, true))
    this.#held = this.#held.filter((other) => !over(other))
    // An error has no effect, because the membership ended with its interface or with the socket.
    if (held.state !== "over")
      this.#native.setOption(held.row.level, held.row.end, held.row.encode(this.#driver.abi, held.request))
    this.#unfollow()
  }

  /** Leaves a membership of one source for all scopes that hold it. Without a source it leaves the whole group on that interface. */
  leave(request: GroupRequest.GroupRequest): Fault | undefined {
    this.#look()
    const one = request.source !== undefined
    const left = this.#held.filter(
      ({ kind, request: held }) => (one ? kind === "source" : true) && isSame(held, request, !one)
    )
    this.#held = this.#held.filter((held) => !left.includes(held))
    this.#unfollow()
    if (left.length > 0 && left.every(({ state }) => state === "over")) return undefined
    const kind = one ? "source" : "group"
    const row = left.find((held) => held.kind === kind)?.row
    return this.#end(row === undefined ? this.#rows(kind, request) : [row], request)
  }

  /** Drops all memberships, because the socket is closed. */
  close(): void {
    this.#held = []
    this.#unfollow()
  }

  #follow(): void {
    this.#isFollowing ||= this.#notices.follow(this.#follower)
  }

  #unfollow(): void {
    if (!this.#isFollowing || this.#held.length > 0) return
    this.#isFollowing = false
    this.#notices.leave(this.#follower)
  }

  #look(): void {
    if (this.#isFollowing) this.#notices.take()
  }

  /**
   * Linux: a socket keeps the entry of a group after its interface ends. If another interface gets the index, the socket does not receive
   * the group there, and joining again fails with EADDRINUSE. Leaving then removes the group from whichever socket has joined it there.
   * Therefore every socket of this process leaves when it takes the notice. After that, sockets whose interface exists again join.
   */
  #follower: Follower = ({ ended, lost }) => {
    const gone = this.#held.filter(
      ({ request, state }) => state === "joined" && ended.some((each) => isOn(each, request))
    )
    const groups = gone.map(({ request }) => request)
    for (const held of gone) held.state = "over"
    for (const request of groups) this.#leaveGroup(request)
    // The routes chose the interface, or notices are missing, so its interface may have ended. The next request for it checks that.
    for (const held of this.#held)
      if (held.state === "joined" && (lost || (held.request.interfaceIndex === undefined && ended.length > 0)))
        held.state = "doubtful"
    return gone.length === 0
      ? undefined
      : () => {
          // If its interface does not exist yet, the call fails, and the next request for it joins.
          for (const held of gone) if (held.state === "over") this.#renew(held)
        }
  }

  /** Joins again after an interface took the memberships with it: the group, its sources, and its blocked sources. */
  #renew(held: Held): Fault | undefined {
    const ofGroup = this.#held.filter(({ request }) => isSame(request, held.request, true))
    if (held.state === "doubtful") this.#leaveGroup(held.request)
    const begins = (kind: MembershipKind) => (kind === "block" ? 1 : 0)
    for (const each of ofGroup) each.state = "over"
    for (const each of ofGroup.toSorted((a, b) => begins(a.kind) - begins(b.kind))) {
      const row = this.#call(each.kind, each.request)
      if (isFault(row)) return row
      each.row = row
      each.state = "joined"
    }
    return undefined
  }

  /** Leaves the whole group. Linux requires no interface for that, while leaving a single source requires the interface that is gone. */
  #leaveGroup(request: GroupRequest.GroupRequest): void {
    const group = { ...request, source: undefined }
    this.#end(this.#rows("group", group), group)
  }

  /** Calls the first option that the system supports. */
  #end(rows: ReadonlyArray<MembershipRow>, request: GroupRequest.GroupRequest): Fault | undefined {
    let answer: Fault | undefined
    for (const row of rows) {
      answer = this.#native.setOption(row.level, row.end, row.encode(this.#driver.abi, request))
      if (answer === undefined || !isUnknown(answer)) return answer
    }
    return answer
  }

  #rows(kind: MembershipKind, { group }: GroupRequest.GroupRequest): ReadonlyArray<MembershipRow> {
    return membershipRows(this.#driver.abi.platform, group instanceof Ipv4Address ? "ipv4" : "ipv6", kind)
  }

  /**
   * Linux: if a group is joined from any source, joining one source of it succeeds and restricts the group to it. When that source is left,
   * nothing is received any more. Shown by memberships.test.ts. The reverse order fails with EADDRINUSE. If one request names an interface
   * and the other leaves it to the routes, they may mean the same interface.
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

  /** Each system has its own error for an interface that does not exist. If the system does not list its interfaces, that error is used. */
  #missing({ interfaceIndex }: GroupRequest.GroupRequest): Refused | undefined {
    if (interfaceIndex === undefined) return undefined
    const interfaces = this.#driver.interfaces()
    if (isFault(interfaces) || interfaces.some(({ index }) => index === interfaceIndex)) return undefined
    const there = interfaces.map(({ index, name }) => `${index} (${name})`).join(", ")
    return { reason: "NoSuchInterface", why: `There is no interface ${interfaceIndex}: this host has ${there}` }
  }

  /** Returns the first row that the system supports, or the fault of the last one. */
  #call(kind: MembershipKind, request: GroupRequest.GroupRequest): MembershipRow | Fault {
    let answer: Fault = { syscall: "setsockopt", code: "ENOPROTOOPT", errno: 0 }
    for (const row of this.#rows(kind, request)) {
      const fault = this.#native.setOption(row.level, row.begin, row.encode(this.#driver.abi, request))
      if (fault === undefined) return row
      answer = fault
      if (!isUnknown(fault)) break
    }
    return answer
  }
}

/** True if the system does not support an option. */
const isUnknown = ({ code }: Fault): boolean => /^(WSA)?ENOPROTOOPT$/.test(code)

/** True if a membership was on an interface that ended. */
const isOn = ({ family, index }: EndedInterface, { group, interfaceIndex }: GroupRequest.GroupRequest): boolean =>
  interfaceIndex === index && (family === undefined || family === group.family)

const isSame = (a: GroupRequest.GroupRequest, b: GroupRequest.GroupRequest, ofAnySource = false): boolean =>
  a.group.equals(b.group) &&
  a.interfaceIndex === b.interfaceIndex &&
  (ofAnySource || (a.source === undefined ? b.source === undefined : a.source.equals(b.source)))
