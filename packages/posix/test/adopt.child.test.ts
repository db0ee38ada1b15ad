/** Adopting sockets by their descriptor: other descriptors are rejected, and datagrams queued before are reported as such. */
import { spawn } from "node:child_process"
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  withBindToDevice,
  withBroadcast,
  withHopLimit,
  withPktInfo,
  withRights,
  withTimestamp
} from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { bundled } from "../../testing/program.ts"
import { throwsEverywhere } from "../../testing/src/internal/openings.ts"
import { leakingNothing } from "./files.ts"
import { libc } from "./bareKernel.ts"
import { unixName } from "./bareUnix.ts"
import { openDescriptors, openDescriptorsAre } from "./process.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const one = Uint8Array.of(1)

const isOpen = (descriptor: number): boolean => {
  try {
    return fstatSync(descriptor).ino > 0
  } catch {
    return false
  }
}

/** A socket as another program makes it: blocking, inherited, without options. Returns its port, and closes it at the end if it was not adopted. */
const foreign = (family = AF_INET, type = SOCK_DGRAM, host = [127, 0, 0, 1]) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const descriptor = libc.socket(family, type, 0)
      const name = new Uint8Array(family === AF_INET ? 16 : 28)
      name[0] = family
      if (family === AF_INET) name.set(host, 4)
      expect(libc.bind(descriptor, name, name.length)).toBe(0)
      const length = new Uint8Array(Uint32Array.of(name.length).buffer)
      expect(libc.getsockname(descriptor, name, length)).toBe(0)
      return { descriptor, port: new DataView(name.buffer).getUint16(2), address: "127.0.0.1" }
    }),
    ({ descriptor }) => Effect.sync(() => isOpen(descriptor) && libc.close(descriptor))
  )

it.scopedLive("an adopted socket receives what its spec declares, and its scope closes it", () =>
  Effect.gen(function* () {
    const { descriptor, ...to } = yield* foreign()
    const scope = yield* Scope.make()
    const adopting = Datagram.adopt(Datagram.ipv4.pipe(withPktInfo(), withHopLimit()), descriptor)
    const socket = yield* Scope.extend(adopting, scope)
    expect([yield* socket.descriptor, socket.queuedBefore]).toEqual([descriptor, false])
    expect(String(socket.localAddress)).toBe(`127.0.0.1:${to.port}`)
    // It was a blocking socket: a waiting reader would block the whole process.
    const waiting = yield* Effect.fork(socket.receive)
    yield* Effect.repeatN(Effect.yieldNow(), 20)
    const client = yield* Datagram.client(Datagram.ipv4)
    yield* client.send({ data: one, to })
    const asked = yield* Fiber.join(waiting)
    expect([asked.control.hopLimit, asked.delivery]).toEqual([64, "unicast"])
    expect(asked.control.pktInfo.interfaceIndex).toBeGreaterThan(0)
    yield* Datagram.reply(socket, asked, one)
    expect(String((yield* client.receive).from)).toBe(`127.0.0.1:${to.port}`)
    expect(isOpen(descriptor)).toBe(true)
    yield* Scope.close(scope, Exit.void)
    expect(isOpen(descriptor)).toBe(false)
  }).pipe(Effect.provide(layer))
)

it.scopedLive("trap 5, ours: datagrams queued before adoption are marked and can be answered", () =>
  Effect.gen(function* () {
    const { descriptor, port } = yield* foreign(AF_INET, SOCK_DGRAM, [0, 0, 0, 0])
    const to = { address: "127.0.0.2", port }
    const client = yield* Datagram.client(Datagram.ipv4.pipe(withBroadcast()))
    yield* client.send({ data: one, to })
    yield* client.send({ data: one, to: { address: "127.255.255.255", port } })
    const socket = yield* Datagram.adopt(Datagram.ipv4.pipe(withPktInfo(), withTimestamp()), descriptor)
    expect(socket.queuedBefore).toBe(true)
    yield* client.send({ data: one, to })
    const [before, toAll, after] = [yield* socket.receive, yield* socket.receive, yield* socket.receive]
    // Linux: the destination is right, and the other fields were not kept. Neither is taken as a broadcast or as a source for replies.
    expect([String(before.control.pktInfo.destination), before.control.pktInfo.interfaceIndex]).toEqual([
      "127.0.0.2",
      0
    ])
    expect([before.control.pktInfo.local, before.delivery]).toEqual([undefined, "unknown"])
    expect(Option.isSome(before.control.timestamp)).toBe(true)
    expect([String(toAll.control.pktInfo.destination), toAll.delivery]).toEqual(["127.255.255.255", "unknown"])
    expect([String(after.control.pktInfo.local), after.delivery]).toEqual(["127.0.0.2", "unicast"])
    for (const [asked, answers] of [
      [before, "127.0.0.2"],
      // If the address cannot be a source, the kernel chooses.
      [toAll, "127.0.0.1"],
      [after, "127.0.0.2"]
    ] as const) {
      yield* Datagram.reply(socket, asked, one)
      expect(String((yield* client.receive).from)).toBe(`${answers}:${port}`)
    }
    expect((yield* socket.stats).sourceRefused).toBe(1n)
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a descriptor of another kind is rejected and unchanged", () =>
  Effect.gen(function* () {
    const folder = mkdtempSync(join(tmpdir(), "ancillary-adopt-"))
    yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
    const file = openSync(join(folder, "file"), "w")
    yield* Effect.addFinalizer(() => Effect.sync(() => closeSync(file)))
    const refused = (descriptor: number) => Effect.flip(Datagram.adopt(Datagram.ipv4, descriptor))
    expect(yield* refused(file)).toMatchObject({ _tag: "DatagramBindError", code: "ENOTSOCK" })
    const stream = yield* foreign(AF_INET, SOCK_STREAM)
    expect(yield* refused(stream.descriptor)).toMatchObject({ _tag: "DatagramBindError", code: "EPROTOTYPE" })
    // All kinds of Unix sockets have one protocol, so only the type distinguishes them.
    const pipe = libc.socket(AF_UNIX, SOCK_STREAM, 0)
    yield* Effect.addFinalizer(() => Effect.sync(() => libc.close(pipe)))
    expect(yield* Effect.flip(Datagram.adopt(Datagram.unix, pipe))).toMatchObject({ code: "EPROTOTYPE" })
    for (const descriptor of [file, stream.descriptor, pipe]) expect(isOpen(descriptor)).toBe(true)
    expect(yield* refused(999_999)).toMatchObject({ _tag: "DatagramBindError", code: "EBADF" })
    for (const descriptor of [-1, 1.5, Number.NaN])
      expect(yield* refused(descriptor)).toMatchObject({ reason: "InvalidArgument", code: "INVALID" })
  }).pipe(Effect.provide(layer))
)

it.scopedLive.runIf(hasIpv6())("a socket of another family is rejected and unchanged", () =>
  Effect.gen(function* () {
    const { descriptor } = yield* foreign(AF_INET6)
    expect(yield* Effect.flip(Datagram.adopt(Datagram.ipv4, descriptor))).toMatchObject({ code: "EPROTOTYPE" })
    expect(isOpen(descriptor)).toBe(true)
  }).pipe(Effect.provide(layer))
)

it.live("trap 30, ours: no received descriptor stays open if the spec declares none", () =>
  leakingNothing(
    Effect.gen(function* () {
      const to = { path: `\0ancillary-adopted-${process.pid}` }
      const name = unixName(yield* LinuxSockets.driver(), to.path)
      const descriptor = libc.socket(AF_UNIX, SOCK_DGRAM, 0)
      expect(libc.bind(descriptor, name, name.length)).toBe(0)
      const sender = yield* Datagram.client(Datagram.unix.pipe(withRights({ only: "send" })))
      yield* sender.send({ data: one, to, control: { rights: [0, 0] } })
      const socket = yield* Datagram.adopt(Datagram.unix, descriptor)
      const before = openDescriptors()
      yield* sender.send({ data: one, to, control: { rights: [0, 0] } })
      expect(socket.queuedBefore).toBe(true)
      for (let i = 0; i < 2; i++) {
        expect((yield* socket.peek).data).toEqual(one)
        expect((yield* socket.receive).data).toEqual(one)
        yield* openDescriptorsAre(before)
      }
    })
  )
)

it.scopedLive("messages that its creator enabled displace no declared message", () =>
  Effect.gen(function* () {
    const { descriptor, ...to } = yield* foreign()
    // Timestamps, which come first, then the hop limit, the class and the original destination.
    for (const [level, option] of [
      [1, 64],
      [0, 12],
      [0, 13],
      [0, 20]
    ] as const)
      expect(libc.setsockopt(descriptor, level, option, Uint8Array.of(1, 0, 0, 0), 4)).toBe(0)
    const socket = yield* Datagram.adopt(Datagram.ipv4.pipe(withPktInfo()), descriptor)
    const client = yield* Datagram.client(Datagram.ipv4)
    yield* client.send({ data: one, to })
    const { control } = yield* socket.receive
    expect([Object.keys(control), String(control.pktInfo.destination)]).toEqual([["pktInfo"], "127.0.0.1"])
  }).pipe(Effect.provide(layer))
)

it.scopedLive("an option that cannot be set leaves the descriptor to its caller", () =>
  Effect.gen(function* () {
    const { descriptor } = yield* foreign()
    const error = yield* Effect.flip(Datagram.adopt(Datagram.ipv4.pipe(withBindToDevice("nosuchdevice0")), descriptor))
    expect(error).toMatchObject({ _tag: "DatagramBindError", code: "ENODEV" })
    expect(isOpen(descriptor)).toBe(true)
    const again = yield* Datagram.adopt(Datagram.ipv4, descriptor)
    expect(yield* again.descriptor).toBe(descriptor)
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a socket inherited from the parent as descriptor 3 works in the child", () =>
  Effect.gen(function* () {
    const { descriptor, ...to } = yield* foreign()
    const words = [bundled(new URL("children/activated.ts", import.meta.url))]
    yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit", descriptor] })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const client = yield* Datagram.client(Datagram.ipv4)
    // Queued by the kernel until the child reads.
    yield* client.send({ data: Uint8Array.of(7), to })
    const answer = yield* client.receive
    expect([[...answer.data], String(answer.from)]).toEqual([[7, 3], `127.0.0.1:${to.port}`])
  }).pipe(Effect.provide(layer))
)

/** Flags of a descriptor, octal as in /proc. */
const isBlocking = (descriptor: number): boolean =>
  (Number.parseInt(/^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1] ?? "", 8) &
    0o4000) ===
  0

it.live("if the driver throws, the descriptor stays the caller's, open and blocking", () =>
  Effect.gen(function* () {
    let unowned = 0
    const before = openDescriptors()
    const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
    const open = Effect.gen(function* () {
      const { descriptor } = yield* foreign()
      const adopting = Effect.scoped(Datagram.adopt(spec, descriptor)) as Effect.Effect<
        unknown,
        unknown,
        DatagramSockets
      >
      yield* Effect.onError(adopting, () =>
        Effect.sync(() => {
          unowned++
          expect(isOpen(descriptor)).toBe(true)
        })
      )
      expect(isOpen(descriptor)).toBe(false)
    })
    const calls = yield* throwsEverywhere(LinuxSockets.driver({ guarded: true }), Effect.scoped(open), () =>
      expect(openDescriptors()).toBe(before)
    )
    expect(calls).toBeGreaterThan(8)
    expect(unowned).toBeGreaterThan(8)
  })
)

it.scopedLive("a failed adoption leaves a blocking descriptor blocking", () =>
  Effect.gen(function* () {
    const { descriptor } = yield* foreign()
    expect(isBlocking(descriptor)).toBe(true)
    yield* Effect.flip(Datagram.adopt(Datagram.ipv4.pipe(withBindToDevice("nosuchdevice0")), descriptor))
    expect(isBlocking(descriptor)).toBe(true)
    yield* Datagram.adopt(Datagram.ipv4, descriptor)
    expect(isBlocking(descriptor)).toBe(false)
  }).pipe(Effect.provide(layer))
)

it.scopedLive.runIf(hasIpv6())("a socket of another family than the spec: the error names the right spec", () =>
  Effect.gen(function* () {
    const IPV6_V6ONLY = 26
    const made = (only: number) =>
      Effect.gen(function* () {
        const descriptor = libc.socket(AF_INET6, SOCK_DGRAM, 0)
        yield* Effect.addFinalizer(() => Effect.sync(() => isOpen(descriptor) && libc.close(descriptor)))
        expect(libc.setsockopt(descriptor, 41, IPV6_V6ONLY, Uint8Array.of(only, 0, 0, 0), 4)).toBe(0)
        const name = new Uint8Array(28)
        name[0] = AF_INET6
        expect(libc.bind(descriptor, name, name.length)).toBe(0)
        return descriptor
      })
    const both = yield* made(0)
    const wrong = yield* Effect.flip(Datagram.adopt(Datagram.ipv6, both))
    expect(wrong).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument", code: "EINVAL" })
    expect(wrong.message).toBe(
      `Adopting descriptor ${both} failed (setsockopt: EINVAL 22). The socket also serves IPv4 peers, and a bound socket cannot change that. Adopt it with Datagram.dual.`
    )
    yield* Datagram.adopt(Datagram.dual, both)
    const six = yield* made(1)
    expect((yield* Effect.flip(Datagram.adopt(Datagram.dual, six))).message).toMatch(/Adopt it with Datagram\.ipv6\.$/)
    yield* Datagram.adopt(Datagram.ipv6, six)
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a value that is not a descriptor is rejected before any system call", () =>
  Effect.gen(function* () {
    const wrong: ReadonlyArray<unknown> = [-1, 1.5, Number.NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 53, "3", 3n, null, {}]
    for (const descriptor of wrong) {
      const error = yield* Effect.flip(Datagram.adopt(Datagram.ipv4, descriptor as number))
      expect([String(descriptor), error._tag, error.code]).toEqual([String(descriptor), "DatagramBindError", "INVALID"])
      expect(error.message).toMatch(/is not the descriptor of a socket: an integer from 0 to 2147483647\. Give /)
    }
  }).pipe(Effect.provide(layer))
)
