/**
 * The plan that follows from a spec on an ABI. It has the options in order, the layout of both control buffers, and the declined and
 * refused messages. It is pure data, and can be made on any machine. `decoder` and `encoder` compile it into functions.
 *
 * @since 0.1.0
 */
import {
  type Abi,
  abis,
  Codec,
  type Family,
  isUnsupported,
  type Request,
  type Row,
  SocketAddress
} from "@ancillary/control"
import { IPPROTO_UDP } from "@ancillary/control/platform/linux"
import type { ArenaLayout } from "../driver/Arena.ts"
import type { SocketKind } from "../driver/Driver.ts"
import { ask } from "./mergeRequests.ts"
import { constructorOf, families } from "../spec/families.ts"
import { errorLayout, receiveLayout, validateRoom, sendLayout } from "./layout.ts"
import { type ControlLayout, isAfterBind, type ReceiveEntry, type SendEntry, type PlannedOption } from "./parts.ts"
import { segmentSpace } from "./segmentMessage.ts"
import { type OptionValue, optionValue } from "../spec/option/definition.ts"
import { ipv6Only } from "../spec/option/ipv6Only.ts"
import { stripHeader } from "../spec/option/stripHeader.ts"
import { type MaybeShape, orUndefined } from "../spec/Maybe.ts"
import type { Backpressure, Declaration, SpecData, Truncation } from "../spec/Spec.ts"

export type { Requester, ControlLayout, MessageLayout, ReceiveEntry, SendEntry, PlannedOption } from "./parts.ts"

/**
 * Everything that follows from a spec on an ABI.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  readonly abi: Abi
  /** Shape of values that may be missing in received datagrams. */
  readonly maybe: MaybeShape
  readonly family: Family
  readonly kind: SocketKind
  /**
   * Options in the order in which they are set, before `bind`. Datagrams that are queued earlier have wrong control data or none. Only those
   * that a bound socket accepts are set after it.
   */
  readonly options: ReadonlyArray<PlannedOption>
  readonly receive: ControlLayout
  readonly send: ControlLayout
  /**
   * Layout of the control data of an error queue entry: every enabled message, and the events. Empty if no event arrives in the error
   * queue.
   */
  readonly errors: ControlLayout
  readonly receiveEntries: ReadonlyArray<ReceiveEntry>
  readonly sendEntries: ReadonlyArray<SendEntry>
  /** Messages of a datagram in the order of declaration, without events. */
  readonly received: ReadonlyArray<Declaration>
  /** Optional messages that the platform lacks. */
  readonly declined: ReadonlyArray<{ readonly key: string; readonly why: string }>
  /** Required messages that the platform lacks. `bind` fails with the first. */
  readonly refused: ReadonlyArray<{ readonly feature: string; readonly why: string; readonly remedy: string }>
  /** Options with invalid values. */
  readonly invalid: ReadonlyArray<{ readonly option: string; readonly why: string }>
  /** Maximum payload of one receive call in bytes. It exceeds `datagramBytes` if a call may receive several merged datagrams. */
  readonly receiveBytes: number
  /** Maximum size of a datagram to receive, and to send, in bytes. */
  readonly datagramBytes: number
  readonly sendBytes: number
  readonly truncation: Truncation
  readonly backpressure: Backpressure
  /** Sizes of the parts that a payload is split into, in bytes. If absent, payloads are not split. */
  readonly scatter: ReadonlyArray<number> | undefined
  /** True if payloads that the kernel merged are split again. */
  readonly splitCoalesced: boolean
}

/**
 * Maximum payloads that can be sent, in bytes. They follow from the length fields of the headers (IPv6 without jumbograms). For Unix
 * sockets it is the default limit of Linux.
 *
 * @category constants
 * @since 0.1.0
 */
export const maximumPayload = { ipv4: 65_507, ipv6: 65_527, dual: 65_527, unix: 212_960 } as const
/** Maximum payloads of ping sockets in bytes. Their payload begins with the ICMP header. */
const maximumPingPayload = { ipv4: 65_515, ipv6: 65_535 } as const
const slotBytes = { ipv4: 65_535, ipv6: 65_535, dual: 65_535, unix: 212_960 } as const

/**
 * Derives the plan of a spec. Invalid values of the spec are in `invalid`; messages that the platform lacks are in `refused` and
 * `declined`. `maybe` is the shape of values that may be missing in received datagrams; each face gives its own. Throws a `TypeError` if
 * `spec` is not a spec, or if `abi` is not one of `Abi`.
 *
 * @example
 * ```ts
 * import { Abi } from "@ancillary/control"
 * import { Datagram, Plan, withHopLimit, withPktInfo } from "@ancillary/effect3"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
 * Plan.compile(spec, Abi.linuxGlibc64).receive.bytes // => 56
 * Plan.compile(spec, Abi.winsockIa32).receive.bytes // => 36
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const compile = (spec: SpecData, abi: Abi, maybe: MaybeShape = orUndefined): Plan => {
  const known = plans.get(spec)?.get(abi)?.get(maybe)
  if (known !== undefined) return known
  if (
    typeof spec !== "object" ||
    spec === null ||
    !Array.isArray(spec.optionValues) ||
    !Array.isArray(spec.declarations)
  )
    throw new TypeError(`${Codec.format(spec)} is not a spec: give one that begins with Datagram.ipv4 or its like.`)
  if (
    typeof abi !== "object" ||
    abi === null ||
    abis.every(({ platform }) => platform !== abi.platform) ||
    abi.cmsghdr === undefined
  )
    throw new TypeError(`${Codec.format(abi)} is not an ABI: give one of Abi, such as Abi.linuxGlibc64.`)
  const plan = derive(spec, abi, maybe)
  const byAbi = plans.get(spec) ?? new WeakMap<Abi, WeakMap<MaybeShape, Plan>>()
  plans.set(spec, byAbi.set(abi, (byAbi.get(abi) ?? new WeakMap<MaybeShape, Plan>()).set(maybe, plan)))
  return plan
}

/** Programs that open many sockets bind one spec repeatedly. Those sockets share its plan and everything that is compiled from it. */
const plans = new WeakMap<SpecData, WeakMap<Abi, WeakMap<MaybeShape, Plan>>>()

const derive = (spec: SpecData, abi: Abi, maybe: MaybeShape): Plan => {
  const options: Array<PlannedOption> = []
  const arrivals: Array<ReceiveEntry> = []
  const departures: Array<SendEntry> = []
  const declined: Array<{ readonly key: string; readonly why: string }> = []
  const refused: Array<{ readonly feature: string; readonly why: string; readonly remedy: string }> = []
  const invalid: Array<{ readonly option: string; readonly why: string }> = []
  const { family, protocol } = spec

  const set = ({ encode, feature, name }: OptionValue) => {
    const encoded = encode(abi.platform, family)
    if ("invalid" in encoded) invalid.push({ option: name, why: encoded.invalid })
    else if ("unsupported" in encoded)
      refused.push({ feature, why: encoded.unsupported, remedy: "Leave it out on this platform" })
    else
      for (const call of encoded) options.push({ requestedBy: [{ feature, key: undefined, optional: false }], ...call })
  }
  const asked = ({ feature, message, optional }: Declaration, requests: ReadonlyArray<Request>) => {
    for (const request of requests) {
      const why = ask(options, { feature, key: message.key, optional }, request)
      if (why !== undefined) invalid.push({ option: feature, why })
    }
  }
  // Never for unix and ipv4. An option of the other family fails on some systems, for example on Windows when ::1 is bound.
  if (family === "ipv6" || family === "dual") set(optionValue(ipv6Only, family === "ipv6", constructorOf(spec)))
  if (protocol === "icmp" && family === "ipv4" && abi.platform === "darwin")
    set(optionValue(stripHeader, true, constructorOf(spec)))
  for (const each of spec.optionValues) set(each)

  const received: Array<Declaration> = []
  for (const declaration of spec.declarations) {
    const { direction, feature, invalid: why, message, optional } = declaration
    if (why !== undefined) invalid.push({ option: feature, why })
    const lacks = lacking(declaration, abi, spec)
    if (direction !== "send" && message.deliveredAs === "withDatagrams") received.push(declaration)
    if (lacks !== undefined) {
      if (optional) declined.push({ key: message.key, why: lacks.why })
      else refused.push({ feature, ...lacks })
      continue
    }
    for (const each of families(family)) {
      const cell = message.cell(abi.platform, each)
      if (isUnsupported(cell)) continue
      if (direction !== "send") {
        asked(declaration, cell.request)
        if (cell.receive !== undefined && !isUnsupported(cell.receive)) {
          for (const arrival of cell.receive) {
            const why = validateRoom(declaration, arrival.payload.size)
            if (why !== undefined) invalid.push({ option: feature, why })
            arrivals.push({ declaration, family: each, format: arrival })
          }
        }
      }
      if (direction !== "receive" && cell.send !== undefined && !isUnsupported(cell.send)) {
        asked(declaration, cell.send.request ?? [])
        departures.push({ declaration, family: each, format: cell.send })
      }
    }
  }

  const limit = spec.maximumDatagramSize
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= slotBytes[family])) {
    invalid.push({ option: "maximum datagram size", why: `${limit} is not an integer from 1 to ${slotBytes[family]}` })
  }
  // Every other word would be taken for one of these.
  for (const [option, given, known] of policiesOf(spec))
    if (!known.includes(given))
      invalid.push({ option, why: `${Codec.format(given)} is not ${known.map((each) => `"${each}"`).join(" or ")}` })
  const { scatter } = spec
  const scattered = scatter?.reduce((sum, bytes) => sum + bytes, 0)
  const isPart = (bytes: number) => Number.isInteger(bytes) && bytes >= 1
  if (
    scatter !== undefined &&
    !(scatter.length > 0 && scatter.every(isPart) && (scattered ?? 0) <= slotBytes[family])
  ) {
    const why = `[${scatter.join(", ")}] are not sizes of parts: one integer from 1 or more, at most ${slotBytes[family]} together`
    invalid.push({ option: "withScatter", why })
  }
  const datagramBytes = Math.min(scattered ?? limit ?? slotBytes[family], slotBytes[family])
  return {
    abi,
    maybe,
    family,
    kind: { family: family === "dual" ? "ipv6" : family, protocol },
    options: [...options.filter((each) => !isAfterBind(each)), ...options.filter(isAfterBind)],
    receive: receiveLayout(abi, arrivals),
    errors: errorLayout(abi, arrivals),
    send: sendLayout(abi, family, departures),
    receiveEntries: arrivals,
    sendEntries: departures,
    received,
    declined,
    refused,
    invalid,
    receiveBytes: spec.splitCoalesced ? slotBytes[family] : datagramBytes,
    datagramBytes,
    sendBytes: Math.min(
      limit ?? Infinity,
      protocol === "icmp" ? maximumPingPayload[family === "ipv4" ? "ipv4" : "ipv6"] : maximumPayload[family]
    ),
    truncation: spec.truncation,
    backpressure: spec.backpressure,
    scatter,
    splitCoalesced: spec.splitCoalesced
  }
}

type Policy = readonly [option: string, given: string, known: ReadonlyArray<string>]

const policiesOf = ({ backpressure, truncation }: SpecData): ReadonlyArray<Policy> => [
  ["withTruncation", truncation, ["fail", "deliver", "drop"]],
  ["withBackpressure", backpressure, ["wait", "fail", "drop"]]
]

/**
 * Layout of the arena that receives for a plan, `slots` messages at a time.
 *
 * @category layouts
 * @since 0.1.0
 */
export const receiveArena = (plan: Plan, slots: number): ArenaLayout => ({
  purpose: "receive",
  slots,
  iovecs: 1,
  addressBytes: SocketAddress.size(plan.abi, plan.kind.family),
  controlBytes: plan.receive.bytes,
  dataBytes: plan.receiveBytes
})

/** Bytes of the datagram that an error quotes. ICMPv6 quotes at most this many (RFC 4443 section 2.4). */
const quotedBytes = 1280

/**
 * Layout of the arena that reads the error queue of a plan's socket, `slots` entries at a time.
 *
 * @category layouts
 * @since 0.1.0
 */
export const errorArena = (plan: Plan, slots: number): ArenaLayout => ({
  purpose: "receive",
  slots,
  iovecs: 1,
  addressBytes: SocketAddress.size(plan.abi, plan.kind.family),
  controlBytes: plan.errors.bytes,
  dataBytes: quotedBytes
})

/** Number of payload buffers that the kernel gathers. The others are copied behind them. */
const gathered = 16

/**
 * Layout of the arena that sends for a plan, `slots` datagrams at a time. If it has several slots, a payload may be larger than one
 * datagram, because the kernel splits it. Its slots therefore have the maximum size of the family.
 *
 * @category layouts
 * @since 0.1.0
 */
export const sendArena = (plan: Plan, slots: number): ArenaLayout => ({
  purpose: "send",
  slots,
  iovecs: gathered,
  addressBytes: SocketAddress.size(plan.abi, plan.kind.family),
  controlBytes: plan.send.bytes + (slots === 1 ? 0 : segmentSpace(plan)),
  dataBytes: slots === 1 || plan.kind.protocol === "icmp" ? plan.sendBytes : maximumPayload[plan.family]
})

/** Linux: a ping socket accepts a message of UDP's level and ignores it. */
const isOfUdp = ({ receive, send }: Row<unknown, never>): boolean =>
  [receive ?? [], send ?? []].flat().some((part) => "level" in part && part.level === IPPROTO_UDP)

/** Returns the reason why the platform lacks a declared message, in any of its declared directions. */
const lacking = (
  declaration: Declaration,
  abi: Abi,
  { family, protocol }: SpecData
): { readonly why: string; readonly remedy: string } | undefined => {
  const optional = `withOptional(${declaration.feature})`
  const cells = families(family).map((each) => declaration.message.cell(abi.platform, each))
  // A datagram of either family must carry a declared message. An event is only required for the families that have it.
  const wanted = declaration.message.deliveredAs === "asEvent" ? cells.filter((cell) => !isUnsupported(cell)) : cells
  for (const cell of wanted.length === 0 ? cells : wanted) {
    if (isUnsupported(cell))
      return { why: cell.unsupported, remedy: `Declare ${optional} to go without where it is lacking` }
    if (protocol === "icmp" && isOfUdp(cell))
      return { why: "a ping socket does not speak UDP", remedy: `Leave it out, or declare ${optional}` }
    if (declaration.direction !== "send" && isUnsupported(cell.receive)) {
      return { why: cell.receive.unsupported, remedy: `Declare it with { only: "send" }, or ${optional}` }
    }
    if (declaration.direction !== "receive" && isUnsupported(cell.send)) {
      return { why: cell.send.unsupported, remedy: `Declare it with { only: "receive" }, or ${optional}` }
    }
  }
  return undefined
}
