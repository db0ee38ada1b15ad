import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LinuxSockets } from "@ancillary/posix"
import { Datagram, DatagramSockets, withHopLimit, withTimestamp } from "@ancillary/socket"
import { expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "ancillary-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

it.scopedLive("Unix sockets speak to each other by path and by abstract name, with timestamps", () =>
  Effect.gen(function* () {
    const spec = Datagram.unix.pipe(withTimestamp())
    const path = join(yield* folder, "socket")
    const byPath = yield* Datagram.bind(spec, { path })
    const byName = yield* Datagram.bind(spec, { path: `\0ancillary-${process.pid}` })
    expect([String(byPath.localAddress), String(byName.localAddress)]).toEqual([path, `@ancillary-${process.pid}`])

    yield* byName.send({ data: Uint8Array.of(1, 2), to: { path } })
    const asked = yield* byPath.receive
    expect(asked.data).toEqual(Uint8Array.of(1, 2))
    expect(asked.from).toEqual(byName.localAddress)
    expect(Option.isSome(asked.control.timestamp)).toBe(true)
    expect(asked.delivery).toBe("unknown")

    // Larger than any internet datagram: slots of Unix sockets are sized by the sender's default limit.
    const large = new Uint8Array(150_000).fill(7)
    yield* byPath.send({ data: large, to: asked.from })
    expect((yield* byName.receive).data).toEqual(large)
  }).pipe(Effect.provide(layer))
)

it.scopedLive("Unix names that cannot be, and peers that are not there", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "socket")
    const long = yield* Effect.flip(Datagram.bind(Datagram.unix, { path: "x".repeat(109) }))
    expect(long.message).toBe(
      "The address cannot be used: the path takes 109 bytes, a Unix socket name has room for 108."
    )
    const empty = yield* Effect.flip(Datagram.bind(Datagram.unix, { path: "" }))
    expect(empty.message).toBe(
      "The address cannot be used: a Unix socket is named by a path that is not empty, not by ''."
    )

    const socket = yield* Datagram.bind(Datagram.unix, { path })
    expect(yield* Effect.flip(Datagram.bind(Datagram.unix, { path }))).toMatchObject({ reason: "AddressInUse" })
    const nobody = yield* Effect.flip(socket.send({ data: Uint8Array.of(1), to: { path: `${path}-nobody` } }))
    expect(nobody).toMatchObject({ _tag: "DatagramSendError", reason: "ConnectionRefused", code: "ENOENT" })
    const tooLong = yield* Effect.flip(socket.send({ data: Uint8Array.of(1), to: { path: "x".repeat(200) } }))
    expect(tooLong.message).toBe("to: the path takes 200 bytes, a Unix socket name has room for 108. Nothing was sent.")
  }).pipe(Effect.provide(layer))
)

it("a message of the internet does not exist on a Unix socket, also where types are not looked at", () => {
  const spec = Datagram.unix as unknown as typeof Datagram.ipv4
  const bound = Datagram.bind(spec.pipe(withHopLimit()), { path: "\0x" } as never)
  return Effect.gen(function* () {
    const error = yield* Effect.flip(bound)
    expect(error.message).toBe(
      "withHopLimit(): 'hopLimit' does not exist for unix sockets. Declare withOptional(withHopLimit()) to go without where it is lacking."
    )
  }).pipe(Effect.scoped, Effect.provide(layer), Effect.runPromise)
})
