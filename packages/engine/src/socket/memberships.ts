/**
 * The groups that a socket has joined. Nested memberships are counted: joined once, left with the last. The system's notices correct the count: an
 * interface that ends takes its memberships with it.
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
  /** Whether the kernel has it: `over` if its interface ended and it was left, `doubtful` if that may be so. */
  state: "joined" | "doubtful" | "over"
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
    // Before the kernel is asked: what ends meanwhile is a notice.
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
    // With a group goes what was silenced in it: there is nothing left to undo.
    const over = (other: Held) =>
      other === held || (held.kind === "group" && other.kind === "block" && isSame(other.request, held.request, true))
    this.#held = this.#held.filter((other) => !over(other))
    // A refusal changes nothing: the membership is gone, with its interface or with the socket.
    if (held.state !== "over")
      this.#native.setOption(held.row.level, held.row.end, held.row.encode(this.#driver.abi, held.request))
    this.#unfollow()
  }

  /** Gives a membership up for all scopes that hold it: of one source, or without one of the whole group on that interface. */
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

  /** With its socket. */
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
   * Linux: a socket keeps the entry of a group when its interface ends. Another interface that gets the index does not hear the group, joining again is
   * EADDRINUSE, and leaving then takes the group from whichever socket has joined it there. So every socket of this process leaves first, as soon as
   * it is noticed, and then those whose interface is there again join.
   */
  #follower: Follower = ({ ended, lost }) => {
    const gone = this.#held.filter(
      ({ request, state }) => state === "joined" && ended.some((each) => isOn(each, request))
    )
    const groups = gone.map(({ request }) => request)
    for (const held of gone) held.state = "over"
    for (const request of groups) this.#leaveGroup(request)
    // The routes chose the interface, or notices are missing: it may be one that ended. Looked after when it is asked for again.
    for (const held of this.#held)
      if (held.state === "joined" && (lost || (held.request.interfaceIndex === undefined && ended.length > 0)))
        held.state = "doubtful"
    return gone.length === 0
      ? undefined
      : () => {
          // One whose interface is not there yet is refused, and joined when it is asked for again.
          for (const held of gone) if (held.state === "over") this.#renew(held)
        }
  }

  /** Joins again what an interface took with it: the group of a membership, its sources, and what was silenced in it. */
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

  /** The whole group: Linux needs no interface for that, while leaving a single source needs the one that is gone. */
  #leaveGroup(request: GroupRequest.GroupRequest): void {
    const group = { ...request, source: undefined }
    this.#end(this.#rows("group", group), group)
  }

  /** By the first of the ways that the system knows. */
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

/** Whether the system does not know an option. */
const isUnknown = ({ code }: Fault): boolean => /^(WSA)?ENOPROTOOPT$/.test(code)

/** Whether a membership was on an interface that ended. */
const isOn = ({ family, index }: EndedInterface, { group, interfaceIndex }: GroupRequest.GroupRequest): boolean =>
  interfaceIndex === index && (family === undefined || family === group.family)

const isSame = (a: GroupRequest.GroupRequest, b: GroupRequest.GroupRequest, ofAnySource = false): boolean =>
  a.group.equals(b.group) &&
  a.interfaceIndex === b.interfaceIndex &&
  (ofAnySource || (a.source === undefined ? b.source === undefined : a.source.equals(b.source)))
