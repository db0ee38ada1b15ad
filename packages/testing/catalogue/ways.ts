/**
 * Everything that the library defines, as rows. A row is one platform's support of a message or an option for a family,
 * or its absence with the reason. The definitions are found among the exports, so a new one appears automatically.
 */
import * as control from "@ancillary/control"
import {
  abis,
  type Unsupported,
  type ReceiveFormat,
  type Codec,
  type ControlMessage,
  Ipv4Address,
  Ipv6Address,
  isUnsupported,
  isMessage,
  type Message,
  type Platform,
  type Presence,
  type Request
} from "@ancillary/control"
import { SocketOption } from "@ancillary/effect3"
import { ipv6Only } from "@ancillary/engine/spec/option/ipv6Only"
import { type MembershipKind, membershipRows } from "@ancillary/engine/spec/option/membership"
import { stripHeader } from "@ancillary/engine/spec/option/stripHeader"

export type RowFamily = "ipv4" | "ipv6" | "unix"
/** `event`: received, but without a datagram. `set`: an option. */
export type Direction = "received" | "event" | "sent" | "set"

/** A message, or an option. */
export interface Subject {
  /** The exported name, which identifies its source. */
  readonly name: string
  /** The key in `datagram.control`. For an option, its exported name. */
  readonly key: string
  /** Absent for an option, and for a message that never accompanies a datagram. */
  readonly presence: Presence | undefined
}

interface Place {
  readonly subject: Subject
  readonly platform: Platform
  readonly family: RowFamily
}

export interface Mark extends Pick<ReceiveFormat<unknown>, "level" | "type" | "event"> {
  readonly size: Codec.Codec<unknown>["size"]
  /** Presence of a received message. */
  readonly read: ReceiveFormat<unknown>["payload"]["read"] | undefined
}

export interface Way extends Place {
  readonly direction: Direction
  /** Requests that enable it on a socket. */
  readonly asks: ReadonlyArray<Request>
  /** Several if versions of a system differ in what they deliver. */
  readonly marks: ReadonlyArray<Mark>
  readonly privilege: string | undefined
}

export interface Lack extends Place {
  readonly lacks: "received" | "sent" | "both"
  readonly why: string
}

export type Row = `${Platform} ${RowFamily} ${string} ${Direction}`

export const rowOf = ({ direction, family, platform, subject }: Way): Row =>
  `${platform} ${family} ${subject.key} ${direction}`

export const isWay = (entry: Way | Lack): entry is Way => "marks" in entry

export const platforms: ReadonlyArray<Platform> = ["linux", "winsock", "darwin"]
const families: ReadonlyArray<RowFamily> = ["ipv4", "ipv6", "unix"]
const places = platforms.flatMap((platform) => families.map((family) => ({ platform, family })))

const ofMessage = (name: string, message: Message<ControlMessage.Any>): ReadonlyArray<Way | Lack> => {
  const event = message.deliveredAs === "asEvent"
  const withDatagrams = message.deliveredAs === "withDatagrams"
  const subject = { name, key: message.key, presence: withDatagrams ? message.presence : undefined }
  return places.flatMap(({ family, platform }): ReadonlyArray<Way | Lack> => {
    if (!message.families.includes(family)) return []
    const cell = message.cell(platform, family)
    const place = { subject, platform, family }
    const lack = (lacks: Lack["lacks"], { unsupported }: Unsupported): Lack => ({ ...place, lacks, why: unsupported })
    if (isUnsupported(cell)) return [lack("both", cell)]
    const { receive, request, send } = cell
    const entries: Array<Way | Lack> = []
    if (isUnsupported(receive)) entries.push(lack("received", receive))
    else if (receive !== undefined) {
      const marks = receive.map(({ payload: { read, size }, ...mark }) => ({ ...mark, read, size }))
      entries.push({ ...place, direction: event ? "event" : "received", asks: request, marks, privilege: undefined })
    }
    if (isUnsupported(send)) entries.push(lack("sent", send))
    else if (send !== undefined) {
      const { level, payload, privilege, request: asks = [], type } = send
      const marks = [{ level, type, size: payload.size, read: undefined }]
      entries.push({ ...place, direction: "sent", asks, marks, privilege })
    }
    return entries
  })
}

/** An option with any value type, because the type does not matter here. */
type Option = Pick<SocketOption.SocketOption<unknown, RowFamily>, "name" | "cell">

const isOption = (value: unknown): value is Option =>
  typeof value === "object" && value !== null && "cell" in value && "name" in value

const ofOption = (name: string, option: Option): ReadonlyArray<Way | Lack> => {
  const subject = { name, key: name, presence: undefined }
  return places.flatMap(({ family, platform }): ReadonlyArray<Way | Lack> => {
    const cell = option.cell(platform, family)
    const place = { subject, platform, family }
    if (cell === undefined) return []
    if (isUnsupported(cell)) return [{ ...place, lacks: "both", why: cell.unsupported }]
    const { codec, level, option: type, privilege } = cell
    return [
      { ...place, direction: "set", asks: [], marks: [{ level, type, size: codec.size, read: undefined }], privilege }
    ]
  })
}

/** Groups are set like options, and the program calls `socket.join` and `socket.block`. */
const ofMembership = (kind: MembershipKind): ReadonlyArray<Way | Lack> => {
  const subject = { name: "membershipRows", key: memberships[kind], presence: undefined }
  return places.flatMap(({ family, platform }): ReadonlyArray<Way | Lack> => {
    if (family === "unix") return []
    const { unspecified } = family === "ipv4" ? Ipv4Address : Ipv6Address
    const request = {
      group: unspecified,
      interfaceIndex: undefined,
      source: kind === "group" ? undefined : unspecified
    }
    const marks = membershipRows(platform, family, kind).map(({ begin, encode, level }) => {
      const sizes = abis.filter((abi) => abi.platform === platform).map((abi) => encode(abi, request).length)
      const size = { minimum: Math.min(...sizes), maximum: Math.max(...sizes) }
      return { level, type: begin, size, read: undefined }
    })
    return [{ subject, platform, family, direction: "set", asks: [], marks, privilege: undefined }]
  })
}

const memberships: { readonly [K in MembershipKind]: string } = {
  group: "join",
  source: "joinSource",
  block: "block"
}

const found = <A>(
  exported: { readonly [name: string]: unknown },
  is: (value: unknown) => value is A,
  entries: (name: string, value: A) => ReadonlyArray<Way | Lack>
) =>
  Object.entries(exported)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => (is(value) ? [entries(name, value)] : []))

/** The entries of each message. */
export const messages: ReadonlyArray<ReadonlyArray<Way | Lack>> = found(control, isMessage, ofMessage)

/** The entries of each option, including those that the family of a spec sets, and of memberships. */
export const options: ReadonlyArray<ReadonlyArray<Way | Lack>> = [
  ...found({ ...SocketOption, ipv6Only, stripHeader }, isOption, ofOption),
  ...(["group", "source", "block"] as const).map(ofMembership)
]

export const ways: ReadonlyArray<Way> = [...messages, ...options].flat().filter(isWay)

export const fits = (size: Mark["size"], bytes: number): boolean =>
  typeof size === "number" ? bytes === size : bytes >= (size.minimum ?? 0) && bytes <= size.maximum
