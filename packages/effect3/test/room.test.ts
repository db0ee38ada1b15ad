/**
 * An added message never truncates another. With any declared messages, the derived buffer has room for the largest form of every bounded
 * message, and the declared room for the others. Every message that the library exports takes part, on every ABI and family.
 */
import * as control from "@ancillary/control"
import {
  type Abi,
  abis,
  type ReceiveFormat,
  Codec,
  ControlBuffer,
  type ControlMessage,
  define,
  type Family,
  isUnsupported,
  isMessage,
  type Message
} from "@ancillary/control"
import { Plan, withOptional } from "@ancillary/effect3"
import { declare, make } from "@ancillary/engine/spec/Spec"
import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { ControlFault, decoder } from "@ancillary/engine/receive/decoder"

interface View extends ControlMessage<string, "ipv4", "optional"> {
  readonly received: { readonly [key in string]: Uint8Array }
}
/** Views of one message with different parts of it, as a program may define them. The built-in views have the same bytes. */
const view = (key: string, bytes: number) => {
  const payload = { ...Codec.bytes({ maximum: bytes }), size: bytes }
  const row = { ipv4: { request: [], receive: [{ level: 200, type: 1, payload }] } }
  return define<View>({ key, presence: "optional", table: { linux: row, winsock: row, darwin: row } })
}

const messages: ReadonlyArray<Message<ControlMessage.Any>> = [
  ...Object.values<unknown>(control).filter(isMessage),
  view("start", 4),
  view("whole", 20)
]
const specFamilies: ReadonlyArray<Family> = ["ipv4", "ipv6", "dual", "unix"]
type RowFamily = "ipv4" | "ipv6" | "unix"
const rowFamilies = (family: Family): ReadonlyArray<RowFamily> => (family === "dual" ? ["ipv6", "ipv4"] : [family])

interface Declared {
  readonly message: Message<ControlMessage.Any>
  /** The room that the spec declares for a repeated message. */
  readonly room: number
}

/** A plan of these messages, without those that the platform lacks. */
const compile = (family: Family, declared: ReadonlyArray<Declared>, abi: Abi) => {
  const recipe = declared.reduce((spec, { message, room }) => {
    const maximumBytes = message.presence === "repeated" ? room : undefined
    const part = withOptional(declare(message, message.key, { direction: "receive", maximumBytes }))
    return (part as unknown as (_: typeof spec) => typeof spec)(spec)
  }, make(family))
  return Plan.compile(recipe, abi)
}

const sizeOf = ({ payload: { size } }: ReceiveFormat<unknown>) =>
  typeof size === "number"
    ? { smallest: size, largest: size }
    : { smallest: Math.max(1, size.minimum ?? 1), largest: size.maximum }

/** Numbers of a seed, for choices while messages are laid out. */
type Choose = (below: number) => number
const choosing = (seed: number): Choose => {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/**
 * The most that a kernel may deliver with one datagram, in any order: one message of the largest size per level and type, or several that fill
 * the declared room. On a dual socket that is of both families at once.
 */
const most = (family: Family, declared: ReadonlyArray<Declared>, abi: Abi, choose: Choose, beyond = 0) => {
  const delivered = new Map<string, ReadonlyArray<ControlBuffer.RawMessage>>()
  // If versions of a system use different types for messages, one version is chosen for all.
  const version = choose(2)
  for (const { message, room } of declared) {
    const cells = rowFamilies(family).map((each) => message.cell(abi.platform, each))
    // A message that a dual socket lacks for one family is declined completely, except events, which one family may have.
    if (
      message.deliveredAs !== "asEvent" &&
      cells.some((cell) => isUnsupported(cell) || cell.receive === undefined || isUnsupported(cell.receive))
    )
      continue
    for (const cell of cells) {
      if (isUnsupported(cell) || cell.receive === undefined || isUnsupported(cell.receive)) continue
      // Messages of the error queue have a buffer of their own, except those that may accompany datagrams.
      const arrivals = cell.receive.filter(
        ({ event, mayAccompanyDatagram }) => event !== "errorQueue" || mayAccompanyDatagram === true
      )
      const arrival = arrivals[Math.min(version, arrivals.length - 1)]
      if (arrival === undefined) continue
      const { largest, smallest } = sizeOf(arrival)
      const filling = room + beyond * smallest
      const sizes =
        message.presence !== "repeated"
          ? [largest]
          : arrival.multiple === true
            ? [Math.min(filling, largest)]
            : parts(filling, smallest, largest, choose)
      const { level, type } = arrival
      const raws = sizes.map((size) => ({ level, type, payload: new Uint8Array(size) }))
      const before = delivered.get(`${level}/${type}`) ?? []
      // Views of one message are one message.
      if (spaceOf(abi, raws) > spaceOf(abi, before)) delivered.set(`${level}/${type}`, raws)
    }
  }
  const all = [...delivered.values()].flat()
  for (let i = all.length - 1; i > 0; i--) {
    const j = choose(i + 1)
    const [a, b] = [all[i], all[j]]
    if (a !== undefined && b !== undefined) [all[i], all[j]] = [b, a]
  }
  return all
}

const spaceOf = (abi: Abi, raws: ReadonlyArray<ControlBuffer.RawMessage>): number =>
  raws.reduce((sum, { payload }) => sum + ControlBuffer.space(abi, payload.length), 0)

/** Sizes from `smallest` to `largest` with the sum `room`: all of the smallest size, one of the largest, or any. */
const parts = (room: number, smallest: number, largest: number, choose: Choose): ReadonlyArray<number> => {
  const sizes: Array<number> = []
  const how = choose(3)
  let left = room
  while (left >= smallest) {
    const top = Math.min(left, largest)
    const size = how === 0 ? smallest : how === 1 ? top : smallest + choose(top - smallest + 1)
    sizes.push(size)
    left -= size
  }
  return sizes
}

/** Writes messages into a buffer as kernels do (`put_cmsg`). A message that does not fit is truncated, and the last one may lack its padding. */
const deliver = (abi: Abi, raws: ReadonlyArray<ControlBuffer.RawMessage>, capacity: number) => {
  const buffer = new Uint8Array(capacity).fill(0xa5)
  const view = new DataView(buffer.buffer)
  let at = 0
  let cut = false
  for (const { level, payload, type } of raws) {
    const fits = Math.min(payload.length, capacity - at - ControlBuffer.length(abi, 0))
    if (fits < payload.length) cut = true
    if (fits < 0) break
    const payloadAt = ControlBuffer.writeHeader(abi, view, at, level, type, fits)
    buffer.set(payload.subarray(0, fits), payloadAt)
    at = Math.min(capacity, at + ControlBuffer.space(abi, fits))
  }
  return { bytes: buffer.subarray(0, at), cut }
}

const cases = FastCheck.record({
  abi: FastCheck.constantFrom(...abis),
  family: FastCheck.constantFrom(...specFamilies),
  declared: FastCheck.shuffledSubarray([...messages]).chain((some) =>
    FastCheck.tuple(...some.map(() => FastCheck.integer({ min: 8, max: 512 }))).map((rooms) =>
      some.map((message, index): Declared => ({ message, room: rooms[index] ?? 8 }))
    )
  ),
  seed: FastCheck.nat()
})
const runs = { seed: 10, numRuns: 3000 }

describe("any messages together", () => {
  it("are more than a few, and each exists on some platform", () => {
    expect(messages.length).toBeGreaterThan(20)
    for (const message of messages) {
      const plans = abis.flatMap((abi) => specFamilies.map((family) => compile(family, [{ message, room: 512 }], abi)))
      expect(
        plans.some(({ declined }) => declined.length === 0),
        message.key
      ).toBe(true)
    }
  })

  it("have room for the largest of each at once, in any order", () => {
    FastCheck.assert(
      FastCheck.property(cases, ({ abi, declared, family, seed }) => {
        const { receive } = compile(family, declared, abi)
        const raws = most(family, declared, abi, choosing(seed))
        const { bytes, cut } = deliver(abi, raws, receive.bytes)
        expect(cut).toBe(false)
        expect(ControlBuffer.toMessages(abi, bytes)).toEqual({ messages: raws, malformed: undefined })
        // And no spare byte, unless a peer decides the number of messages.
        if (declared.every(({ message }) => message.presence !== "repeated"))
          expect(receive.bytes).toBe(spaceOf(abi, raws))
      }),
      runs
    )
  })

  it("are never lost without a fault if a peer sends more than declared", () => {
    let faults = 0
    FastCheck.assert(
      FastCheck.property(cases, ({ abi, declared, family, seed }) => {
        const plan = compile(family, declared, abi)
        const raws = most(family, declared, abi, choosing(seed), 1)
        const { bytes, cut } = deliver(abi, raws, plan.receive.bytes)
        if (!cut) return
        faults++
        const [peer = "ipv4"] = rowFamilies(family)
        const read = decoder(plan)(new DataView(bytes.slice().buffer), 0, bytes.length, peer, cut)
        expect(read).toBeInstanceOf(ControlFault)
      }),
      runs
    )
    expect(faults).toBeGreaterThan(100)
  })
})
