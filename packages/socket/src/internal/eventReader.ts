/**
 * From the control data of an entry of the error queue, or of what came in place of a datagram, to what each message of an event says.
 */
import { Codec, ControlBuffer, type PacketInfo } from "@ancillary/control"
import type { Arena } from "../Arena.ts"
import type { Plan, PlannedArrival } from "../Plan.ts"
import type { Declaration } from "../Spec.ts"
import { oncePerPlan } from "./oncePerPlan.ts"

/** What one message says, and which. */
export interface EventPart {
  readonly message: Declaration["message"]
  readonly value: unknown
}

/** All that an entry says. */
export interface EventEntry {
  readonly parts: ReadonlyArray<EventPart>
  /** Packet information, which is the ICMP packet's in an entry of the error queue. */
  readonly packet: PacketInfo<"dual"> | undefined
}

export type ReadEvent = (arena: Arena, slot: number, peer: "ipv4" | "ipv6" | "unix") => EventEntry

/** Compile the readers of a plan, for each way that events come. A message that is cut or malformed says nothing. */
export const queueReader = oncePerPlan((plan) => eventReader(plan, "errorQueue"))
export const pseudoReader = oncePerPlan((plan) => eventReader(plan, "pseudoDatagram"))

const eventReader = (plan: Plan, way: "errorQueue" | "pseudoDatagram"): ReadEvent => {
  const wanted = plan.arrivals.filter(({ arrival }) => arrival.event === way)
  // As `delivery` knows it: by the key of a message that is not special otherwise.
  const packets = plan.arrivals.filter(({ declaration }) => declaration.message.key === "pktInfo")
  const cursor = new ControlBuffer.Cursor(plan.abi)
  const value = ({ arrival: { level, payload, type } }: PlannedArrival, view: DataView): unknown => {
    if (type !== cursor.type || level !== cursor.level || !fits(payload.size, cursor.payloadLength)) return undefined
    const read = payload.read(view, cursor.payloadAt, cursor.payloadLength)
    return Codec.isMalformed(read) ? undefined : read
  }
  return (arena, slot, peer) => {
    const parts: Array<EventPart> = []
    let packet: PacketInfo<"dual"> | undefined
    cursor.reset(arena.view, arena.controlAt(slot), arena.controlLength(slot))
    while (cursor.next()) {
      for (const planned of wanted) {
        const read = value(planned, arena.view)
        if (read !== undefined) parts.push({ message: planned.declaration.message, value: read })
      }
      for (const planned of packets) {
        // What the definition of packet information reads; the erased plan cannot say so.
        const read = planned.family === peer ? value(planned, arena.view) : undefined
        if (read !== undefined) packet = read as PacketInfo<"dual">
      }
    }
    return { parts, packet }
  }
}

const fits = (size: Codec.Codec<unknown>["size"], bytes: number): boolean =>
  typeof size === "number" ? bytes === size : bytes >= (size.minimum ?? 0) && bytes <= size.maximum
