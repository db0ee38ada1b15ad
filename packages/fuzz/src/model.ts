/**
 * The required outcome of a received slot, decoded from its bytes as plainly as possible. The fast decoder is compared with it.
 */
import { isDeepStrictEqual } from "node:util"
import { Codec, ControlBuffer, type Endpoint, type Family, SocketAddress } from "@ancillary/control"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import type { Plan } from "@ancillary/engine/plan/Plan"
import { Option } from "effect"

/** A slot as the driver returned it. */
export interface Slot {
  readonly address: Uint8Array
  readonly control: Uint8Array
  /** The part of the payload that fits. */
  readonly data: Uint8Array
  /** Its true size. */
  readonly dataLength: number
  readonly flags: number
}

/** The required outcome of a slot: none, some fault, or exactly this datagram. */
export type Expected =
  | "dropped"
  | "fault"
  | {
      readonly from: Endpoint<Family>
      readonly data: Uint8Array
      readonly control: { readonly [key: string]: unknown }
      readonly truncated: Option.Option<{ readonly size: Option.Option<number> }>
    }

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const is = (flags: number, flag: number) => (flags & flag) !== 0

export const expected = (plan: Plan, slot: Slot): Expected => {
  const { abi, family, receiveBytes, truncation } = plan
  if (slot.address.length === 0 && family !== "unix") return "fault"
  const from = SocketAddress.read(abi, viewOf(slot.address), 0, slot.address.length)
  if (Codec.isMalformed(from)) return "fault"
  const cut = is(slot.flags, ReceiveFlags.dataTruncated)
  if (cut && truncation !== "deliver") return truncation === "drop" ? "dropped" : "fault"
  const control = expectedControl(plan, from.family, slot.control)
  if (control === undefined) return "fault"
  // On a Unix socket undeclared messages may be lost, if all declared ones arrived once.
  const isThere = (value: unknown) => !Array.isArray(value) && !(Option.isOption(value) && Option.isNone(value))
  const complete = from.family === "unix" && Object.values(control).every(isThere)
  if (is(slot.flags, ReceiveFlags.controlTruncated) && !complete) return "fault"
  const size = slot.dataLength > receiveBytes ? Option.some(slot.dataLength) : Option.none()
  return { from, data: slot.data, control, truncated: cut ? Option.some({ size }) : Option.none() }
}

const expectedControl = (
  plan: Plan,
  peer: "ipv4" | "ipv6" | "unix",
  bytes: Uint8Array
): { readonly [key: string]: unknown } | undefined => {
  const { malformed, messages } = ControlBuffer.toMessages(plan.abi, bytes)
  if (malformed !== undefined) return undefined
  const record: { [key: string]: unknown } = {}
  for (const { maximumBytes, message, optional } of plan.received) {
    const values: Array<unknown> = []
    for (const { level, payload, type } of messages) {
      for (const { format, declaration, family } of plan.receiveEntries) {
        if (declaration.message.key !== message.key || family !== peer) continue
        if (format.level !== level || format.type !== type) continue
        const { size } = format.payload
        const [least, most] = typeof size === "number" ? [size, size] : [size.minimum ?? 0, size.maximum]
        if (payload.length < least || payload.length > Math.min(most, maximumBytes ?? most)) return undefined
        const value = format.payload.read(viewOf(payload), 0, payload.length)
        if (Codec.isMalformed(value)) return undefined
        // A message without a value: a pidfd that could not be made arrives as an error number.
        if (value === undefined) continue
        if (format.multiple === true && Array.isArray(value)) values.push(...(value as ReadonlyArray<unknown>))
        else values.push(value)
      }
    }
    // The last one of a message that is not repeated.
    if (message.presence === "repeated") record[message.key] = values
    else if (message.presence === "optional" || optional)
      record[message.key] = values.length > 0 ? Option.some(values.at(-1)) : Option.none()
    else if (values.length > 0) record[message.key] = values.at(-1)
    else return undefined
  }
  return record
}

/** Equal in everything, prototypes included. */
export const isSame = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b)

/**
 * The problem with the shape of a record, whatever its values. It must have exactly the declared keys, with an `Option` or an array if the
 * message requires it.
 */
export const misshapen = (plan: Plan, control: { readonly [key: string]: unknown }): string | undefined => {
  const keys = plan.received.map(({ message }) => message.key)
  if (!isSame(keys.toSorted(), Object.keys(control).toSorted()))
    return `it has ${Object.keys(control).join(", ")} where ${keys.join(", ")} are declared`
  for (const { message, optional } of plan.received) {
    const value = control[message.key]
    const fits =
      message.presence === "repeated"
        ? Array.isArray(value)
        : message.presence === "optional" || optional
          ? Option.isOption(value)
          : value !== undefined && value !== null && !Option.isOption(value)
    if (!fits) return `${message.key} is not as a message that comes '${message.presence}' is presented`
  }
  return undefined
}
