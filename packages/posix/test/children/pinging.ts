/** Runs in a network namespace of its own: which groups may ping, and the replies of pings to this host. Prints the results. */
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { Codec, endpoint, IcmpEcho, SocketAddress } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  withCoalescedSize,
  withDscp,
  withEcn,
  withHopLimit,
  withMark,
  withPktInfo,
  withPriority,
  withTimestamp
} from "@ancillary/effect3"
import { isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import { Effect, Option } from "effect"

const described = (error: { readonly _tag: string; readonly message: string }) =>
  Object.assign({}, error, { message: error.message })
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const payload = Uint8Array.from("payload", (char) => char.charCodeAt(0))
const encoded = (family: "ipv4" | "ipv6", echo: IcmpEcho.EchoToSend): Uint8Array => {
  const bytes = IcmpEcho.encode(family, echo)
  if (Codec.isMalformed(bytes)) throw new Error(bytes.malformed)
  return bytes
}

const families = [
  { family: "ipv4", spec: Datagram.ipv4, icmp: Datagram.icmp4, address: "127.0.0.1" },
  // One path for both families, without types that distinguish them.
  {
    family: "ipv6",
    spec: Datagram.ipv6 as unknown as typeof Datagram.ipv4,
    icmp: Datagram.icmp6 as unknown as typeof Datagram.icmp4,
    address: "::1"
  }
] as const
type Each = (typeof families)[number]

/** The next reply. If none comes it fails instead of waiting for ever. */
const answerTo = <A, E>(socket: {
  readonly receiveWithin: (duration: "5 seconds") => Effect.Effect<Option.Option<A>, E>
}) => Effect.flatten(socket.receiveWithin("5 seconds"))

/** The result of the bare kernel for a payload. */
const bareKernel = ({ address, family }: Each, data: Uint8Array) =>
  Effect.map(Effect.orDie(LinuxSockets.driver()), (driver) => {
    const socket: NativeSocket | { readonly code: string } = driver.open({ family, protocol: "icmp" })
    if ("code" in socket) return socket.code
    const to = endpoint(family, { address, port: 0 })
    if (Codec.isMalformed(to)) return to.malformed
    const addressBytes = SocketAddress.size(driver.abi, family)
    const arena = driver.arena({ purpose: "send", slots: 1, iovecs: 1, addressBytes, controlBytes: 0, dataBytes: 64 })
    arena.fill(0, SocketAddress.write(driver.abi, to, arena.view, arena.addressAt(0)), 0, [data])
    const sent = socket.send(arena, 0, 1)
    arena.free()
    socket.close()
    return isFault(sent) ? sent.code : sent
  })

const pings = (each: Each) =>
  Effect.gen(function* () {
    const { address, family, icmp, spec } = each
    const to = { address, port: 0 }
    const request = { kind: "request", identifier: 0x4321, sequence: 7, data: payload } as const
    const bytes = encoded(family, request)

    const full = icmp.pipe(withPktInfo(), withHopLimit(), withEcn(), withDscp(), withTimestamp())
    const socket = yield* Datagram.bind(full, { address, port: 0x4321 })
    yield* socket.send({ data: bytes, to })
    const reply = yield* answerTo(socket)
    const echo = IcmpEcho.decode(family, reply.data)
    // The class byte comes back with the reply; a port in the destination means nothing.
    yield* socket.send({
      data: [bytes.subarray(0, 3), bytes.subarray(3)],
      to: { address, port: 99 },
      control: { dscp: 46 }
    })
    const marked = yield* answerTo(socket)

    // The kernel chooses its identifier, and it gets only its own replies.
    const [free, other] = [yield* Datagram.client(icmp), yield* Datagram.client(icmp)]
    const unnamed = { kind: "request", sequence: 1, data: payload } as const
    yield* free.send({ data: encoded(family, unnamed), to })
    const answered = IcmpEcho.decode(family, (yield* answerTo(free)).data)

    const peer = { address, port: 99 }
    const connected = yield* Datagram.connect(icmp, peer)
    yield* connected.send({ data: bytes })
    const heard = yield* answerTo(connected)

    const refused = yield* Effect.forEach(
      [
        bytes.subarray(0, 7),
        new Uint8Array(0),
        encoded(family, { ...request, kind: "reply" }),
        Uint8Array.of(family === "ipv4" ? 13 : 135, ...bytes.subarray(1)),
        Uint8Array.of(...bytes.subarray(0, 1), 1, ...bytes.subarray(2))
      ],
      (data) =>
        Effect.all({
          kernel: bareKernel(each, data),
          ours: Effect.map(Effect.flip(socket.send({ data, to })), ({ code, message }) => `${code}, ${message}`)
        })
    )
    const most = family === "ipv4" ? 65_515 : 65_535
    const large = Uint8Array.from({ length: most }, (_, at) => bytes[at] ?? 0)
    yield* free.send({ data: large, to })
    const { length } = (yield* answerTo(free)).data
    const tooLarge = yield* Effect.flip(free.send({ data: new Uint8Array(most + 1), to }))

    // Linux accepts both options on a ping socket, and delivers neither message.
    const untold = yield* Datagram.client(icmp.pipe(withMark({ only: "receive" }), withPriority({ only: "receive" })))
    yield* untold.send({ data: bytes, to })
    const { control } = yield* answerTo(untold)

    const udp = yield* Datagram.client(spec)
    const adopted = [
      yield* Effect.flip(Datagram.adopt(spec, yield* free.descriptor)),
      yield* Effect.flip(Datagram.adopt(icmp, yield* udp.descriptor))
    ]
    return {
      raw: hex(reply.data),
      echo: Codec.isMalformed(echo) ? echo : { ...echo, data: hex(echo.data) },
      matches: !Codec.isMalformed(echo) && IcmpEcho.matches(request, echo),
      from: String(reply.from),
      destination: String(reply.control.pktInfo.destination),
      local: reply.control.pktInfo.local ?? null,
      hopLimit: reply.control.hopLimit,
      stamped: Option.isSome(reply.control.timestamp),
      delivery: reply.delivery,
      marked: { dscp: marked.control.dscp, ecn: marked.control.ecn },
      answered: !Codec.isMalformed(answered) && IcmpEcho.matches(unnamed, answered),
      ownIdentifier: !Codec.isMalformed(answered) && answered.identifier === free.localAddress.port,
      others: yield* other.receiveWithin(0),
      connected: { peer: String(connected.peer), from: String(heard.from), raw: hex(heard.data.subarray(0, 2)) },
      refused,
      sent: String((yield* socket.stats).sent),
      largest: length,
      tooLarge: described(tooLarge),
      untold: [Option.isNone(control.mark), Option.isNone(control.priority)],
      coalescing: described(yield* Effect.flip(Datagram.client(icmp.pipe(withCoalescedSize())))),
      adopted: adopted.map(described)
    }
  })

const program = Effect.gen(function* () {
  spawnSync("ip", ["link", "set", "lo", "up"])
  const denied = yield* Effect.forEach(families, ({ icmp }) => Effect.flip(Datagram.client(icmp)))
  writeFileSync("/proc/sys/net/ipv4/ping_group_range", "0 2147483647")
  return { denied: denied.map(described), pings: yield* Effect.forEach(families, pings) }
}).pipe(Effect.scoped, Effect.provide(LinuxSockets.layer))

console.log(JSON.stringify(await Effect.runPromise(program)))
