/** Decodes the control data of an error queue entry, or of an event in place of a datagram. The result is the values of its messages. */
import {
  Codec,
  ControlBuffer,
  HopLimit,
  isUnsupported,
  type PacketInfo,
  PktInfo,
  type Stamps,
  Timestamp,
  Timestamping,
  TrafficClass
} from "@ancillary/control"
import type { Arena } from "../driver/Arena.ts"
import type { Plan, ReceiveEntry } from "../plan/Plan.ts"
import type { Declaration } from "../spec/Spec.ts"
import { families } from "../spec/families.ts"
import { oncePerPlan } from "../plan/memoize.ts"

/** The value of one message, and the message. */
export interface EventPart {
  readonly message: Declaration["message"]
  readonly value: unknown
}

/**
 * Metadata of the ICMP packet itself, which the kernel adds to an error queue entry. A field is absent if no declared message requests it.
 */
export interface IcmpPacket {
  readonly info?: PacketInfo<"dual">
  readonly hopLimit?: number
  readonly trafficClass?: number
  /** Nanoseconds since 1970-01-01T00:00:00Z. */
  readonly timestamp?: bigint
}

/** All values of an entry. */
export interface EventEntry {
  readonly parts: ReadonlyArray<EventPart>
  readonly packet: IcmpPacket
}

export type ReadEvent = (arena: Arena, slot: number, peer: "ipv4" | "ipv6" | "unix") => EventEntry

/**
 * Compile the readers of a plan, one for each way that events arrive. A message is ignored if it is truncated or malformed, or if its
 * definition throws.
 */
export const queueReader = oncePerPlan((plan) => eventReader(plan, "errorQueue"))
export const pseudoReader = oncePerPlan((plan) => eventReader(plan, "pseudoDatagram"))

/** Format of a field of an ICMP packet from peers of a family, and its name. */
interface Field extends Pick<ReceiveEntry, "format" | "family"> {
  readonly toPacket: (value: unknown) => IcmpPacket
}

/**
 * The messages that describe any packet. They arrive in the same way, whichever message of a spec requested them (`withEcn()` for the
 * traffic class). The cell of a definition has lost the type of its values.
 */
const ofPackets = [
  [PktInfo, (value: unknown): IcmpPacket => ({ info: value as PacketInfo<"dual"> })],
  [HopLimit, (value: unknown): IcmpPacket => ({ hopLimit: value as number })],
  [TrafficClass, (value: unknown): IcmpPacket => ({ trafficClass: value as number })],
  [Timestamp, (value: unknown): IcmpPacket => ({ timestamp: value as bigint })],
  // Linux: delivered after the other stamp, and correct if that one is the time of the read.
  [
    Timestamping,
    (value: unknown): IcmpPacket => {
      const { software } = value as Stamps
      return software === undefined ? {} : { timestamp: software }
    }
  ]
] as const

const fieldsOf = ({ abi, family }: Plan): ReadonlyArray<Field> =>
  ofPackets.flatMap(([message, toPacket]) =>
    families(family).flatMap((each) => {
      const cell = message.cell(abi.platform, each)
      return isUnsupported(cell) || cell.receive === undefined || isUnsupported(cell.receive)
        ? []
        : cell.receive.map((arrival) => ({ format: arrival, family: each, toPacket }))
    })
  )

const eventReader = (plan: Plan, way: "errorQueue" | "pseudoDatagram"): ReadEvent => {
  const wanted = plan.receiveEntries.filter(({ format }) => format.event === way)
  const fields = fieldsOf(plan)
  const cursor = new ControlBuffer.Cursor(plan.abi)
  const value = ({ level, payload, type }: ReceiveEntry["format"], view: DataView): unknown => {
    if (type !== cursor.type || level !== cursor.level || !fits(payload.size, cursor.payloadLength)) return undefined
    try {
      const read = payload.read(view, cursor.payloadAt, cursor.payloadLength)
      return Codec.isMalformed(read) ? undefined : read
    } catch {
      // A definition of the program.
      return undefined
    }
  }
  return (arena, slot, peer) => {
    const parts: Array<EventPart> = []
    let packet: IcmpPacket = {}
    cursor.reset(arena.view, arena.controlAt(slot), arena.controlLength(slot))
    while (cursor.next()) {
      for (const { format, declaration } of wanted) {
        const read = value(format, arena.view)
        if (read !== undefined) parts.push({ message: declaration.message, value: read })
      }
      for (const { format, family, toPacket } of fields) {
        const read = family === peer ? value(format, arena.view) : undefined
        if (read !== undefined) packet = { ...packet, ...toPacket(read) }
      }
    }
    return { parts, packet }
  }
}

const fits = (size: Codec.Codec<unknown>["size"], bytes: number): boolean =>
  typeof size === "number" ? bytes === size : bytes >= (size.minimum ?? 0) && bytes <= size.maximum
