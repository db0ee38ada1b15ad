/**
 * The WSAMSG page, field by field, on real calls.
 */
import { ControlBuffer } from "@ancillary/control"
import { type WsaError, WsaMsg, WsaSocket } from "@ancillary/effect3/node"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope } from "effect"
import { bytes, moment, text } from "./bareCalls.ts"

const loopback = { address: "127.0.0.1", port: 0 }
const IP_PKTINFO = [0, 19] as const
const IP_RECVTTL = [0, 21] as const

/** A server that receives packet information and hop limit, and a client. */
const sockets = Effect.gen(function* () {
  const server = yield* WsaSocket.open("ipv4")
  yield* server.setOption(...IP_PKTINFO, 1)
  yield* server.setOption(...IP_RECVTTL, Uint8Array.of(1, 0, 0, 0))
  yield* server.bind(loopback)
  const client = yield* WsaSocket.open("ipv4")
  yield* client.bind(loopback)
  return { server, client, address: yield* server.localAddress }
})

const sendText = (
  client: WsaSocket.WsaSocket<"ipv4">,
  to: Parameters<typeof client.connect>[0],
  ...pieces: ReadonlyArray<string>
) =>
  Effect.gen(function* () {
    const message = yield* WsaMsg.make({ name: 16, buffers: [99, 99], control: 0 })
    yield* message.setEndpoint("ipv4", to)
    yield* message.setBuffers(pieces.map(bytes))
    const outcome = yield* WsaMsg.send(client, message)
    yield* moment
    return outcome
  })

describe("WsaMsg", () => {
  it.scoped("gathers sent data and scatters received data", () =>
    Effect.gen(function* () {
      const { address, client, server } = yield* sockets
      expect(yield* sendText(client, address, "hel", "lo, world")).toEqual({ _tag: "Sent", bytes: 12 })
      const message = yield* WsaMsg.make({ name: 16, buffers: [5, 0, 3, 100], control: 64 })
      expect(yield* WsaMsg.receive(server, message)).toEqual({ _tag: "Received", bytes: 12 })
      expect(yield* message.bufferCount).toBe(4)
      const buffers = yield* message.buffers
      expect(buffers.map((buffer) => buffer.length)).toEqual([5, 0, 3, 100])
      expect(buffers.map(text).map((each) => each.replaceAll("\0", ""))).toEqual(["hello", "", ", w", "orld"])
      expect(text(yield* message.copy(12))).toBe("hello, world")
    })
  )
  it.scoped("has the sender as bytes and as an endpoint, and can be sent back", () =>
    Effect.gen(function* () {
      const { address, client, server } = yield* sockets
      yield* sendText(client, address, "ping")
      const message = yield* WsaMsg.make({ name: 28, buffers: [8], control: 64 })
      yield* WsaMsg.receive(server, message)
      const name = yield* message.name
      expect([name?.length, name?.[0], name?.[1]]).toEqual([16, 2, 0])
      expect(yield* message.endpoint).toEqual(Option.some(yield* client.localAddress))
      yield* message.setBuffers([bytes("pong")])
      yield* message.setControl(new Uint8Array(0))
      expect(yield* WsaMsg.send(server, message)).toEqual({ _tag: "Sent", bytes: 4 })
      yield* moment
      expect(yield* WsaMsg.receive(client, message)).toEqual({ _tag: "Received", bytes: 4 })
      expect(yield* message.endpoint).toEqual(Option.some(address))
    })
  )
  it.scoped("has control data for the five macros", () =>
    Effect.gen(function* () {
      const { address, client, server } = yield* sockets
      yield* sendText(client, address, "x")
      const room = ControlBuffer.space((yield* WsaMsg.make({ buffers: [0], control: 0 })).abi, 8)
      const message = yield* WsaMsg.make({ name: 16, buffers: [8], control: room + 24 })
      const { abi } = message
      yield* WsaMsg.receive(server, message)
      const control = yield* message.control
      expect(control?.byteLength).toBe(48)
      const seen: Array<readonly [number, number, number]> = []
      for (
        let header = ControlBuffer.firstHeader(abi, control);
        header !== undefined && control !== undefined;
        header = ControlBuffer.nextHeader(abi, control, header)
      ) {
        const at = ControlBuffer.data(abi, header)
        seen.push([
          control.getInt32(header + abi.cmsghdr.level, true),
          control.getInt32(header + abi.cmsghdr.type, true),
          at
        ])
      }
      // IP_PKTINFO, IP_TTL
      expect(seen).toEqual([
        [0, 19, ControlBuffer.length(abi, 0)],
        [0, 4, room + ControlBuffer.length(abi, 0)]
      ])
      expect(control?.getInt32(seen[1]?.[2] ?? 0, true)).toBe(64)
    })
  )
  it.scoped("peeks, and receives afterwards", () =>
    Effect.gen(function* () {
      const { address, client, server } = yield* sockets
      yield* sendText(client, address, "x")
      const message = yield* WsaMsg.make({ name: 16, buffers: [8], control: 64 })
      expect(yield* WsaMsg.receive(server, message, { peek: true })).toEqual({ _tag: "Received", bytes: 1 })
      expect(yield* message.flags).toMatchObject({ peek: true, dwFlags: 2, dataTruncated: false })
      expect(yield* WsaMsg.receive(server, message)).toEqual({ _tag: "Received", bytes: 1 })
      expect((yield* message.flags).dwFlags).toBe(0)
      expect(yield* WsaMsg.receive(server, message)).toEqual({ _tag: "WouldBlock" })
    })
  )
  it.scoped("an empty queue is an outcome, without data to read", () =>
    Effect.gen(function* () {
      const { server } = yield* sockets
      const message = yield* WsaMsg.make({ name: 16, buffers: [8], control: 64 })
      expect(yield* WsaMsg.receive(server, message)).toEqual({ _tag: "WouldBlock" })
      expect([yield* message.name, yield* message.control]).toEqual([undefined, undefined])
      expect(yield* message.endpoint).toEqual(Option.none())
    })
  )
  it.scoped("a cut datagram is an outcome of its own, and removed from the queue", () =>
    Effect.gen(function* () {
      const { address, client, server } = yield* sockets
      for (const each of ["one", "two", "three"]) yield* sendText(client, address, each)
      const small = yield* WsaMsg.make({ name: 16, buffers: [1, 1], control: 64 })
      // Wine reports no bytes of a cut datagram, but they are in the buffer.
      expect(yield* WsaMsg.receive(server, small)).toEqual({ _tag: "Truncated", bytes: 0, data: true, control: false })
      expect(text(yield* small.copy(2))).toBe("on")
      const cramped = yield* WsaMsg.make({ name: 16, buffers: [9], control: 8 })
      expect(yield* WsaMsg.receive(server, cramped)).toEqual({
        _tag: "Truncated",
        bytes: 0,
        data: false,
        control: true
      })
      expect((yield* cramped.flags).controlTruncated).toBe(true)
      const none = yield* WsaMsg.make({ buffers: [9], control: 0 })
      expect(yield* WsaMsg.receive(server, none)).toMatchObject({ _tag: "Truncated", control: true })
      expect(yield* none.control).toBeUndefined()
    })
  )
  it.scoped("is sent without an address on connected sockets", () =>
    Effect.gen(function* () {
      const { address, client, server } = yield* sockets
      yield* client.connect(address)
      yield* server.connect(yield* client.localAddress)
      const message = yield* WsaMsg.make({ buffers: [8], control: 64 })
      yield* message.setBuffers([bytes("hello")])
      expect(yield* WsaMsg.send(client, message)).toEqual({ _tag: "Sent", bytes: 5 })
      yield* server.readable
      expect(yield* WsaMsg.receive(server, message)).toEqual({ _tag: "Received", bytes: 5 })
      expect(yield* message.name).toBeUndefined()
    })
  )
  it.scoped("an empty datagram is a datagram", () =>
    Effect.gen(function* () {
      const { address, client, server } = yield* sockets
      expect(yield* sendText(client, address)).toEqual({ _tag: "Sent", bytes: 0 })
      const message = yield* WsaMsg.make({ name: 16, buffers: [0], control: 64 })
      expect(yield* WsaMsg.receive(server, message)).toEqual({ _tag: "Received", bytes: 0 })
    })
  )
  it.scoped("control data is passed to the call with its exact length", () =>
    Effect.gen(function* () {
      const { address, client, server } = yield* sockets
      const message = yield* WsaMsg.make({ name: 16, buffers: [8], control: 64 })
      const hops = { level: 0, type: 4, payload: Uint8Array.of(9, 0, 0, 0) }
      yield* message.setEndpoint("ipv4", address)
      yield* message.setBuffers([bytes("x")])
      yield* message.setControl(ControlBuffer.fromMessages(message.abi, [hops]))
      expect((yield* message.control)?.byteLength).toBe(24)
      // Wine ignores it. Windows would reject a length that exceeds the buffer.
      expect(yield* WsaMsg.send(client, message)).toEqual({ _tag: "Sent", bytes: 1 })
      yield* server.readable
    })
  )
  it.scoped("a dual socket has addresses of both families", () =>
    Effect.gen(function* () {
      const server = yield* WsaSocket.open("dual")
      yield* server.bind({ address: "::", port: 0 })
      const { port } = yield* server.localAddress
      const client = yield* WsaSocket.open("dual")
      yield* client.bind({ address: "::", port: 0 })
      const message = yield* WsaMsg.make({ name: 28, buffers: [8], control: 0 })
      for (const address of ["127.0.0.1", "::1"]) {
        yield* message.setEndpoint("dual", { address, port })
        yield* message.setBuffers([bytes("x")])
        yield* WsaMsg.send(client, message)
        yield* server.readable
        yield* WsaMsg.receive(server, message)
        expect(String(Option.getOrThrow(yield* message.endpoint).address)).toBe(address)
      }
    })
  )
})

const failure = <A, R>(effect: Effect.Effect<A, WsaError, R>) => Effect.flip(effect)

describe("WsaMsg rejects", () => {
  it.scoped("values that do not fit, before any call", () =>
    Effect.gen(function* () {
      const message = yield* WsaMsg.make({ name: 16, buffers: [2, 3], control: 8 })
      const errors = [
        yield* failure(message.setName(new Uint8Array(17))),
        yield* failure(message.setControl(new Uint8Array(9))),
        yield* failure(message.setBuffers([bytes("abc")])),
        yield* failure(message.setBuffers([bytes("a"), bytes("b"), bytes("c")])),
        yield* failure(message.setEndpoint("ipv6", { address: "::1", port: 1 })),
        yield* failure(message.setEndpoint("ipv4", { address: "::1", port: 1 }))
      ]
      expect(errors.map(({ reason }) => reason)).toEqual(errors.map(() => "InvalidArgument"))
      expect(errors[0]?.message).toBe("A name of 17 bytes does not fit into 16. No call was made.")
    })
  )
  it.scoped("calls that Winsock refuses, with its code and a remedy", () =>
    Effect.gen(function* () {
      const { client, server } = yield* sockets
      const message = yield* WsaMsg.make({ buffers: [8], control: 0 })
      expect(yield* failure(WsaMsg.send(client, message))).toMatchObject({ reason: "Refused", syscall: "WSASendMsg" })
      const taken = yield* failure(client.bind(yield* server.localAddress))
      expect(taken).toMatchObject({
        _tag: "WsaError",
        reason: "Refused",
        syscall: "bind",
        code: "WSAEINVAL",
        errno: 10022
      })
      const third = yield* WsaSocket.open("ipv4")
      const inUse = yield* failure(third.bind(yield* server.localAddress))
      expect(inUse).toMatchObject({ code: "WSAEADDRINUSE", errno: 10048 })
      expect(inUse.message).toMatch(
        /^Binding to 127\.0\.0\.1:\d+ failed \(bind: WSAEADDRINUSE 10048\)\. .*Choose another port/
      )
      expect((yield* failure(third.setOption(0, 9999, 1))).code).toBe("WSAENOPROTOOPT")
    })
  )
})

describe("scopes", () => {
  it.scoped("memory cannot be used after its scope", () =>
    Effect.gen(function* () {
      const { server } = yield* sockets
      const scope = yield* Scope.make()
      const message = yield* Scope.extend(WsaMsg.make({ name: 16, buffers: [8], control: 64 }), scope)
      yield* message.setName(new Uint8Array(16))
      const kept = yield* message.buffers
      expect(kept[0]?.length).toBe(8)
      yield* Scope.close(scope, Exit.void)
      expect(kept[0]?.length).toBe(0)
      const errors = [
        yield* failure(message.name),
        yield* failure(message.setName(undefined)),
        yield* failure(message.endpoint),
        yield* failure(message.setEndpoint("ipv4", { address: "127.0.0.1", port: 1 })),
        yield* failure(message.buffers),
        yield* failure(message.setBuffers([])),
        yield* failure(message.bufferCount),
        yield* failure(message.copy(1)),
        yield* failure(message.control),
        yield* failure(message.setControl(new Uint8Array(0))),
        yield* failure(message.flags),
        yield* failure(WsaMsg.receive(server, message)),
        yield* failure(WsaMsg.send(server, message))
      ]
      for (const error of errors) expect(error).toMatchObject({ _tag: "WsaError", reason: "Closed", code: "CLOSED" })
    })
  )
  it.scoped("the calls of a socket, and waits for it, end with it", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const socket = yield* Scope.extend(WsaSocket.open("ipv4"), scope)
      yield* socket.bind(loopback)
      expect(socket.descriptor).toBeGreaterThan(0)
      const waiting = yield* Effect.fork(failure(socket.readable))
      const interrupted = yield* Effect.fork(socket.readable)
      yield* moment
      yield* Fiber.interrupt(interrupted)
      yield* Scope.close(scope, Exit.void)
      const message = yield* WsaMsg.make({ buffers: [8], control: 0 })
      const errors = [
        yield* Fiber.join(waiting),
        yield* failure(socket.readable),
        yield* failure(socket.localAddress),
        yield* failure(socket.bind(loopback)),
        yield* failure(socket.connect({ address: "127.0.0.1", port: 9 })),
        yield* failure(socket.setOption(0, 19, 1)),
        yield* failure(WsaMsg.receive(socket, message)),
        yield* failure(WsaMsg.send(socket, message))
      ]
      for (const error of errors) expect(error).toMatchObject({ _tag: "WsaError", reason: "Closed", code: "CLOSED" })
    })
  )
})
