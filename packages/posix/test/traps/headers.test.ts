/**
 * Traps of Linux about IPv6 extension headers: their number, headers that receivers drop, and options that are not messages. First the bare
 * kernel, then ours.
 */
import { Codec, ControlBuffer, ExtensionHeader } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  SocketOption,
  withDestinationOptions,
  withHopByHopOptions,
  withHopLimit,
  withNextHop,
  withRoutingHeader,
  withStickyDestinationOptions,
  withStickyHopByHopOptions,
  withStickyRoutingHeader
} from "@ancillary/effect3"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { hasIpv6, hasRawPrivilege } from "../../../testing/machine.ts"
import {
  addressOf,
  bound,
  int,
  libc,
  message,
  type BareSocket,
  ok,
  receiveRaw,
  sendRaw,
  sendTo
} from "../bareKernel.ts"
import { linux } from "../../src/internal/platform.ts"
import { fromDescriptor } from "../../src/internal/socket.ts"

const privileged = hasIpv6() && hasRawPrivilege()
const { layer } = LinuxSockets
const one = Uint8Array.of(1)
const at = { address: "::1", port: 0 }

const IPV6_NEXTHOP = 9
const [IPV6_RECVHOPOPTS, IPV6_HOPOPTS] = [53, 54]
const [IPV6_RECVRTHDR, IPV6_RTHDR] = [56, 57]
const [IPV6_RECVDSTOPTS, IPV6_DSTOPTS] = [58, 59]
const [UDP, ROUTING, DESTINATION] = [17, 43, 60]

const built = (bytes: Uint8Array | Codec.Malformed): Uint8Array => {
  if (Codec.isMalformed(bytes)) throw new Error(bytes.malformed)
  return bytes
}
/** A destination options header of that many bytes, with at most 8 options of a type that receivers skip. */
const optionsOf = (bytes: number): Uint8Array => {
  const options: Array<ExtensionHeader.OptionToSend> = []
  for (let left = bytes - 2; left > 0;) {
    const data = Math.min(255, left - 2)
    options.push({ type: 0x1e, data: new Uint8Array(data).fill(7) })
    left -= 2 + data
  }
  const header = built(ExtensionHeader.buildOptions({ options }))
  expect([header.length, options.length <= 8]).toEqual([bytes, true])
  return header
}

/** An IPv6 packet to ::1, byte by byte: headers, each with its own number, then UDP with one byte of payload. */
const packet = (port: number, headers: ReadonlyArray<readonly [number, Uint8Array]>): Uint8Array => {
  const numbers = [...headers.map(([number]) => number), UDP]
  const udp = Uint8Array.of(0, 9, port >> 8, port & 255, 0, 9, 0, 0, 1)
  const loopback = [...new Uint8Array(15), 1]
  const summed = [...loopback, ...loopback, 0, 0, 0, udp.length, 0, 0, 0, UDP, ...udp, 0]
  let sum = 0
  for (let i = 0; i < summed.length; i += 2) sum += ((summed[i] ?? 0) << 8) | (summed[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  udp.set([(~sum >> 8) & 255, ~sum & 255], 6)
  const chain = headers.flatMap(([, bytes], index) => [numbers[index + 1] ?? UDP, ...bytes.subarray(1)])
  const length = chain.length + udp.length
  return Uint8Array.of(
    0x60,
    0,
    0,
    0,
    length >> 8,
    length & 255,
    numbers[0] ?? UDP,
    64,
    ...loopback,
    ...loopback,
    ...chain,
    ...udp
  )
}

/** A raw socket that sends whole packets. */
const raw = Effect.gen(function* () {
  const driver = yield* Effect.orDie(LinuxSockets.driver())
  const fd = libc.socket(driver.abi.family.ipv6, 3, 255)
  const socket = fromDescriptor({ abi: driver.abi, libc, numbers: linux }, fd, { family: "ipv6", protocol: "udp" })
  yield* Effect.addFinalizer(() => Effect.sync(() => socket.close()))
  const bareKernel: BareSocket = { driver, socket, family: "ipv6", port: 0 }
  return (port: number, headers: ReadonlyArray<readonly [number, Uint8Array]>) =>
    expect(sendTo(bareKernel, addressOf(bareKernel), packet(port, headers))).toBe(1)
})

describe("trap 24: headers repeat, and a peer chooses their size", () => {
  it.scoped.runIf(privileged)("bare kernel: each is a message, and no guessed room holds them all", () =>
    Effect.gen(function* () {
      const send = yield* raw
      const receiver = yield* bound("ipv6")
      ok(receiver.socket.setOption(41, IPV6_RECVDSTOPTS, int(1)))
      ok(receiver.socket.setOption(41, IPV6_RECVRTHDR, int(1)))
      // RFC 8200 section 4.1: at most once, and destination options twice. Linux accepts any number.
      const route: readonly [number, Uint8Array] = [ROUTING, Uint8Array.of(0, 0, 253, 0, 1, 2, 3, 4)]
      const small: readonly [number, Uint8Array] = [DESTINATION, optionsOf(16)]
      send(receiver.port, [small, route, route, small, small])
      expect(receiveRaw(receiver, 4096).messages.map(({ type }) => type)).toEqual([59, 57, 57, 59, 59])

      const large: readonly [number, Uint8Array] = [DESTINATION, optionsOf(2048)]
      send(receiver.port, [large, large])
      const room = ControlBuffer.space(receiver.driver.abi, 2048)
      const cut = receiveRaw(receiver, room)
      expect([cut.flags, cut.messages.length]).toEqual([ReceiveFlags.controlTruncated, 1])
    })
  )

  it.scoped.runIf(privileged)("ours: an array with as many as fit; more is a fault of only that datagram", () =>
    Effect.gen(function* () {
      const send = yield* raw
      const spec = Datagram.ipv6.pipe(
        withHopLimit(),
        withDestinationOptions({ only: "receive", maximumBytes: 64 }),
        withRoutingHeader()
      )
      const socket = yield* Datagram.bind(spec, at)
      const wide = yield* Datagram.bind(
        Datagram.ipv6.pipe(withDestinationOptions({ only: "receive", maximumBytes: 4096 })),
        at
      )
      const to = (socket: { readonly localAddress: { readonly port: number } }, ...sizes: ReadonlyArray<number>) =>
        send(
          socket.localAddress.port,
          sizes.map((bytes) => [DESTINATION, optionsOf(bytes)] as const)
        )
      const sizesOf = (headers: ReadonlyArray<ExtensionHeader.OptionsHeader>) =>
        headers.map(({ options }) => options.reduce((sum, { data }) => sum + 2 + data.length, 2))

      to(socket)
      to(socket, 8, 8, 8, 8, 8, 8, 8, 8)
      to(socket, 40, 24)
      to(socket, 64)
      for (const sizes of [[], [8, 8, 8, 8, 8, 8, 8, 8], [40, 24], [64]]) {
        const { control } = yield* socket.receive
        expect([sizesOf(control.destinationOptions), control.hopLimit]).toEqual([sizes, 64])
      }
      to(socket, 72)
      to(socket, 2048, 2048)
      to(socket, 8)
      const oneTooLarge = yield* Effect.flip(socket.receive)
      expect(oneTooLarge.message).toMatch(
        /'destinationOptions' came with 72 bytes, more than the 64 that are declared: raise maximumBytes$/
      )
      const cut = yield* Effect.flip(socket.receive)
      for (const fault of [oneTooLarge, cut])
        expect(fault).toMatchObject({ _tag: "DatagramFault", reason: "ControlTruncated" })
      expect(sizesOf((yield* socket.receive).control.destinationOptions)).toEqual([8])
      expect(yield* socket.stats).toMatchObject({ dequeued: 7n, delivered: 5n, faults: { ControlTruncated: 2n } })

      to(wide, 2048, 2048)
      expect(sizesOf((yield* wide.receive).control.destinationOptions)).toEqual([2048, 2048])
    }).pipe(Effect.provide(layer))
  )

  it.scoped.runIf(privileged)("ours: routing headers are typed, in packet order, even unsendable types", () =>
    Effect.gen(function* () {
      const send = yield* raw
      const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withRoutingHeader()), at)
      const address = [...new Uint8Array(15), 1]
      // Type 4 arrives where segment routing is enabled: headers.netns.test.ts.
      send(socket.localAddress.port, [[ROUTING, new Uint8Array(16).fill(1, 1, 2)]])
      const fault = yield* Effect.flip(socket.receive)
      expect(fault).toMatchObject({ reason: "ControlMalformed" })
      expect(fault.message).toMatch(
        /'routingHeader' is malformed: a routing header of type 0 with 8 bytes of addresses$/
      )
      send(socket.localAddress.port, [
        [ROUTING, Uint8Array.of(0, 2, 0, 0, 0, 0, 0, 0, ...address)],
        [ROUTING, Uint8Array.of(0, 2, 2, 0, 0, 0, 0, 0, ...address)],
        [ROUTING, Uint8Array.of(0, 0, 253, 0, 1, 2, 3, 4)]
      ])
      const { control } = yield* socket.receive
      expect(control.routingHeader.map(({ kind, nextHeader, type }) => [kind, type, nextHeader])).toEqual([
        ["sourceRoute", 0, ROUTING],
        ["homeAddress", 2, ROUTING],
        ["unknown", 253, UDP]
      ])
      const home = control.routingHeader.find((header) => header.kind === "homeAddress")
      expect(String(home?.address)).toBe("::1")
    }).pipe(Effect.provide(layer))
  )
})

describe("trap 25: headers that receivers drop, and the effect of one header", () => {
  // An option of 6 bytes with its type, then padding of 8 bytes, or of 7 after one of 7.
  const padded = (padding: number) =>
    Uint8Array.of(
      0,
      1,
      0x1e,
      12 - padding,
      ...new Uint8Array(12 - padding),
      1,
      padding - 2,
      ...new Uint8Array(padding - 2)
    )

  it.scoped.runIf(privileged)("bare kernel: 7 bytes of padding arrive, 8 are sent and never arrive", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound("ipv6"), yield* bound("ipv6")]
      for (const [asks, type] of [
        [IPV6_RECVHOPOPTS, IPV6_HOPOPTS],
        [IPV6_RECVDSTOPTS, IPV6_DSTOPTS]
      ] as const) {
        ok(receiver.socket.setOption(41, asks, int(1)))
        expect(sendRaw(sender, receiver, one, message(sender, 41, type, padded(7)))).toBe(1)
        expect(receiveRaw(receiver, 256).messages).toHaveLength(1)
        expect(sendRaw(sender, receiver, one, message(sender, 41, type, padded(8)))).toBe(1)
        expect(receiveRaw(receiver, 256).count).toBe(0)
      }
    })
  )

  it.scoped.runIf(privileged)("bare kernel: the 7 are counted again after each option", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound("ipv6"), yield* bound("ipv6")]
      ok(receiver.socket.setOption(41, IPV6_RECVDSTOPTS, int(1)))
      const seven = [1, 5, 0, 0, 0, 0, 0]
      const twice = Uint8Array.of(0, 2, ...seven, 0x1e, 6, 1, 2, 3, 4, 5, 6, ...seven)
      expect(sendRaw(sender, receiver, one, message(sender, 41, IPV6_DSTOPTS, twice))).toBe(1)
      expect(receiveRaw(receiver, 256).messages[0]?.payload).toHaveLength(24)
    })
  )

  it.scoped.runIf(privileged)("ours: a built header arrives, whatever its sizes and alignments", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withDestinationOptions({ maximumBytes: 512 })), at)
      for (let length = 0; length < 16; length++)
        for (const x of [1, 2, 4, 8] as const) {
          const option = { type: 0x1e, data: new Uint8Array(length).fill(3), alignment: { x, y: length % x } }
          const header = { options: [option, { ...option, alignment: { x, y: 0 } }] }
          yield* socket.send({ data: one, to: socket.localAddress, control: { destinationOptions: header } })
          const received = Option.getOrThrow(yield* socket.receiveWithin("2 seconds"))
          expect(received.control.destinationOptions).toMatchObject([
            { nextHeader: UDP, options: [option, option].map(({ data, type }) => ({ type, data })) }
          ])
        }
    }).pipe(Effect.provide(layer))
  )

  it.scoped.runIf(privileged)("bare kernel: a datagram's header replaces all sticky ones; ours documents it", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound("ipv6"), yield* bound("ipv6")]
      ok(receiver.socket.setOption(41, IPV6_RECVDSTOPTS, int(1)))
      ok(receiver.socket.setOption(41, IPV6_RECVHOPOPTS, int(1)))
      ok(sender.socket.setOption(41, IPV6_HOPOPTS, optionsOf(8)))
      sendRaw(sender, receiver, one)
      expect(receiveRaw(receiver, 256).messages.map(({ type }) => type)).toEqual([IPV6_HOPOPTS])
      sendRaw(sender, receiver, one, message(sender, 41, IPV6_DSTOPTS, optionsOf(8)))
      expect(receiveRaw(receiver, 256).messages.map(({ type }) => type)).toEqual([IPV6_DSTOPTS])

      yield* Effect.gen(function* () {
        const alert = { options: [ExtensionHeader.routerAlert(0)] }
        const option = { options: [{ type: 0x3e, data: one }] }
        const spec = Datagram.ipv6.pipe(
          withHopByHopOptions(),
          withDestinationOptions(),
          withStickyHopByHopOptions(alert),
          withStickyDestinationOptions(option)
        )
        const socket = yield* Datagram.bind(spec, at)
        const to = socket.localAddress
        const seen = Effect.map(socket.receive, ({ control }) => [
          control.hopByHopOptions.map(({ options }) => options.map(({ type }) => type)),
          control.destinationOptions.map(({ options }) => options.map(({ type }) => type))
        ])
        yield* socket.send({ data: one, to })
        expect(yield* seen).toEqual([[[5]], [[0x3e]]])
        yield* socket.send({
          data: one,
          to,
          control: { destinationOptions: { options: [{ type: 0x1e, data: one }] } }
        })
        expect(yield* seen).toEqual([[], [[0x1e]]])
        yield* socket.send({ data: one, to, control: { destinationOptions: option, hopByHopOptions: alert } })
        expect(yield* seen).toEqual([[[5]], [[0x3e]]])
        // As they are set on the socket, and removed.
        const { stickyHopByHopOptions } = SocketOption
        expect(yield* socket.getOption(stickyHopByHopOptions)).toEqual(Uint8Array.of(0, 0, 5, 2, 0, 0, 1, 0))
        yield* socket.setOption(stickyHopByHopOptions, new Uint8Array(0))
        expect(yield* socket.getOption(stickyHopByHopOptions)).toEqual(new Uint8Array(0))
        yield* socket.send({ data: one, to })
        expect(yield* seen).toEqual([[], [[0x3e]]])
        expect(yield* Effect.flip(socket.setOption(stickyHopByHopOptions, one))).toMatchObject({
          reason: "InvalidArgument",
          code: "INVALID"
        })
      }).pipe(Effect.provide(layer))
    })
  )
})

describe("trap 26: routing headers and next hops that are not messages", () => {
  const address = [...new Uint8Array(15), 1]
  const routes = [0, 2, 3, 4, 253].map((type) => Uint8Array.of(0, 2, type, type === 4 ? 0 : 1, 0, 0, 0, 0, ...address))

  it.scoped.runIf(hasIpv6())("bare kernel: EINVAL for any type; as an option only type 4, not type 0", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound("ipv6"), yield* bound("ipv6")]
      for (const route of routes)
        expect(sendRaw(sender, receiver, one, message(sender, 41, IPV6_RTHDR, route))).toMatchObject({ code: "EINVAL" })
      expect(routes.map((route) => sender.socket.setOption(41, IPV6_RTHDR, route)?.code)).toEqual([
        "EINVAL",
        "EINVAL",
        "EINVAL",
        undefined,
        "EINVAL"
      ])
      const neighbour = addressOf(receiver)
      expect(sendRaw(sender, receiver, one, message(sender, 41, IPV6_NEXTHOP, neighbour))).toMatchObject({
        code: "EINVAL"
      })
      expect(sender.socket.setOption(41, IPV6_NEXTHOP, neighbour)).toMatchObject({ code: "ENOPROTOOPT" })
    })
  )

  // A program that ignores the compiler: Linux's layer provides neither of these.
  const bindAnyway = (spec: unknown) =>
    Effect.flip(Datagram.bind(spec as typeof Datagram.ipv6, at)).pipe(Effect.provide(layer))

  it.scoped.runIf(hasIpv6())("ours: rejected with a remedy, by bind or by validation of the value", () =>
    Effect.gen(function* () {
      expect((yield* bindAnyway(Datagram.ipv6.pipe(withRoutingHeader({ also: "send" })))).message).toBe(
        `withRoutingHeader({ also: "send" }): Linux takes no routing header with a datagram: one of type 4 goes with all of a socket's, as a sticky option. Declare it with { only: "receive" }, or withOptional(withRoutingHeader({ also: "send" })).`
      )
      expect((yield* bindAnyway(Datagram.ipv6.pipe(withNextHop()))).message).toBe(
        "withNextHop(): Linux has a number for IPV6_NEXTHOP and does not implement it. Declare withOptional(withNextHop()) to go without where it is lacking."
      )
      const [typeZero = new Uint8Array(0), typeTwo] = routes
      for (const [route, why] of [
        [typeZero, "IPV6_RTHDR: a routing header of type 0 must not be sent (RFC 5095)."],
        [one, "IPV6_RTHDR: an extension header of 1 bytes is not a multiple of 8 from 8 to 2048."],
        [new Uint8Array(2048), "IPV6_RTHDR: 2048 bytes are more than the 2040 of a sticky header."],
        [{ kind: "segments", addresses: [] } as const, "IPV6_RTHDR: segments are an array of at least one address."]
      ] as const)
        expect(yield* bindAnyway(Datagram.ipv6.pipe(withStickyRoutingHeader(route)))).toMatchObject({
          _tag: "DatagramBindError",
          reason: "InvalidArgument",
          code: "INVALID",
          message: why
        })
      // This kernel was built without Mobile IPv6, and returns EINVAL.
      if (typeTwo !== undefined)
        expect(yield* bindAnyway(Datagram.ipv6.pipe(withStickyRoutingHeader(typeTwo)))).toMatchObject({
          code: "EINVAL"
        })
    })
  )

  it.scoped.runIf(hasIpv6())("ours: a next hop by its number fails with EINVAL, and the socket still works", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withNextHop({ type: IPV6_NEXTHOP })), at)
      const to = socket.localAddress
      expect(yield* Effect.flip(socket.send({ data: one, to, control: { nextHop: "fe80::1%1" } }))).toMatchObject({
        reason: "InvalidArgument",
        code: "EINVAL"
      })
      yield* socket.send({ data: one, to })
      expect((yield* socket.receive).data).toEqual(one)
    }).pipe(Effect.provide(layer))
  )

  it.scoped.runIf(hasIpv6())("ours: a sticky one of type 4 is set, and getOption returns it", () =>
    Effect.gen(function* () {
      const route = { kind: "segments", addresses: ["::", "::1"] } as const
      const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withStickyRoutingHeader(route)), at)
      expect(yield* socket.getOption(SocketOption.stickyRoutingHeader)).toEqual(ExtensionHeader.buildRouting(route))
    }).pipe(Effect.provide(layer))
  )
})
