/** Connecting and disconnecting a bound socket on Linux: its port, its interface, its queue, and the refusals. */
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  type DatagramSocket,
  Descriptor,
  SocketOption,
  withBindToDevice,
  withRights
} from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Scope } from "effect"
import { hasIpv6, requirement } from "../../testing/machine.ts"
import { files, isOpen, leakingNothing } from "./files.ts"
import { libc, ok } from "./bareKernel.ts"
import { bareUnix, receiveUnix, sendUnix, unixName } from "./bareUnix.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const any = { address: "127.0.0.1", port: 0 }
const data = Uint8Array.of(1)
const abstract = (of: string) => `\0ancillary-${of}-${process.pid}`

/** Sends one datagram, which is the next that arrives. */
const heard = (from: DatagramSocket<"ipv4", never>, at: DatagramSocket<"ipv4", never>) =>
  Effect.gen(function* () {
    yield* from.send({ data, to: { address: "127.0.0.1", port: at.localAddress.port } })
    expect(String((yield* at.receive).from)).toBe(String(from.localAddress))
  })

describe("a port that the kernel chose", () => {
  for (const address of ["127.0.0.1", "0.0.0.0"])
    it.scopedLive(`${address}: the socket has it again after each connection, and leaks nothing`, () =>
      leakingNothing(
        Effect.scoped(
          Effect.gen(function* () {
            const socket = yield* Datagram.bind(Datagram.ipv4, { address, port: 0 })
            const [peer, stranger] = [
              yield* Datagram.bind(Datagram.ipv4, any),
              yield* Datagram.bind(Datagram.ipv4, any)
            ]
            for (let round = 0; round < 50; round++) {
              const connecting = Effect.gen(function* () {
                const connected = yield* socket.connect(peer.localAddress)
                expect(String(connected.localAddress)).toBe(`127.0.0.1:${socket.localAddress.port}`)
                yield* connected.send({ data })
                expect(String((yield* peer.receive).from)).toBe(String(connected.localAddress))
              })
              yield* Effect.scoped(connecting)
              yield* heard(stranger, socket)
              yield* heard(peer, socket)
            }
            yield* socket.send({ data, to: stranger.localAddress })
            expect((yield* stranger.receive).from.port).toBe(socket.localAddress.port)
          })
        )
      ).pipe(Effect.provide(layer))
    )
  it.scopedLive("taken by another socket meanwhile: the socket is closed, and the log says why", () =>
    Effect.gen(function* () {
      const messages: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void messages.push(String(message)))
      )
      const socket = yield* Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 0 })
      const peer = yield* Datagram.bind(Datagram.ipv4, any)
      const outer = yield* Effect.scope
      const reading = yield* Effect.fork(socket.receive)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* socket.connect(peer.localAddress)
          // A connected socket has one address of its port.
          yield* Scope.extend(
            Datagram.bind(Datagram.ipv4, { address: "127.0.0.2", port: socket.localAddress.port }),
            outer
          )
        })
      ).pipe(Effect.provide(logger))
      expect(yield* Effect.flip(Fiber.join(reading))).toMatchObject({ reason: "Closed" })
      expect(yield* Effect.flip(socket.send({ data, to: peer.localAddress }))).toMatchObject({ reason: "Closed" })
      expect(messages.join()).toMatch(
        /^Disconnecting 0\.0\.0\.0:\d+ from 127\.0\.0\.1:\d+ failed \(bind: EADDRINUSE 98\)/
      )
    }).pipe(Effect.provide(layer))
  )
})

describe("the interface that a socket is bound to", () => {
  it.scopedLive("is its interface again after a connection, and one that was set meanwhile stays", () =>
    Effect.gen(function* () {
      const peer = yield* Datagram.bind(Datagram.ipv4, any)
      const bound = yield* Datagram.bind(Datagram.ipv4.pipe(withBindToDevice("lo")), any)
      yield* Effect.scoped(bound.connect(peer.localAddress))
      expect(yield* bound.getOption(SocketOption.bindToDevice)).toBe("lo")
      const free = yield* Datagram.bind(Datagram.ipv4, any)
      yield* Effect.scoped(free.connect(peer.localAddress))
      expect(yield* free.getOption(SocketOption.bindToDevice)).toBeUndefined()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const connected = yield* free.connect(peer.localAddress)
          yield* connected.setOption(SocketOption.bindToDevice, "lo")
        })
      )
      expect(yield* free.getOption(SocketOption.bindToDevice)).toBe("lo")
      yield* heard(peer, free)
    }).pipe(Effect.provide(layer))
  )
})

describe("a Unix socket", () => {
  it.scoped("bare kernel: disconnecting purges the receive queue", () =>
    Effect.gen(function* () {
      const driver = yield* LinuxSockets.driver({ guarded: true })
      const [one, other] = [yield* bareUnix(driver, abstract("purged")), yield* bareUnix(driver, abstract("purging"))]
      ok(one.connect(unixName(driver, abstract("purging"))))
      ok(sendUnix(driver, other, data, undefined, abstract("purged")))
      ok(one.connect(undefined))
      expect(receiveUnix(driver, one, 0).count).toBe(0)
    })
  )
  it.scopedLive("reads the peer's datagrams after disconnecting, in order, with descriptors", () =>
    leakingNothing(
      Effect.scoped(
        Effect.gen(function* () {
          const spec = Datagram.unix.pipe(withRights({ maximum: 1 }))
          const [socket, peer, stranger] = [
            yield* Datagram.bind(spec, { path: abstract("one") }),
            yield* Datagram.bind(spec, { path: abstract("peer") }),
            yield* Datagram.bind(spec, { path: abstract("stranger") })
          ]
          const to = { path: abstract("one") }
          const [number = -1] = yield* files(1)
          for (let round = 0; round < 3; round++) {
            yield* stranger.send({ data: Uint8Array.of(9), to })
            yield* Effect.scoped(
              Effect.gen(function* () {
                const connected = yield* socket.connect(peer.localAddress)
                for (const byte of [1, 2, 3])
                  yield* peer.send({ data: Uint8Array.of(byte), to, control: { rights: [number] } })
                expect((yield* connected.receive).data).toEqual(Uint8Array.of(1))
                // Linux: others cannot send to a socket that has a peer.
                expect(yield* Effect.flip(stranger.send({ data, to }))).toMatchObject({ code: "EPERM" })
                yield* connected.send({ data })
                expect(String((yield* peer.receive).from)).toBe(String(socket.localAddress))
              })
            )
            yield* stranger.send({ data: Uint8Array.of(4), to })
            for (const byte of [2, 3, 4]) {
              const next = yield* socket.receive
              expect(next.data).toEqual(Uint8Array.of(byte))
              if (byte === 4) continue
              const [descriptor] = next.control.rights
              expect(descriptor !== undefined && isOpen(yield* Effect.map(Descriptor.take(descriptor), Number))).toBe(
                true
              )
            }
          }
          const { dropped, delivered, dequeued, putBack } = yield* socket.stats
          expect([dropped, putBack]).toEqual([3n, 0n])
          expect(dequeued).toBe(delivered + dropped)
        })
      )
    ).pipe(Effect.provide(layer))
  )
})

it.scopedLive("datagrams put back before a connection are dropped and counted if not the peer's", () =>
  Effect.gen(function* () {
    const [socket, peer, stranger] = [
      yield* Datagram.bind(Datagram.ipv4, any),
      yield* Datagram.bind(Datagram.ipv4, any),
      yield* Datagram.bind(Datagram.ipv4, any)
    ]
    for (const sender of [stranger, stranger, peer, stranger]) yield* sender.send({ data, to: socket.localAddress })
    const thrown = yield* Effect.exit(
      socket.forEach(() => {
        throw new Error("no more")
      })
    )
    expect(Exit.isFailure(thrown)).toBe(true)
    expect((yield* socket.stats).putBack).toBe(3n)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const connected = yield* socket.connect(peer.localAddress)
        expect(String((yield* connected.receive).from)).toBe(String(peer.localAddress))
      })
    )
    expect(yield* socket.stats).toMatchObject({ dequeued: 4n, delivered: 2n, dropped: 2n, putBack: 0n })
  }).pipe(Effect.provide(layer))
)

describe("is refused", () => {
  const unsupported = { _tag: "DatagramUnsupportedError", feature: "connect" }
  describe.runIf(requirement("IPv6", hasIpv6(), "Give the host IPv6"))("IPv6", () => {
    it.scopedLive("for IPv6 and dual sockets, and they stay as they were", () =>
      Effect.gen(function* () {
        for (const spec of [Datagram.ipv6, Datagram.dual] as unknown as ReadonlyArray<typeof Datagram.ipv6>) {
          const socket = yield* Datagram.bind(spec, { address: "::", port: 0 })
          const peer = yield* Datagram.bind(Datagram.ipv6, { address: "::1", port: 0 })
          const error = yield* Effect.flip(socket.connect(peer.localAddress))
          expect(error).toMatchObject(unsupported)
          yield* peer.send({ data, to: { address: "::1", port: socket.localAddress.port } })
          expect((yield* socket.receive).data).toEqual(data)
        }
      }).pipe(Effect.provide(layer))
    )
  })
  it.scopedLive("for a socket that its creator had connected", () =>
    Effect.gen(function* () {
      const peer = yield* Datagram.bind(Datagram.ipv4, any)
      const descriptor = libc.socket(2, 2, 0)
      const name = new Uint8Array(16)
      name.set([2, 0, peer.localAddress.port >> 8, peer.localAddress.port & 255, 127, 0, 0, 1])
      expect(libc.connect(descriptor, name, 16)).toBe(0)
      const socket = yield* Datagram.adopt(Datagram.ipv4, descriptor)
      const error = yield* Effect.flip(socket.connect({ ...any, port: 9 }))
      expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
      expect(error.message).toContain(`the socket is connected to ${String(peer.localAddress)}`)
    }).pipe(Effect.provide(layer))
  )
})
