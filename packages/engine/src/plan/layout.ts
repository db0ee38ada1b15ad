/**
 * Where messages lie in control buffers, and how large those are.
 */
import { type Abi, Codec, ControlBuffer, type Family } from "@ancillary/control"
import type { ControlLayout, MessageLayout, ReceiveEntry, SendEntry } from "./parts.ts"
import type { Declaration } from "../spec/Spec.ts"
import { families } from "../spec/families.ts"

type Size = number | { readonly maximum: number; readonly minimum?: number | undefined }
/**
 * `types`: that of the place, and the others that share it. `apart`: it comes beside the others of its message, not instead of them.
 */
type Unplaced = Omit<MessageLayout, "at"> & { readonly types: ReadonlyArray<number>; readonly apart?: true }

const largestOf = (size: Size): number => (typeof size === "number" ? size : size.maximum)
const smallestOf = (size: Size): number => (typeof size === "number" ? size : Math.max(1, size.minimum ?? 1))

/** Why the room that is declared for a message is none. */
export const validateRoom = ({ maximumBytes }: Declaration, size: Size): string | undefined =>
  maximumBytes === undefined || Codec.isInteger(maximumBytes, smallestOf(size), 65_535)
    ? undefined
    : `maximumBytes of ${Codec.format(maximumBytes)} is not an integer from ${smallestOf(size)} to 65535`

/** What comes with a datagram, or in place of one. */
export const receiveLayout = (abi: Abi, arrivals: ReadonlyArray<ReceiveEntry>): ControlLayout =>
  layOut(
    arrivals
      .filter(({ format }) => format.event !== "errorQueue" || format.mayAccompanyDatagram === true)
      .map((planned) => toArrivingPlace(abi, planned))
  )

/**
 * What comes with an entry of the error queue: whatever comes with a datagram, and behind it the events. Too little room does not cut an entry
 * but loses it.
 */
export const errorLayout = (abi: Abi, arrivals: ReadonlyArray<ReceiveEntry>): ControlLayout => {
  const isQueued = ({ format }: ReceiveEntry) => format.event === "errorQueue"
  const queued = arrivals
    .filter(isQueued)
    .map((planned) => ({ ...toArrivingPlace(abi, planned), apart: true as const }))
  const others = arrivals.filter((planned) => !isQueued(planned)).map((planned) => toArrivingPlace(abi, planned))
  return layOut(queued.length === 0 ? [] : [...others, ...queued])
}

/** What a message takes at most. Several of a repeated one share their room, and many small ones take more of it than a single large one. */
const toArrivingPlace = (abi: Abi, { format, declaration, family }: ReceiveEntry): Unplaced => {
  const { message } = declaration
  const { size } = format.payload
  // A room that is refused has no layout: the plan is invalid, and nothing is received by it.
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

/** One message goes with a datagram, as large as its codec allows: what is declared as room is for peers. */
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
 * Puts messages behind each other. Views of one message, and the types that versions of a system give to one, share a place as large as the
 * largest of them.
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

/** One family's messages go with a datagram, its peer's: the buffer is as large as the larger set. */
export const sendLayout = (abi: Abi, family: Family, departures: ReadonlyArray<SendEntry>): ControlLayout => {
  const layouts = families(family).map((each) =>
    layOut(departures.filter((planned) => planned.family === each).map((planned) => toDepartingPlace(abi, planned)))
  )
  return {
    bytes: Math.max(0, ...layouts.map(({ bytes }) => bytes)),
    messages: layouts.flatMap(({ messages }) => messages)
  }
}
