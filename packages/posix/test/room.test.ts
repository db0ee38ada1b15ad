/**
 * An added message never truncates another, shown with the kernel. Sockets that declare any messages together receive datagrams with as much
 * control data as loopback can make, and none is ever truncated. The room test of effect3 shows what follows from the plan alone.
 */
import * as control from "@ancillary/control"
import { ControlBuffer, type ControlMessage, type Family, isMessage, type Message } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, type DatagramSource, type Spec, withOptional } from "@ancillary/effect3"
import { isFault } from "@ancillary/engine/driver/Driver"
import { declare, make } from "@ancillary/engine/spec/Spec"
import { expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { bound, int, type BareSocket, sendRaw } from "./bareKernel.ts"
import { seeded } from "./random.ts"

const messages: ReadonlyArray<Message<ControlMessage.Any>> = Object.values<unknown>(control).filter(isMessage)
const families: ReadonlyArray<Exclude<Family, "unix">> = hasIpv6() ? ["ipv4", "ipv6", "dual"] : ["ipv4"]

/** An unknown option of IPv6 headers, of so many bytes, that every receiver skips. */
const unknownOption = (bytes: number) => [0x1e, bytes - 2, ...new Uint8Array(bytes - 2)]
/** A header of the largest size, 2048 bytes, filled with eight options. Receivers drop a packet with more. */
const fullHeader = Uint8Array.from([
  0,
  255,
  ...Array.from({ length: 7 }, () => unknownOption(257)).flat(),
  ...unknownOption(247)
])
/** Record route of the greatest length, and the end of options. */
const fullOptions = Uint8Array.from([7, 39, 4, ...new Uint8Array(37)])

const short = (value: number) => Uint8Array.of(value & 255, value >> 8)
const [SOL_SOCKET, IPPROTO_IP, IPPROTO_UDP, IPPROTO_IPV6] = [1, 0, 17, 41]
const segments = { level: IPPROTO_UDP, type: 103, payload: short(100) }
/** Messages of a sender that cause much control data at the receiver. Messages that the process may not send are left out after the refusal. */
const fullest: { readonly [F in "ipv4" | "ipv6"]: ReadonlyArray<ReadonlyArray<ControlBuffer.RawMessage>> } = {
  ipv4: [
    [
      { level: IPPROTO_IP, type: 1, payload: int(0xbb) },
      { level: IPPROTO_IP, type: 7, payload: fullOptions },
      { level: SOL_SOCKET, type: 12, payload: int(6) }
    ],
    [{ level: SOL_SOCKET, type: 36, payload: int(0x1234) }],
    [segments]
  ],
  ipv6: [
    [
      { level: IPPROTO_IPV6, type: 67, payload: int(0xbb) },
      { level: IPPROTO_IPV6, type: 11, payload: Uint8Array.of(0, 0xf, 0xff, 0xff) },
      { level: SOL_SOCKET, type: 12, payload: int(6) }
    ],
    [
      { level: IPPROTO_IPV6, type: 54, payload: fullHeader },
      { level: IPPROTO_IPV6, type: 59, payload: fullHeader },
      { level: SOL_SOCKET, type: 36, payload: int(0x1234) }
    ],
    [segments]
  ]
}

/** Sends every selection of those groups, and one payload of the greatest size. Returns the number of accepted datagrams. */
const sendAll = (sender: BareSocket, port: number): number => {
  const groups = fullest[sender.family]
  let taken = 0
  const send = (data: Uint8Array, raws: ReadonlyArray<ControlBuffer.RawMessage>) => {
    const sent = sendRaw(sender, { ...sender, port }, data, ControlBuffer.fromMessages(sender.driver.abi, raws))
    if (!isFault(sent)) taken += sent
  }
  for (let chosen = 0; chosen < 2 ** groups.length; chosen++)
    send(
      new Uint8Array(250),
      groups.flatMap((group, index) => (((chosen >> index) & 1) === 1 ? group : []))
    )
  // Reassembled from fragments, of IPv6.
  send(new Uint8Array(sender.family === "ipv4" ? 65_507 : 65_527), groups[0] ?? [])
  return taken
}

/** A spec of messages that are known only at run time, each optional. */
const specOf = (family: Family, some: ReadonlyArray<Message<ControlMessage.Any>>) =>
  some.reduce(
    (spec, message) =>
      (
        withOptional(declare(message, message.key, { direction: "receive" })) as unknown as (
          _: typeof spec
        ) => typeof spec
      )(spec),
    make(family)
  ) as unknown as Spec<"dual", never>

interface Tally {
  delivered: number
  readonly faults: Array<string>
  readonly seen: Set<string>
}
const nothing = (): Tally => ({ delivered: 0, faults: [], seen: new Set() })

const drain = (socket: DatagramSource<Family, never>, into: Tally) =>
  Effect.gen(function* () {
    for (;;) {
      const next = yield* Effect.either(socket.receiveWithin(0))
      if (next._tag === "Left") {
        if (next.left._tag !== "DatagramFault") return yield* next.left
        into.faults.push(`${next.left.reason}: ${next.left.message}`)
      } else if (Option.isNone(next.right)) return undefined
      else {
        into.delivered++
        // The messages that arrived, so that the test shows how full the datagrams were.
        for (const [key, value] of Object.entries<unknown>(next.right.value.control))
          if (Option.isOption(value) ? Option.isSome(value) : !Array.isArray(value) || value.length > 0)
            into.seen.add(key)
      }
    }
  })

/** Receives the fullest possible datagrams on a socket that declares these messages. */
const tally = (family: Exclude<Family, "unix">, some: ReadonlyArray<Message<ControlMessage.Any>>, into: Tally) =>
  Effect.gen(function* () {
    const address = family === "ipv4" ? "127.0.0.1" : family === "ipv6" ? "::1" : "::"
    const socket = yield* Datagram.bind(specOf(family, some), { address, port: 0 })
    for (const each of ["ipv4", "ipv6"] as const) {
      if (family !== "dual" && family !== each) continue
      const sender = yield* bound(each)
      // More than the buffer holds. The drop count is one more message from then on.
      for (let i = 0; i < 8; i++) sendRaw(sender, { ...sender, port: socket.localAddress.port }, new Uint8Array(60_000))
      for (let round = 0; round < 3; round++) {
        yield* drain(socket, into)
        expect(sendAll(sender, socket.localAddress.port)).toBeGreaterThan(4)
      }
      yield* drain(socket, into)
    }
  }).pipe(Effect.scoped)

/** Messages that arrived with datagrams on loopback, on some family, in a process without privileges. */
const often = [
  "coalescedSize",
  "dropCount",
  "dscp",
  "ecn",
  "hopLimit",
  "ipOptions",
  "mark",
  "originalDestination",
  "pktInfo",
  "priority",
  "timestamp",
  "timestamping",
  "trafficClass",
  ...(hasIpv6() ? ["flowLabel", "fragmentSize"] : [])
]

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), [])
const random = seeded(10)
const subsets = Array.from({ length: 20 }, () => messages.filter(() => random.chance(0.6)))

it.live("no datagram is ever truncated with any declared messages", () =>
  Effect.gen(function* () {
    const all = nothing()
    for (const family of families) for (const some of [messages, ...subsets]) yield* tally(family, some, all)
    expect(all.faults).toEqual([])
    expect(all.delivered).toBeGreaterThan(1000)
    // The datagrams were as full as loopback makes them, so few of its messages are missing.
    const missing = often.filter((key) => !all.seen.has(key))
    expect(missing).toEqual([])
  }).pipe(Effect.provide(layer))
)

it.live("bare kernel: with less room than the plan's they are truncated", () => {
  const tight = DatagramSockets.layer(
    Effect.map(LinuxSockets.driver({ guarded: true }), (driver) => ({
      ...driver,
      arena: (layout) =>
        driver.arena(
          layout.purpose === "receive" ? { ...layout, controlBytes: Math.min(layout.controlBytes, 352) } : layout
        )
    })),
    []
  )
  return Effect.gen(function* () {
    const all = nothing()
    yield* tally("ipv4", messages, all)
    expect(all.faults).not.toEqual([])
    expect(all.faults.filter((fault) => !fault.startsWith("ControlTruncated"))).toEqual([])
  }).pipe(Effect.provide(tight))
})
