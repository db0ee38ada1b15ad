/**
 * The driver's promises about sockets: users of Winsock, closed sockets, peeking, and batches.
 */
import type { ArenaLayout } from "@ancillary/engine/driver/Arena"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { release } from "node:os"
import { WinsockSockets } from "@ancillary/effect3/node"
import { open } from "../../src/internal/native.ts"
import type { Ws2 } from "../../src/internal/ws2_32.ts"
import { abi, arenas, bound, message, ok, receiveBare, sendTo, text, ws2 } from "./bareCalls.ts"

const udp = { family: "ipv4", protocol: "udp" } as const
const layout: ArenaLayout = {
  purpose: "receive",
  slots: 4,
  iovecs: 1,
  addressBytes: 16,
  controlBytes: 64,
  dataBytes: 8
}

/** The calls of Winsock, with those that come in pairs counted. */
const counting = (instead: Partial<Ws2> = {}) => {
  const counts = { started: 0, cleaned: 0, opened: 0, closed: 0 }
  const counted: Ws2 = {
    ...ws2,
    WSAStartup: (version, data) => {
      const result = ws2.WSAStartup(version, data)
      if (result === 0) counts.started++
      return result
    },
    WSACleanup: () => {
      counts.cleaned++
      return ws2.WSACleanup()
    },
    WSASocketW: (...all) => {
      const handle = (instead.WSASocketW ?? ws2.WSASocketW)(...all)
      if (handle !== -1) counts.opened++
      return handle
    },
    closesocket: (handle) => {
      counts.closed++
      return ws2.closesocket(handle)
    },
    WSAIoctl: instead.WSAIoctl ?? ws2.WSAIoctl,
    WSAGetLastError: instead.WSAGetLastError ?? ws2.WSAGetLastError
  }
  return { counts, host: { abi, ws2: counted } }
}

describe("the build of the system", () => {
  it.effect("is the number that Windows reports", () =>
    // Wine's prefix has the version of Windows 7, 6.1.7601.
    Effect.map(WinsockSockets.driver(), ({ build }) => {
      expect(build).toBeGreaterThan(7000)
      expect(release()).toMatch(new RegExp(`^\\d+\\.\\d+\\.${build}$`))
    })
  )
})

describe("users of Winsock", () => {
  it("are counted: one per socket, from its opening to its closing", () => {
    const { counts, host } = counting()
    const sockets = [1, 2, 3].map(() => ok(open(host, udp)))
    expect(counts).toEqual({ started: 3, cleaned: 0, opened: 3, closed: 0 })
    for (const socket of sockets) expect(socket.close()).toBeUndefined()
    for (const socket of sockets) expect(socket.close()).toMatchObject({ code: "WSAENOTSOCK" })
    expect(counts).toEqual({ started: 3, cleaned: 3, opened: 3, closed: 3 })
  })
  it("do not count if no socket could be opened", () => {
    const { counts, host } = counting({ WSASocketW: () => -1, WSAGetLastError: () => 10024 })
    expect(open(host, udp)).toEqual({ syscall: "WSASocketW", code: "WSAEMFILE", errno: 10024 })
    expect(counts).toEqual({ started: 1, cleaned: 1, opened: 0, closed: 0 })
  })
  it("do not count if a socket could not be set up, because it is closed again", () => {
    const { counts, host } = counting({ WSAIoctl: () => -1, WSAGetLastError: () => 10022 })
    expect(open(host, udp)).toEqual({ syscall: "WSAIoctl", code: "WSAEINVAL", errno: 10022 })
    expect(counts).toEqual({ started: 1, cleaned: 1, opened: 1, closed: 1 })
  })
})

describe("features that Winsock lacks", () => {
  it("Unix datagrams and ICMP are faults, and no user is counted", () => {
    const { counts, host } = counting()
    expect(open(host, { family: "unix", protocol: "unix" })).toMatchObject({ code: "WSAEAFNOSUPPORT", errno: 10047 })
    expect(open(host, { family: "ipv4", protocol: "icmp" })).toMatchObject({ code: "WSAEPROTONOSUPPORT", errno: 10043 })
    expect(counts).toEqual({ started: 0, cleaned: 0, opened: 0, closed: 0 })
  })
})

describe("a closed socket", () => {
  it("returns a fault from every call, and makes no system call", () => {
    const { host } = counting()
    const socket = ok(open(host, udp))
    socket.close()
    // Under Wine the next socket has this number, so a call would reach it.
    const next = ok(open(host, udp))
    const arena = arenas()(layout)
    const four = new Uint8Array(4)
    const answers: ReadonlyArray<unknown> = [
      socket.setOption(0, 19, four),
      socket.getOption(0, 19, four),
      socket.ioctl(0x8004667e, four, four),
      socket.bind(new Uint8Array(16)),
      socket.connect(undefined),
      socket.localAddress(new Uint8Array(16)),
      socket.peerAddress(new Uint8Array(16)),
      socket.receive(arena, 1, false),
      socket.send(arena, 0, 1),
      socket.receiveMessage(arena.headerAddress(0)),
      socket.sendMessage(arena.headerAddress(0)),
      socket.poll(() => {}),
      socket.close()
    ]
    const codes = answers.map((answer) => (answer as Fault | undefined)?.code)
    expect(new Set(codes)).toEqual(new Set(["WSAENOTSOCK"]))
    expect(next.close()).toBeUndefined()
  })
})

describe("a socket without overlapped I/O", () => {
  it.scoped("bare: MSG_PEEK shows a datagram without taking it, and stays in dwFlags", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* bound(), yield* bound()]
      yield* sendTo(client, server, "hello")
      for (const dwFlags of [2, 2, 0]) {
        const into = message(16, [8], 0)
        expect(receiveBare(server, into, dwFlags)).toEqual({ error: 0, count: 5 })
        expect(into.dwFlags).toBe(dwFlags)
      }
      expect(receiveBare(server, message(16, [8], 0)).error).toBe(10035)
    })
  )
  it.scoped("ours: a peek returns the first datagram once, with any number of slots", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* bound(), yield* bound()]
      yield* sendTo(client, server, "first")
      yield* sendTo(client, server, "second")
      const arena = arenas()(layout)
      const shown = (slot: number) =>
        text(arena.bytes.subarray(arena.dataAt(slot), arena.dataAt(slot) + arena.dataLength(slot)))
      expect([server.socket.receive(arena, 4, true), shown(0)]).toEqual([1, "first"])
      expect([server.socket.receive(arena, 4, false), shown(0), shown(1)]).toEqual([2, "first", "second"])
      expect(server.socket.receive(arena, 4, true)).toBe(0)
    })
  )
})

describe("calls that set up", () => {
  it.scoped("several slots are sent in one call, and disconnecting removes the peer", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* bound(), yield* bound()]
      const out = arenas()({ ...layout, purpose: "send" })
      ok(client.socket.connect(server.name))
      for (const slot of [0, 1, 2]) out.fill(slot, 0, 0, [Uint8Array.of(slot)])
      expect(client.socket.send(out, 0, 3)).toBe(3)
      expect(client.socket.connect(undefined)).toBeUndefined()
      expect(client.socket.send(out, 0, 3)).toMatchObject({ syscall: "WSASendMsg" })
      const arena = arenas()(layout)
      expect(server.socket.receive(arena, 4, false)).toBe(3)
    })
  )
  it.scoped("a write beyond a slot that is about to be sent is found before the call", () =>
    Effect.gen(function* () {
      const { name, socket } = yield* bound()
      const out = arenas()({ ...layout, purpose: "send" })
      out.bytes.set(name, out.addressAt(0))
      out.fill(0, name.length, 0, [Uint8Array.of(1)])
      out.bytes[out.dataAt(0) + layout.dataBytes] = 0
      expect(() => socket.send(out, 0, 1)).toThrow(/slot 0: a write behind its payload/)
    })
  )
  it.scoped("options can be read back, and refusals have the name of the option", () =>
    Effect.gen(function* () {
      const { socket } = yield* bound()
      const value = new Uint8Array(4)
      expect(socket.setOption(0, 4, Uint8Array.of(7, 0, 0, 0))).toBeUndefined()
      expect([socket.getOption(0, 4, value), value[0]]).toEqual([4, 7])
      expect(socket.setOption(0, 9999, value)).toEqual({ syscall: "setsockopt", code: "WSAENOPROTOOPT", errno: 10042 })
    })
  )
  it.scoped("Wine: SIO_UDP_NETRESET is refused, and a socket opens nevertheless", () =>
    Effect.gen(function* () {
      const { socket } = yield* bound()
      expect(socket.ioctl(0x9800000f, Uint8Array.of(0, 0, 0, 0), new Uint8Array(0))).toMatchObject({ errno: 10045 })
      expect(socket.ioctl(0x9800000c, Uint8Array.of(0, 0, 0, 0), new Uint8Array(0))).toBe(0)
    })
  )
  it.scoped("ICMP errors of other peers are off, and those of a connected peer are on", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const names: { readonly [code in number]?: string } = { 0x9800000c: "connreset", 0x9800000f: "netreset" }
      const [peer, { socket }] = [
        yield* bound(),
        yield* bound({
          WSAIoctl: (s, code, input, ...rest) => {
            const name = names[code]
            if (name !== undefined) asked.push(`${name} ${input?.join("")}`)
            return ws2.WSAIoctl(s, code, input, ...rest)
          }
        })
      ]
      ok(socket.connect(peer.name))
      ok(socket.connect(undefined))
      expect(asked).toEqual(["connreset 0000", "netreset 0000", "connreset 1000", "connreset 0000"])
    })
  )
  it.scoped("Winsock has a family number of its own for IPv6", () =>
    Effect.gen(function* () {
      const socket = yield* Effect.acquireRelease(
        Effect.sync(() => ok(open({ abi, ws2 }, { family: "ipv6", protocol: "udp" }))),
        (socket) => Effect.sync(() => socket.close())
      )
      const name = new Uint8Array(28)
      name[0] = 23
      expect(socket.bind(name)).toBeUndefined()
      const local = new Uint8Array(28)
      expect([socket.localAddress(local), local[0]]).toEqual([28, 23])
    })
  )
})
