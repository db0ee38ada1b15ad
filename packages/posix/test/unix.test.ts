/** Unix sockets: their names, the files that binding makes, connecting, and other code that uses their descriptor. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { UnixEndpoint } from "@ancillary/control"
import {
  Datagram,
  SocketOption,
  withDefaultPriority,
  withHopLimit,
  withReceiveBufferSize,
  withSendBufferSize,
  withTimestamp
} from "@ancillary/effect3"
import type { NativeArena } from "@ancillary/engine/driver/Arena"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Option, Scope } from "effect"
import { linux } from "../src/internal/platform.ts"
import { leakingNothing, unixLayer as layer } from "./files.ts"
import { libc, ok } from "./bareKernel.ts"
import { barePair, bareUnix, receiveUnix, sendUnix, unixArena } from "./bareUnix.ts"

const data = Uint8Array.of(1)
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "ancillary-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)
const abstract = (of: string) => `\0ancillary-${of}-${process.pid}`
const { unix } = Datagram

describe("names", () => {
  it.scopedLive("Unix sockets exchange by path and by abstract name, with timestamps", () =>
    Effect.gen(function* () {
      const spec = unix.pipe(withTimestamp())
      const path = join(yield* folder, "socket")
      const byPath = yield* Datagram.bind(spec, { path })
      const byName = yield* Datagram.bind(spec, { path: abstract("name") })
      expect([String(byPath.localAddress), String(byName.localAddress)]).toEqual([
        path,
        `@ancillary-name-${process.pid}`
      ])

      yield* byName.send({ data: Uint8Array.of(1, 2), to: { path } })
      const asked = yield* byPath.receive
      expect(asked.data).toEqual(Uint8Array.of(1, 2))
      expect(asked.from).toEqual(byName.localAddress)
      expect(Option.isSome(asked.control.timestamp)).toBe(true)
      expect(asked.delivery).toBe("unknown")

      // Larger than any internet datagram, because slots of Unix sockets have the sender's default limit.
      const large = new Uint8Array(150_000).fill(7)
      yield* byPath.send({ data: large, to: asked.from })
      expect((yield* byName.receive).data).toEqual(large)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("trap 31: a path may fill sun_path, and is received with 111 bytes", () =>
    Effect.gen(function* () {
      const inside = yield* folder
      const path = join(inside, "x".repeat(108 - inside.length - 1))
      const { driver, second } = yield* barePair
      const receiver = yield* bareUnix(driver, join(inside, "bareKernel"))
      const sender = yield* Effect.scoped(
        Effect.gen(function* () {
          ok(sendUnix(driver, yield* bareUnix(driver, path), data, undefined, join(inside, "bareKernel")))
          return receiveUnix(driver, receiver, 0).addressLength
        })
      )
      expect([path.length, sender]).toEqual([108, 111])
      ok(sendUnix(driver, second, data))

      const long = yield* Datagram.bind(unix, { path })
      const short = yield* Datagram.bind(unix, { path: abstract("short") })
      expect(long.localAddress.path).toBe(path)
      yield* long.send({ data, to: short.localAddress })
      const asked = yield* short.receive
      expect(asked.from.path).toBe(path)
      yield* short.send({ data, to: asked.from })
      expect((yield* long.receive).data).toEqual(data)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("trap 31: an unnamed sender is received, and cannot be answered", () =>
    Effect.gen(function* () {
      const { driver } = yield* barePair
      const socket = yield* Datagram.bind(unix, { path: abstract("asked") })
      ok(sendUnix(driver, yield* bareUnix(driver), data, undefined, abstract("asked")))
      const { from } = yield* socket.peek
      expect([from.path, String(from), from.equals(new UnixEndpoint(undefined))]).toEqual([undefined, "unnamed", true])
      expect((yield* socket.receive).from).toEqual(from)
      expect((yield* Effect.flip(socket.send({ data, to: from }))).message).toBe(
        "to: a socket without a name cannot be sent to. Nothing was sent."
      )
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("the kernel chooses a name for clients, so they can be answered", () =>
    Effect.gen(function* () {
      const server = yield* Datagram.bind(unix, new UnixEndpoint(undefined))
      const client = yield* Datagram.client(unix)
      const connected = yield* Datagram.connect(unix, server.localAddress)
      const names = [server, client, connected].map(({ localAddress }) => String(localAddress))
      expect(names).toEqual(names.map(() => expect.stringMatching(/^@[0-9a-f]{5}$/)))
      expect(new Set(names).size).toBe(3)
      yield* client.send({ data, to: server.localAddress })
      yield* connected.send({ data })
      for (const socket of [client, connected]) {
        const { from } = yield* server.receive
        expect(from).toEqual(socket.localAddress)
        yield* server.send({ data: Uint8Array.of(2), to: from })
        expect((yield* socket.receive).from).toEqual(server.localAddress)
      }
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("every byte of an abstract name counts, even NUL", () =>
    Effect.gen(function* () {
      const names = [abstract("nul"), `${abstract("nul")}\0`, `${abstract("nul")}\0\0a`]
      const sockets = yield* Effect.forEach(names, (path) => Datagram.bind(unix, { path }))
      const client = yield* Datagram.client(unix)
      for (const [i, path] of names.entries()) yield* client.send({ data: Uint8Array.of(i), to: { path } })
      const seen = yield* Effect.forEach(sockets, ({ receive }) => receive)
      expect(seen.map((datagram) => datagram.data[0])).toEqual([0, 1, 2])
      expect(sockets.map(({ localAddress }) => localAddress.path)).toEqual(names)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("that are invalid are rejected, and absent peers are errors", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "socket")
      const long = yield* Effect.flip(Datagram.bind(unix, { path: "x".repeat(109) }))
      expect(long.message).toBe(
        "The address cannot be used: the path takes 109 bytes, a Unix socket name has room for 108."
      )
      const empty = yield* Effect.flip(Datagram.bind(unix, { path: "" }))
      expect(empty.message).toBe(
        "The address cannot be used: a Unix socket is named by a path that is not empty, not by ''."
      )
      const unnamed = yield* Effect.flip(Datagram.connect(unix, new UnixEndpoint(undefined)))
      expect(unnamed.message).toBe("The address cannot be used: a socket without a name cannot be connected to.")

      const socket = yield* Datagram.bind(unix, { path })
      const nobody = yield* Effect.flip(socket.send({ data, to: { path: `${path}-nobody` } }))
      expect(nobody).toMatchObject({ _tag: "DatagramSendError", reason: "ConnectionRefused", code: "ENOENT" })
      const tooLong = yield* Effect.flip(socket.send({ data, to: { path: "x".repeat(200) } }))
      expect(tooLong.message).toBe(
        "to: the path takes 200 bytes, a Unix socket name has room for 108. Nothing was sent."
      )
    }).pipe(Effect.provide(layer))
  )
})

describe("the file of a path", () => {
  it.live("exists as long as the socket, even if the process changes its directory", () =>
    leakingNothing(
      Effect.gen(function* () {
        const inside = yield* folder
        const path = relative(process.cwd(), join(inside, "socket"))
        const scope = yield* Scope.make()
        yield* Scope.extend(Datagram.bind(unix, { path }), scope)
        expect(existsSync(join(inside, "socket"))).toBe(true)
        const home = process.cwd()
        process.chdir("/")
        yield* Effect.ensuring(
          Scope.close(scope, Exit.void),
          Effect.sync(() => process.chdir(home))
        )
        expect(existsSync(join(inside, "socket"))).toBe(false)
        yield* Effect.scoped(Datagram.bind(unix, { path }))
      })
    )
  )

  it.live("is removed even if the directory was moved or a link on the path changed", () =>
    leakingNothing(
      Effect.gen(function* () {
        const inside = yield* folder
        const home = process.cwd()
        for (const each of ["one", "other"]) mkdirSync(join(inside, each))
        yield* Effect.acquireUseRelease(
          Effect.sync(() => process.chdir(join(inside, "one"))),
          () =>
            Effect.zipRight(
              Effect.scoped(
                Effect.andThen(Datagram.bind(unix, { path: "socket" }), () =>
                  renameSync(join(inside, "one"), join(inside, "moved"))
                )
              ),
              Effect.sync(() => expect(existsSync(join(inside, "moved", "socket"))).toBe(false))
            ),
          () => Effect.sync(() => process.chdir(home))
        )
        const link = join(inside, "link")
        symlinkSync(join(inside, "moved"), link)
        const swap = () => {
          unlinkSync(link)
          symlinkSync(join(inside, "other"), link)
          writeFileSync(join(inside, "other", "socket"), "a stranger's")
        }
        yield* Effect.scoped(Effect.andThen(Datagram.bind(unix, { path: join(link, "socket") }), swap))
        expect(existsSync(join(inside, "moved", "socket"))).toBe(false)
        expect(existsSync(join(inside, "other", "socket"))).toBe(true)
        // An abstract name has no file.
        yield* Effect.scoped(Datagram.bind(unix, { path: abstract("no-file") }))
      })
    )
  )

  it.live("stays if it now belongs to another socket, to another file, or does not exist", () =>
    leakingNothing(
      Effect.gen(function* () {
        const path = join(yield* folder, "socket")
        const bindIn = Effect.flatMap(Scope.make(), (scope) =>
          Effect.as(Scope.extend(Datagram.bind(unix, { path }), scope), Scope.close(scope, Exit.void))
        )
        // Removed and bound again by another socket: the first close leaves the file, the second removes it.
        const closeFirst = yield* bindIn
        unlinkSync(path)
        const closeSecond = yield* bindIn
        yield* closeFirst
        expect(existsSync(path)).toBe(true)
        const client = yield* Datagram.client(unix)
        yield* client.send({ data, to: { path } })
        yield* closeSecond
        expect(existsSync(path)).toBe(false)

        const closeThird = yield* bindIn
        renameSync(path, `${path}-moved`)
        writeFileSync(path, "somebody's")
        yield* closeThird
        expect(existsSync(path)).toBe(true)
        unlinkSync(path)

        const closeFourth = yield* bindIn
        unlinkSync(path)
        yield* closeFourth
      })
    )
  )

  it.live("that a program left behind blocks bind, and the error gives that reason", () =>
    leakingNothing(
      Effect.gen(function* () {
        const path = join(yield* folder, "socket")
        const bind = Datagram.bind(unix, { path })
        const live = yield* Effect.scoped(Effect.zipRight(bind, Effect.flip(bind)))
        const { driver } = yield* barePair
        // Renamed, so that its close does not find it.
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* bareUnix(driver, `${path}-elsewhere`)
            renameSync(`${path}-elsewhere`, path)
          })
        )
        const left = yield* Effect.flip(bind)
        const name = yield* Effect.scoped(
          Effect.zipRight(
            Datagram.bind(unix, { path: abstract("taken") }),
            Effect.flip(Datagram.bind(unix, { path: abstract("taken") }))
          )
        )
        for (const error of [live, left, name])
          expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "AddressInUse", code: "EADDRINUSE" })
        expect([live, left, name].map(({ message }) => message)).toEqual([
          `Binding to ${path} failed (bind: EADDRINUSE 98). Another socket has this path or name. Choose another, or stop the other program.`,
          `Binding to ${path} failed (bind: EADDRINUSE 98). The file at this path belongs to no open socket: it is that of a program that has ended, or no socket at all. Remove it if it is a socket, or choose another path.`,
          `Binding to @ancillary-taken-${process.pid} failed (bind: EADDRINUSE 98). Another socket has this path or name. Choose another, or stop the other program.`
        ])
        unlinkSync(path)
        // A file with contents is no socket, and the error does not advise to remove it.
        writeFileSync(path, "contents")
        expect((yield* Effect.flip(bind)).message).toBe(left.message)
        unlinkSync(path)
        yield* Effect.scoped(bind)
        const nowhere = yield* Effect.flip(Datagram.bind(unix, { path: `${path}/no/such/folder` }))
        expect(nowhere.message).toMatch(/failed \(bind: ENOENT 2\)\. There is no such directory\. Create it first\.$/)
      })
    )
  )
})

describe("connecting", () => {
  it.live("to a peer by another path for it: its datagrams are received", () =>
    leakingNothing(
      Effect.gen(function* () {
        const path = join(yield* folder, "socket")
        const peer = yield* Datagram.bind(unix, { path: relative(process.cwd(), path) })
        const socket = yield* Datagram.connect(unix, { path })
        yield* socket.send({ data })
        yield* peer.send({ data: Uint8Array.of(2), to: (yield* peer.receive).from })
        expect((yield* socket.receive).data).toEqual(Uint8Array.of(2))
        expect((yield* socket.stats).dropped).toBe(0n)
      })
    )
  )

  it.live("to an absent or unsuitable peer: the errors distinguish the cases", () =>
    leakingNothing(
      Effect.gen(function* () {
        const path = join(yield* folder, "socket")
        const refused = (to: string) => Effect.flip(Datagram.connect(unix, { path: to }))
        const stream = yield* Effect.acquireRelease(
          Effect.async<ReturnType<typeof createServer>>((resume) => {
            const server = createServer().listen(`${path}-stream`, () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
        )
        expect(stream.listening).toBe(true)
        writeFileSync(`${path}-file`, "")
        const taken = abstract("connected")
        yield* Datagram.bind(unix, { path })
        yield* Datagram.connect(unix, { path }, { local: { path: taken } })
        const seen = yield* Effect.forEach([`${path}-none`, `${path}-file`, `${path}-stream`, taken], refused)
        expect(seen.map((error) => [error.message.replace(/^Connecting to \S+ failed /, ""), reasonOf(error)])).toEqual(
          [
            ["(connect: ENOENT 2). No socket has this path or name. Start the receiver first.", "Unreachable"],
            ["(connect: ECONNREFUSED 111). No socket is bound there. Start the receiver first.", "Unreachable"],
            [
              "(connect: EPROTOTYPE 91). The socket at that path is not a datagram socket. Use the path of one.",
              "InvalidArgument"
            ],
            [
              "(connect: EPERM 1). The socket there is connected, and receives only from its peer. Choose another one.",
              "PermissionDenied"
            ]
          ]
        )
      })
    )
  )

  it.live("to a peer that ends: each send fails, and no other socket takes its place", () =>
    leakingNothing(
      Effect.gen(function* () {
        const local = abstract("widow")
        const peers = yield* Scope.make()
        const peer = yield* Scope.extend(Datagram.bind(unix, { path: abstract("late") }), peers)
        const socket = yield* Datagram.connect(unix, peer.localAddress, { local: { path: local } })
        yield* Scope.close(peers, Exit.void)
        const send = Effect.flip(socket.send({ data }))
        expect([yield* send, yield* send]).toMatchObject([
          { reason: "ConnectionRefused", code: "ECONNREFUSED" },
          { reason: "ConnectionRefused", code: "ENOTCONN" }
        ])
        // Linux: the socket is no longer connected, so it would receive from every sender.
        const stranger = yield* Datagram.client(unix)
        yield* stranger.send({ data, to: { path: local } })
        expect(yield* socket.receiveWithin(0)).toEqual(Option.none())
        expect(yield* socket.stats).toMatchObject({ dequeued: 1n, dropped: 1n })
      })
    )
  )
})

const reasonOf = (error: { readonly _tag: string }): unknown => ("reason" in error ? error.reason : undefined)

describe("trap 31: the error queue of a Unix socket", () => {
  it.scoped("bare kernel: reading it takes data; ours does not read it, so no data is lost", () =>
    Effect.gen(function* () {
      const { driver, first, second } = yield* barePair
      const into = unixArena(driver, "receive", 0) as NativeArena
      for (const byte of [1, 2]) ok(sendUnix(driver, first, Uint8Array.of(byte)))
      into.prepare(1, 0)
      libc.recvmsg(second.descriptor, into.headerAddress(0), linux.receiveFlags | (linux.MSG_ERRQUEUE ?? 0))
      expect(into.bytes[into.dataAt(0)]).toBe(1)
      expect(second.receiveErrors(into, 1)).toBe(0)
      expect([second.receive(into, 1, false), into.bytes[into.dataAt(0)]]).toEqual([1, 2])
      into.free()
    })
  )
})

it.scoped("buffers and a priority are options of a Unix socket, too", () =>
  Effect.gen(function* () {
    const spec = unix.pipe(withReceiveBufferSize(20_000), withSendBufferSize(30_000), withDefaultPriority(5))
    const socket = yield* Datagram.bind(spec, { path: abstract("options") })
    // Linux: twice the requested size.
    expect(yield* socket.getOption(SocketOption.receiveBufferSize)).toBe(40_000)
    expect(yield* socket.getOption(SocketOption.sendBufferSize)).toBe(60_000)
    expect(yield* socket.getOption(SocketOption.defaultPriority)).toBe(5)
  }).pipe(Effect.provide(layer))
)

it.live("other code can use the descriptor as long as the socket is open", () =>
  leakingNothing(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const socket = yield* Scope.extend(Datagram.bind(unix, { path: abstract("described") }), scope)
      const number = yield* socket.descriptor
      const name = new Uint8Array(110)
      const length = new Uint32Array([110])
      expect(libc.getsockname(number, name, new Uint8Array(length.buffer))).toBe(0)
      expect(Buffer.from(name.subarray(2, length[0])).toString()).toBe(abstract("described"))
      yield* Scope.close(scope, Exit.void)
      expect(yield* Effect.flip(socket.descriptor)).toMatchObject({ _tag: "DatagramReceiveError", reason: "Closed" })
    })
  )
)

it("a message of internet sockets is rejected on a Unix socket at run time, too", () => {
  const spec = unix as unknown as typeof Datagram.ipv4
  const bound = Datagram.bind(spec.pipe(withHopLimit()), { path: "\0x" } as never)
  return Effect.gen(function* () {
    const error = yield* Effect.flip(bound)
    expect(error.message).toBe(
      "withHopLimit(): 'hopLimit' does not exist for unix sockets. Declare withOptional(withHopLimit()) to go without where it is lacking."
    )
  }).pipe(Effect.scoped, Effect.provide(layer), Effect.runPromise)
})
