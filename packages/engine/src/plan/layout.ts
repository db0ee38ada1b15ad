/** Offsets of messages in control buffers, and the sizes of the buffers. */
import { type Abi, Codec, ControlBuffer, type Family } from "@ancillary/control"
import type { ControlLayout, MessageLayout, ReceiveEntry, SendEntry } from "./parts.ts"
import type { Declaration } from "../spec/Spec.ts"
import { families } from "../spec/families.ts"

type Size = number | { readonly maximum: number; readonly minimum?: number | undefined }
/**
 * `types`: the type of this place and those of messages that share it. `apart`: this format arrives in addition to the others of its
 * message, not instead of them.
 */
type Unplaced = Omit<MessageLayout, "at"> & { readonly types: ReadonlyArray<number>; readonly apart?: true }

const largestOf = (size: Size): number => (typeof size === "number" ? size : size.maximum)
const smallestOf = (size: Size): number => (typeof size === "number" ? size : Math.max(1, size.minimum ?? 1))

/** Returns the reason why the declared room for a message is invalid, or `undefined`. */
export const validateRoom = ({ maximumBytes }: Declaration, size: Size): string | undefined =>
  maximumBytes === undefined || Codec.isInteger(maximumBytes, smallestOf(size), 65_535)
    ? undefined
    : `maximumBytes of ${Codec.format(maximumBytes)} is not an integer from ${smallestOf(size)} to 65535`

/** Layout of the control data of a datagram, or of an event that arrives in place of one. */
export const receiveLayout = (abi: Abi, arrivals: ReadonlyArray<ReceiveEntry>): ControlLayout =>
  layOut(
    arrivals
      .filter(({ format }) => format.event !== "errorQueue" || format.mayAccompanyDatagram === true)
      .map((planned) => toArrivingPlace(abi, planned))
  )

/**
 * Layout of the control data of an error queue entry: the messages of a datagram, then the events. If the room is too small, the kernel
 * loses the whole entry instead of truncating it.
 */
export const errorLayout = (abi: Abi, arrivals: ReadonlyArray<ReceiveEntry>): ControlLayout => {
  const isQueued = ({ format }: ReceiveEntry) => format.event === "errorQueue"
  const queued = arrivals
    .filter(isQueued)
    .map((planned) => ({ ...toArrivingPlace(abi, planned), apart: true as const }))
  const others = arrivals.filter((planned) => !isQueued(planned)).map((planned) => toArrivingPlace(abi, planned))
  return layOut(queued.length === 0 ? [] : [...others, ...queued])
}

/** Maximum room of a message. All occurrences of a repeated message share it, and many small ones take more than one large one. */
const toArrivingPlace = (abi: Abi, { format, declaration, family }: ReceiveEntry): Unplaced => {
  const { message } = declaration
  const { size } = format.payload
  // An invalid room has no layout. The plan is invalid then, so nothing is received with it.
  const maximumBytes = validateRoom(declaration, size) === undefined ? declaration.maximumBytes : undefined
  if (message.presence !== "repeated" || format.multiple === true) {
    const bound = typeof size === "number" ? size : Math.min(size.maximum, maximumBytes ?? size.maximum)
    return toPlace(abi, message.key, family, format, bound)
  }
  const room = maximumBytes ?? largestOf(size)
  const place = toPlace(abi, message.key, family, format, room)
  const many = Math.floor(room / smallestOf(size)) * ControlBuffer.space(abi, smallestOf(size))
  return { ...place, space: Math.max(place.space, many) }
}

/**
 * A datagram is sent with one occurrence of a message, as large as its codec allows. The declared room applies only to received messages.
 */
const toDepartingPlace = (abi: Abi, { declaration, format, family }: SendEntry): Unplaced =>
  toPlace(abi, declaration.message.key, family, format, largestOf(format.payload.size))

const toPlace = (
  abi: Abi,
  key: string,
  family: MessageLayout["family"],
  { level, type }: { readonly level: number; readonly type: number },
  payload: number
): Unplaced => ({
  keys: [key],
  family,
  level,
  type,
  types: [type],
  payload,
  length: ControlBuffer.length(abi, payload),
  space: ControlBuffer.space(abi, payload)
})

/**
 * Places messages one after the other. Views of one message share a place as large as the largest of them. So do the types that versions of
 * a system give to one message.
 */
const layOut = (wanted: ReadonlyArray<Unplaced>): ControlLayout => {
  const places: Array<Unplaced> = []
  for (const place of wanted) {
    const shared = places.findIndex(
      (other) =>
        (other.level === place.level && other.types.includes(place.type)) ||
        (place.apart !== true &&
          other.family === place.family &&
          other.level === place.level &&
          other.keys.some((key) => place.keys.includes(key)))
    )
    const other = places[shared]
    if (other === undefined) places.push(place)
    else {
      const larger = place.space > other.space ? place : other
      const keys = [...new Set([...other.keys, ...place.keys])]
      const types = [...new Set([...other.types, ...place.types])]
      places[shared] = { ...larger, type: other.type, types, keys }
    }
  }
  let at = 0
  const placed = places.map(({ apart: _apart, types: _types, ...place }): MessageLayout => {
    const next = { ...place, at }
    at += place.space
    return next
  })
  return { bytes: at, messages: placed }
}

/** A datagram is sent with the messages of its peer's family only. The buffer is therefore as large as the larger set. */
export const sendLayout = (abi: Abi, family: Family, departures: ReadonlyArray<SendEntry>): ControlLayout => {
  const layouts = families(family).map((each) =>
    layOut(departures.filter((planned) => planned.family === each).map((planned) => toDepartingPlace(abi, planned)))
  )
  return {
    bytes: Math.max(0, ...layouts.map(({ bytes }) => bytes)),
    messages: layouts.flatMap(({ messages }) => messages)
  }
}
