/** Adopting SOCKETs: others than datagram sockets are rejected, and datagrams queued before are reported as such. */
import { Codec, endpoint, SocketAddress } from "@ancillary/control"
import { Datagram, DatagramSockets, withCounterTimestamp, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { WinsockSockets } from "@ancillary/effect3/node"
import { expect, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope } from "effect"
import { adopt } from "../../src/internal/native.ts"
import type { Ws2 } from "../../src/internal/ws2_32.ts"
import { abi, moment, ok, ws2 } from "./bareCalls.ts"

const [SOCK_STREAM, SOCK_DGRAM] = [1, 2]
const one = Uint8Array.of(1)
const udp = { family: "ipv4", protocol: "udp" } as const

const nameOf = (family: "ipv4" | "ipv6", port: number): Uint8Array => {
  const at = endpoint(family, { address: family === "ipv4" ? "127.0.0.1" : "::1", port })
  if (Codec.isMalformed(at)) throw new Error(at.malformed)
  const name = new Uint8Array(abi.sockaddr[family])
  SocketAddress.write(abi, at, new DataView(name.buffer), 0)
  return name
}

const length = (bytes: number) => new Uint8Array(Int32Array.of(bytes).buffer)

const isOpen = (handle: number): boolean => ws2.getsockopt(handle, 0xffff, 0x1008, new Uint8Array(4), length(4)) === 0

/** A socket as another program makes it: blocking, overlapped, without options. Returns its port, and closes it at the end if it was not adopted. */
const foreign = (family: "ipv4" | "ipv6" = "ipv4", type = SOCK_DGRAM) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      expect(ws2.WSAStartup(0x0202, new Uint8Array(512))).toBe(0)
      const handle = ws2.WSASocketW(abi.family[family], type, 0, 0, 0, 1)
      const name = nameOf(family, 0)
      expect(ws2.bind(handle, name, name.length)).toBe(0)
      expect(ws2.getsockname(handle, name, length(name.length))).toBe(0)
      return { handle, address: "127.0.0.1", port: new DataView(name.buffer).getUint16(2) }
    }),
    ({ handle }) =>
      Effect.sync(() => {
        if (isOpen(handle)) ws2.closesocket(handle)
        ws2.WSACleanup()
      })
  )

const guarded = DatagramSockets.layer(WinsockSockets.driver({ guarded: true }), WinsockSockets.capabilities)

// Without the test clock, because datagrams take real time.
layer(guarded, { excludeTestServices: true })("a SOCKET that was made elsewhere", (it) => {
  it.scoped("receives what its spec declares, answers, and is closed by its scope", () =>
    Effect.gen(function* () {
      const { handle, ...to } = yield* foreign()
      const scope = yield* Scope.make()
      const adopting = Datagram.adopt(Datagram.ipv4.pipe(withPktInfo(), withHopLimit()), handle)
      const socket = yield* Scope.extend(adopting, scope)
      expect([yield* socket.descriptor, socket.queuedBefore]).toEqual([handle, false])
      expect(String(socket.localAddress)).toBe(`127.0.0.1:${to.port}`)
      // It was a blocking socket: a waiting reader would block the whole process.
      const waiting = yield* Effect.fork(socket.receive)
      yield* Effect.repeatN(Effect.yieldNow(), 20)
      const client = yield* Datagram.client(Datagram.ipv4)
      yield* client.send({ data: one, to })
      const asked = yield* Fiber.join(waiting)
      expect([String(asked.control.pktInfo.destination), asked.control.hopLimit]).toEqual(["127.0.0.1", 64])
      expect(asked.control.pktInfo.interfaceIndex).toBeGreaterThan(0)
      yield* Datagram.reply(socket, asked, Uint8Array.of(2))
      const answer = yield* client.receive
      expect([[...answer.data], String(answer.from)]).toEqual([[2], `127.0.0.1:${to.port}`])
      expect(isOpen(handle)).toBe(true)
      yield* Scope.close(scope, Exit.void)
      expect(isOpen(handle)).toBe(false)
    })
  )

  it.scoped("reports datagrams that were queued before it was adopted", () =>
    Effect.gen(function* () {
      const { handle, ...to } = yield* foreign()
      const client = yield* Datagram.client(Datagram.ipv4)
      yield* client.send({ data: one, to })
      yield* moment
      const socket = yield* Datagram.adopt(Datagram.ipv4.pipe(withPktInfo()), handle)
      expect(socket.queuedBefore).toBe(true)
      yield* client.send({ data: Uint8Array.of(2), to })
      const [before, after] = [yield* socket.receive, yield* socket.receive]
      expect([[...before.data], [...after.data]]).toEqual([[1], [2]])
      expect(String(before.control.pktInfo.destination)).toBe("127.0.0.1")
      // Not Windows: Wine returns the data that its host kept, and Linux did not keep the interface.
      expect(before.control.pktInfo.interfaceIndex).toBe(0)
      expect(after.control.pktInfo.interfaceIndex).toBeGreaterThan(0)
      for (const asked of [before, after]) {
        yield* Datagram.reply(socket, asked, one)
        expect(String((yield* client.receive).from)).toBe(`127.0.0.1:${to.port}`)
      }
      expect((yield* socket.stats).dequeued).toBe(2n)
    })
  )

  it.scoped("is rejected if it is of another kind or family, and stays its caller's", () =>
    Effect.gen(function* () {
      const refused = (handle: number) => Effect.flip(Datagram.adopt(Datagram.ipv4, handle))
      const stream = yield* foreign("ipv4", SOCK_STREAM)
      const other = yield* foreign("ipv6")
      for (const { handle } of [stream, other]) {
        const error = yield* refused(handle)
        expect(error).toMatchObject({ _tag: "DatagramBindError", syscall: "adopt", code: "WSAEPROTOTYPE" })
        expect(error.message).toMatch(new RegExp(`^Adopting descriptor ${handle} failed `))
        expect(isOpen(handle)).toBe(true)
      }
      for (const handle of [0, 999_996])
        expect(yield* refused(handle)).toMatchObject({ _tag: "DatagramBindError", code: "WSAENOTSOCK" })
      for (const handle of [-1, 1.5, Number.NaN])
        expect(yield* refused(handle)).toMatchObject({ reason: "InvalidArgument", code: "INVALID" })
      const { handle } = yield* foreign()
      expect(yield* Effect.flip(Datagram.adopt(Datagram.unix, handle))).toMatchObject({
        _tag: "DatagramUnsupportedError",
        code: "WSAEAFNOSUPPORT"
      })
      expect(yield* Effect.flip(Datagram.adopt(Datagram.icmp4, handle))).toMatchObject({ code: "WSAEPROTONOSUPPORT" })
      expect(isOpen(handle)).toBe(true)
      const dual = yield* Effect.flip(Datagram.adopt(Datagram.dual, other.handle))
      expect(dual).toMatchObject({ _tag: "DatagramBindError", syscall: "setsockopt", code: "WSAEINVAL" })
      // The rejected socket still works. Its IPV6_V6ONLY cannot be set any more, and it serves only IPv6.
      const six = yield* Datagram.adopt(Datagram.ipv6, other.handle)
      yield* six.send({ data: one, to: six.localAddress })
      expect((yield* six.receive).from).toEqual(six.localAddress)
    })
  )

  it.scoped("stays its caller's if it refuses an option of the spec", () =>
    Effect.gen(function* () {
      const { handle } = yield* foreign()
      const error = yield* Effect.flip(Datagram.adopt(Datagram.ipv4.pipe(withCounterTimestamp()), handle))
      expect(error).toMatchObject({ _tag: "DatagramUnsupportedError", syscall: "WSAIoctl", code: "WSAEOPNOTSUPP" })
      expect(isOpen(handle)).toBe(true)
      const again = yield* Datagram.adopt(Datagram.ipv4, handle)
      expect(yield* again.descriptor).toBe(handle)
    })
  )

  it.scoped("counts as one user of Winsock while adopted, and as none after a rejection", () =>
    Effect.gen(function* () {
      const counts = { started: 0, cleaned: 0 }
      const counted: Ws2 = {
        ...ws2,
        WSAStartup: (version, data) => {
          counts.started++
          return ws2.WSAStartup(version, data)
        },
        WSACleanup: () => {
          counts.cleaned++
          return ws2.WSACleanup()
        }
      }
      const stream = yield* foreign("ipv4", SOCK_STREAM)
      expect(adopt({ abi, ws2: counted }, stream.handle, udp)).toMatchObject({ code: "WSAEPROTOTYPE" })
      expect(counts).toEqual({ started: 1, cleaned: 1 })
      const { handle } = yield* foreign()
      const socket = ok(adopt({ abi, ws2: counted }, handle, udp))
      expect(counts).toEqual({ started: 2, cleaned: 1 })
      expect(socket.close()).toBeUndefined()
      expect(counts).toEqual({ started: 2, cleaned: 2 })
    })
  )

  it.scoped("reports its peer if it is connected, and receives only from that peer", () =>
    Effect.gen(function* () {
      const peer = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
      const stranger = yield* Datagram.client(Datagram.ipv4)
      const { handle, ...to } = yield* foreign()
      const name = nameOf("ipv4", peer.localAddress.port)
      const alone = ok(adopt({ abi, ws2 }, handle, udp))
      const into = new Uint8Array(28)
      expect(alone.peerAddress(into)).toMatchObject({ syscall: "getpeername", code: "WSAENOTCONN", errno: 10057 })

      ok(alone.connect(name))
      expect([alone.peerAddress(into), into.subarray(0, 8)]).toEqual([16, name.subarray(0, 8)])
      // The peer of an adopted socket is known from the start, and removed again by disconnecting.
      const connected = ok(adopt({ abi, ws2 }, handle, udp))
      expect(connected.peerAddress(into)).toBe(16)
      const socket = yield* Datagram.adopt(Datagram.ipv4.pipe(withHopLimit()), handle)
      yield* stranger.send({ data: Uint8Array.of(9), to })
      yield* peer.send({ data: Uint8Array.of(3), to })
      const heard = yield* socket.receive
      expect([[...heard.data], String(heard.from)]).toEqual([[3], String(peer.localAddress)])
      expect(Option.isNone(yield* socket.receiveWithin(100))).toBe(true)
      ok(connected.connect(undefined))
      expect(connected.peerAddress(into)).toMatchObject({ code: "WSAENOTCONN" })
    })
  )
})
