/** Groups on real sockets of Linux: the received datagrams, their senders, and the memberships in the kernel. */
import { readFileSync } from "node:fs"
import { GroupRequest, Ipv4Address } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  type DatagramSocket,
  DatagramSockets,
  withMulticastAll,
  withMulticastHopLimit,
  withMulticastInterface,
  withPktInfo
} from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { libc, ok } from "./bareKernel.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const ipv6 = hasIpv6()
const lo = 1
const onLo = { interfaceIndex: lo }
const group = "239.77.4.1"
const spec = Datagram.ipv4.pipe(withMulticastAll(false))
const listening = Datagram.bind(spec, { address: "0.0.0.0", port: 0 })

/** The senders that a socket receives from, if 127.0.0.1 and 127.0.0.2 both send to a group on its port. */
const heard = (
  socket: {
    readonly receiveWithin: DatagramSocket<"ipv4", never>["receiveWithin"]
    readonly localAddress: { readonly port: number }
  },
  to = group
) =>
  Effect.scoped(
    Effect.gen(function* () {
      for (const address of ["127.0.0.1", "127.0.0.2"]) {
        const sender = yield* Datagram.bind(Datagram.ipv4.pipe(withMulticastInterface(lo)), { address, port: 0 })
        yield* sender.send({ data: Uint8Array.of(1), to: { address: to, port: socket.localAddress.port } })
      }
      const from: Array<string> = []
      for (;;) {
        const next = yield* socket.receiveWithin("30 millis")
        if (Option.isNone(next)) return from
        from.push(String(next.value.from.address))
      }
    })
  )
const both = ["127.0.0.1", "127.0.0.2"]

/** The sources of an IPv6 group on lo, each with the number of sockets that include it and that exclude it. */
const filters = (group: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync("/proc/net/mcfilter6", "utf8").matchAll(
      new RegExp(`^ *${lo} +lo \\w+${group} (\\w+) +(\\d+) +(\\d+)$`, "gm")
    ),
    ([, source, includes, excludes]) => `${source} ${includes} ${excludes}`
  ).toSorted((a, b) => (a > b ? -1 : 1))

/** Sockets that joined a group on lo, as /proc/net/igmp counts them. That file shows an address in host byte order. */
const holders = (address = group): number => {
  const shown = address
    .split(".")
    .toReversed()
    .map((part) => Number(part).toString(16).padStart(2, "0").toUpperCase())
    .join("")
  const onDevices = readFileSync("/proc/net/igmp", "utf8").split(/\n(?=\d)/)
  const device = onDevices.find((text) => new RegExp(`^${lo}\\s`).test(text)) ?? ""
  return Number(new RegExp(`\\b${shown}\\s+(\\d+)`).exec(device)?.[1] ?? 0)
}

it.scopedLive("a group is received as long as a scope holds it, and the kernel joins it once", () =>
  Effect.gen(function* () {
    const socket = yield* listening
    expect([yield* heard(socket), holders()]).toEqual([[], 0])
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* socket.join(group, onLo)
        yield* Effect.scoped(socket.join(group, onLo))
        expect([yield* heard(socket), holders()]).toEqual([both, 1])
      })
    )
    expect([yield* heard(socket), holders()]).toEqual([[], 0])
  }).pipe(Effect.provide(layer))
)

it.scopedLive("each socket holds a group for itself", () =>
  Effect.gen(function* () {
    const [one, other] = [yield* listening, yield* listening]
    yield* one.join(group, onLo)
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* other.join(group, onLo)
        expect(holders()).toBe(2)
      })
    )
    expect([yield* heard(one), yield* heard(other), holders()]).toEqual([both, [], 1])
  }).pipe(Effect.provide(layer))
)

it.scopedLive("an interrupted fiber leaves its group", () =>
  Effect.gen(function* () {
    const socket = yield* listening
    const fiber = yield* Effect.fork(Effect.scoped(Effect.zipRight(socket.join(group, onLo), Effect.never)))
    yield* Effect.repeat(Effect.yieldNow(), { until: () => holders() === 1 })
    yield* Fiber.interrupt(fiber)
    expect(holders()).toBe(0)
  }).pipe(Effect.provide(layer))
)

describe("sources", () => {
  it.scopedLive("single sources, joined one by one", () =>
    Effect.gen(function* () {
      const socket = yield* listening
      yield* socket.join(group, { ...onLo, source: "127.0.0.2" })
      expect(yield* heard(socket)).toEqual(["127.0.0.2"])
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* socket.join(group, { ...onLo, source: "127.0.0.1" })
          expect(yield* heard(socket)).toEqual(both)
        })
      )
      expect(yield* heard(socket)).toEqual(["127.0.0.2"])
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("a source blocked in a joined group, until the scope ends or the group is left", () =>
    Effect.gen(function* () {
      const socket = yield* listening
      const joined = yield* Scope.make()
      yield* Scope.extend(socket.join(group, onLo), joined)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* socket.block(group, "127.0.0.1", onLo)
          yield* Effect.scoped(socket.block(group, "127.0.0.1", onLo))
          expect(yield* heard(socket)).toEqual(["127.0.0.2"])
        })
      )
      expect(yield* heard(socket)).toEqual(both)
      yield* socket.block(group, "127.0.0.1", onLo)
      yield* Scope.close(joined, Exit.void)
      // After the group is joined again no source is blocked, because leaving it ended the blocks.
      yield* socket.join(group, onLo)
      expect(yield* heard(socket)).toEqual(both)
      yield* socket.block(group, "127.0.0.1", onLo)
      expect(yield* heard(socket)).toEqual(["127.0.0.2"])
    }).pipe(Effect.provide(layer))
  )

  // Many hosts have no route for IPv6 groups on lo. The test reads the memberships in the kernel instead.
  it.scoped.runIf(ipv6)("IPv6: single sources, and a source blocked in a joined group", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv6, { address: "::", port: 0 })
      const six = "ff15::7742"
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* socket.join(six, { ...onLo, source: "2001:db8::1" })
          yield* socket.join(six, { ...onLo, source: "::1" })
          expect(filters("7742")).toEqual(["20010db8000000000000000000000001 1 0", `${"1".padStart(32, "0")} 1 0`])
        })
      )
      expect(filters("7742")).toEqual([])
      yield* socket.join(six, onLo)
      yield* socket.block(six, "::1", onLo)
      expect(filters("7742")).toEqual([`${"1".padStart(32, "0")} 0 1`])
    }).pipe(Effect.provide(layer))
  )
})

it.scopedLive.runIf(ipv6)("a dual socket joins groups of both families, IPv4 ones in either notation", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.dual.pipe(withMulticastAll(false), withPktInfo()), {
      address: "::",
      port: 0
    })
    yield* socket.join("ff15::7741", onLo)
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* socket.join(group, onLo)
        yield* socket.join(`::ffff:${group}`, onLo)
        expect(holders()).toBe(1)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const sender = yield* Datagram.bind(Datagram.ipv4.pipe(withMulticastInterface(lo)), {
              address: "127.0.0.1",
              port: 0
            })
            yield* sender.send({ data: Uint8Array.of(1), to: { address: group, port: socket.localAddress.port } })
          })
        )
        const datagram = yield* socket.receive
        expect([String(datagram.control.pktInfo.destination), datagram.delivery]).toEqual([group, "multicast"])
      })
    )
    expect(holders()).toBe(0)
  }).pipe(Effect.provide(layer))
)

describe("options of datagrams to groups", () => {
  const from = (address: string) => ({ address, port: 0 })
  const sends = Datagram.ipv4.pipe(withMulticastInterface(lo))

  it.scopedLive("hop limit 0 keeps datagrams on this host, which receives them", () =>
    Effect.gen(function* () {
      const socket = yield* listening
      yield* socket.join(group, onLo)
      const sender = yield* Datagram.bind(sends.pipe(withMulticastHopLimit(0)), from("127.0.0.1"))
      yield* sender.send({ data: Uint8Array.of(3), to: { address: group, port: socket.localAddress.port } })
      expect((yield* socket.receive).data).toEqual(Uint8Array.of(3))
    }).pipe(Effect.provide(layer))
  )
})

describe("a join that the kernel refuses", () => {
  it.scopedLive("because of too many groups is a typed error, and the other groups are kept", () =>
    Effect.gen(function* () {
      const most = Number(readFileSync("/proc/sys/net/ipv4/igmp_max_memberships", "utf8"))
      const socket = yield* listening
      const groups = Array.from({ length: most + 1 }, (_, i) => `239.78.${i >> 8}.${i & 255}`)
      const scope = yield* Scope.make()
      const error = yield* Effect.flip(
        Scope.extend(
          Effect.forEach(groups, (each) => socket.join(each, onLo)),
          scope
        )
      )
      expect(error).toMatchObject({ reason: "TooManyMemberships", code: "ENOBUFS", group: groups.at(-1) })
      expect(error.message).toContain("net.ipv4.igmp_max_memberships")
      expect(holders(groups[0])).toBe(1)
      expect(yield* heard(socket, groups[0])).toEqual(both)
      yield* Scope.close(scope, Exit.void)
      expect([holders(groups[0]), holders(groups[most - 1])]).toEqual([0, 0])
      yield* socket.join(group, onLo)
      expect(yield* heard(socket)).toEqual(both)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("of a group that other code has joined on the same socket", () =>
    Effect.gen(function* () {
      const { abi } = yield* LinuxSockets.driver()
      const socket = yield* listening
      const request = GroupRequest.write(abi, {
        group: Ipv4Address.of(239, 77, 4, 1),
        interfaceIndex: lo,
        source: undefined
      })
      const fd = yield* socket.descriptor
      expect(ok(libc.setsockopt(fd, 0, 42, request, request.length))).toBe(0)
      expect(yield* Effect.flip(Effect.scoped(socket.join(group, onLo)))).toMatchObject({
        _tag: "DatagramMembershipError",
        reason: "AlreadyJoined",
        syscall: "setsockopt",
        code: "EADDRINUSE"
      })
      // The membership of the other code was not left.
      expect(holders()).toBe(1)
    }).pipe(Effect.provide(layer))
  )
})
