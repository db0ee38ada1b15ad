/**
 * Random specs, of every message that the library exports: a new one is fuzzed without being added here.
 */
import * as control from "@ancillary/control"
import { type Abi, type ControlMessage, type Family, isUnsupported, type Message, type Row } from "@ancillary/control"
import { Plan, withMaximumDatagramSize } from "@ancillary/effect3"
import { declare, make, type Spec, withOptional } from "@ancillary/engine/spec/Spec"
import type { Random } from "./random.ts"

type AnyMessage = Message<ControlMessage.Any>

/** A random spec, whose types are unknown. */
export type AnySpec = Spec<"ipv4", never>

export type RowFamily = "ipv4" | "ipv6" | "unix"

const isMessage = (value: unknown): value is AnyMessage =>
  typeof value === "object" && value !== null && "cell" in value && "presence" in value

const messages: ReadonlyArray<AnyMessage> = Object.values<unknown>(control).filter(isMessage)

type Direction = "both" | "receive" | "send"

/** The rows of a message for a family on every platform. */
const rows = (message: AnyMessage, family: Family): ReadonlyArray<Row<unknown, never>> => {
  const families: ReadonlyArray<RowFamily> = family === "dual" ? ["ipv4", "ipv6"] : [family]
  return (["linux", "darwin", "winsock"] as const).flatMap((platform) => {
    const cells = families.map((each) => message.cell(platform, each))
    return cells.flatMap((cell) => (cells.some(isUnsupported) || isUnsupported(cell) ? [] : [cell]))
  })
}

/** The directions that a message has for a family on some platform. Other directions are rejected by types, on every platform. */
const directionsOf = (message: AnyMessage, family: Family): ReadonlyArray<Direction> => {
  const all = rows(message, family)
  // Events are not part of a datagram.
  const received = all.some(
    ({ receive }) =>
      receive !== undefined && !isUnsupported(receive) && !receive.some(({ event }) => event !== undefined)
  )
  const sent = all.some(({ send }) => send !== undefined && !isUnsupported(send))
  return received ? (sent ? ["receive", "send", "both"] : ["receive"]) : sent ? ["send"] : []
}

/** Applies a combinator without the types of the spec. */
export const apply = (spec: AnySpec, combinator: unknown): AnySpec => (combinator as (spec: AnySpec) => AnySpec)(spec)

const isPossible = (spec: AnySpec, abi: Abi): boolean => {
  const { invalid, refused } = Plan.compile(spec, abi)
  return invalid.length === 0 && refused.length === 0
}

export const empty = (family: Family, maximumDatagramSize: number): AnySpec =>
  apply(make(family) as unknown as AnySpec, withMaximumDatagramSize(maximumDatagramSize))

/** A spec of some messages, as many as the platform has for the family. */
export const someMessages = (
  random: Random,
  abi: Abi,
  spec: AnySpec,
  options: { readonly directions: ReadonlyArray<Direction>; readonly bounded: boolean }
): AnySpec => {
  for (const message of messages) {
    const directions = directionsOf(message, spec.family).filter((each) => options.directions.includes(each))
    if (directions.length === 0 || random.oneIn(2)) continue
    const direction = random.pick(directions)
    const maximumBytes = options.bounded && random.oneIn(2) ? 8 + random.below(300) : undefined
    const declared = declare(message, message.key, { direction, maximumBytes })
    const next = apply(spec, random.oneIn(4) ? withOptional(declared) : declared)
    if (isPossible(next, abi)) spec = next
  }
  return spec
}
