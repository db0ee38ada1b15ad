/** Services and typed errors: opening, options, groups, interfaces, descriptors and capabilities. */
import { Abi, HopLimit, Ecn } from "@ancillary/control"
import {
  Capabilities,
  Datagram,
  DatagramBindError,
  DatagramSockets,
  Descriptor,
  Interfaces,
  SocketOption,
  withHopLimit,
  withOptional,
  withRights,
  withTimestamp
} from "@ancillary/effect"
import { Effect, Equal, Exit, Layer, Option, Scope, Stream } from "effect"
import { readFileSync, openSync, closeSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { bind, bytes, here, layer, run } from "./kit.ts"

describe("opening", () => {
  it("fails with AddressInUse for a port that is bound", () =>
    run(
      Effect.gen(function* () {
        const { localAddress } = yield* bind
        const again = Datagram.bind(Datagram.ipv4, localAddress)
        const caught = yield* again.pipe(
          Effect.as("bound"),
          Effect.catchTag("DatagramBindError", ({ code, reason }) => Effect.succeed(`${reason} ${code}`))
        )
        expect(caught).toBe("AddressInUse EADDRINUSE")
      })
    ))

  it("fails with InvalidArgument for what is no address", () =>
    run(
      Effect.gen(function* () {
        const error = yield* Effect.flip(Datagram.bind(Datagram.ipv4, { address: "nowhere", port: 0 }))
        expect(error).toBeInstanceOf(DatagramBindError)
        expect(error).toMatchObject({ reason: "InvalidArgument", option: Option.none() })
      })
    ))

  it("fails with DatagramUnsupportedError if the driver cannot run here", () =>
    run(
      Effect.gen(function* () {
        const unavailable = { feature: "sockets", why: "there are none", remedy: "Get some" }
        for (const make of [() => unavailable, () => Promise.reject(new Error("no"))]) {
          const without = DatagramSockets.layer(DatagramSockets.driver(make), [])
          const error = yield* Effect.flip(Effect.provide(Effect.scoped(bind), without))
          expect(error).toMatchObject({ _tag: "DatagramUnsupportedError" })
        }
      })
    ))

  it("errors of one cause are equal by their fields", () =>
    run(
      Effect.gen(function* () {
        const failing = Effect.flip(Datagram.bind(Datagram.ipv4, { address: "nowhere", port: 0 }))
        expect(Equal.equals(yield* failing, yield* failing)).toBe(true)
      })
    ))

  it("optional messages are an Option, and required ones are bare values", () =>
    run(
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withHopLimit(), withOptional(withTimestamp()))
        const socket = yield* Datagram.bind(spec, here)
        yield* socket.send({ data: bytes("x"), to: socket.localAddress })
        const { control } = yield* socket.receive
        expect([Option.isSome(control.timestamp), typeof control.hopLimit]).toEqual([true, "number"])
      })
    ))

  it("explain returns the plan without a socket", () => {
    expect(Datagram.explain(Datagram.ipv4.pipe(withHopLimit()), Abi.linuxGlibc64).receive.bytes).toBe(24)
  })
})

describe("options and groups", () => {
  it("getOption returns what setOption set", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        yield* socket.setOption(SocketOption.defaultHopLimit, 7)
        expect(yield* socket.getOption(SocketOption.defaultHopLimit)).toBe(7)
        expect((yield* socket.limits).sendBufferBytes).toBeGreaterThan(0)
      })
    ))

  it("setOption fails with DatagramOptionError for a value out of range", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        const option = yield* socket.setOption(SocketOption.defaultHopLimit, 300).pipe(
          Effect.as("set"),
          Effect.catchTag("DatagramOptionError", ({ reason }) => Effect.succeed(reason))
        )
        expect(option).toBe("InvalidArgument")
      })
    ))

  it("a membership ends with its scope", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        const lo = (yield* Interfaces).nameOf(1) === "lo" ? { interfaceIndex: 1 } : {}
        const scope = yield* Scope.make()
        yield* Scope.provide(socket.join("239.1.2.3", lo), scope)
        yield* Scope.close(scope, Exit.void)
        expect(yield* Effect.flip(socket.leave("239.1.2.3", lo))).toMatchObject({
          _tag: "DatagramMembershipError",
          reason: "NotJoined"
        })
        yield* socket.join("239.1.2.3", lo)
        yield* socket.leave("239.1.2.3", lo)
      }).pipe(Effect.provide(Layer.provide(Interfaces.layer, layer)))
    ))
})

describe("interfaces", () => {
  const within = Effect.provide(Layer.provide(Interfaces.layer, layer))

  it("are found by name and by index", () =>
    run(
      Effect.gen(function* () {
        const { byIndex, byName, list, nameOf } = yield* Interfaces
        const { index, name } = yield* byName("lo")
        expect([yield* byIndex(index), nameOf(index)]).toMatchObject([{ name }, "lo"])
        expect((yield* list).map((each) => each.name)).toContain("lo")
        expect(yield* Effect.flip(byName("no such"))).toMatchObject({ reason: "UnknownName" })
        expect(yield* Effect.flip(byIndex("1" as never))).toMatchObject({ reason: "InvalidArgument" })
      }).pipe(within)
    ))

  it("changes begins with those that exist", () =>
    run(
      Effect.gen(function* () {
        const { changes, list } = yield* Interfaces
        const { length } = yield* list
        const found = yield* changes().pipe(Stream.take(length), Stream.runCollect)
        expect(new Set(found.map(({ _tag }) => _tag))).toEqual(new Set(["Added"]))
      }).pipe(within)
    ))

  it("changes fails with InvalidArgument for an interval of zero", () =>
    run(
      Effect.gen(function* () {
        const { changes } = yield* Interfaces
        const error = yield* Effect.flip(Stream.runDrain(changes({ interval: 0 })))
        expect(error).toMatchObject({ _tag: "DatagramInterfaceError", reason: "InvalidArgument" })
      }).pipe(within)
    ))
})

describe("descriptors", () => {
  it("a received descriptor is taken once, into a scope", () =>
    run(
      Effect.gen(function* () {
        const [one, other] = yield* Datagram.pair(Datagram.unix.pipe(withRights({ maximum: 1 })))
        const file = yield* Effect.acquireRelease(
          Effect.sync(() => openSync("/proc/self/comm", "r")),
          (number) => Effect.sync(() => closeSync(number))
        )
        yield* one.send({ data: bytes("x"), control: { rights: [file] } })
        const { control } = yield* other.receive
        const [given] = control.rights
        if (given === undefined) throw new Error("no descriptor came")
        const [content, again] = yield* Effect.scoped(
          Effect.gen(function* () {
            const number = yield* Descriptor.take(given)
            return [readFileSync(number, "utf8"), yield* Effect.flip(Descriptor.take(given))] as const
          })
        )
        expect(content).not.toBe("")
        expect(again).toMatchObject({ _tag: "DescriptorUnavailableError", reason: "Taken" })
        const late = Effect.catchTag(
          Effect.scoped(Descriptor.take(given)),
          "DescriptorUnavailableError",
          ({ reason }) => Effect.succeed(reason)
        )
        expect(yield* late).toBe("Closed")
      })
    ))
})

describe("capabilities", () => {
  it("probe finds that Linux delivers and sends the hop limit and ECN", () =>
    run(
      Effect.gen(function* () {
        const { findings } = yield* Capabilities.probe([HopLimit, Ecn])
        const ipv4 = findings.filter(({ family }) => family === "ipv4")
        expect(ipv4.map(({ key, received, sent }) => [key, received.answer, sent.answer])).toEqual([
          ["hopLimit", "supported", "supported"],
          ["ecn", "supported", "supported"]
        ])
      })
    ))
})
