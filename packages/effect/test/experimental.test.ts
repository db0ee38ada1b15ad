/** Programs that are written for `DatagramSocket` of `effect/socket`, on the sockets of this package. */
import { Datagram, withHopLimit, withPktInfo } from "@ancillary/effect"
import { DatagramSocket } from "@ancillary/effect/experimental"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import * as NetAddress from "effect/net/NetAddress"
import * as Effects from "effect/socket/DatagramSocket"
import { expect, it } from "vitest"
import { bind, here, layer, run, text, turn } from "./kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())

/** Knows nothing of this package. It answers this number of datagrams. */
const answering = (count: number) =>
  Effect.gen(function* () {
    const socket = yield* Effects.DatagramSocket
    const reader = yield* socket.reader
    const writer = yield* socket.writer
    for (let left = count; left > 0;)
      for (const datagram of yield* reader.pull) {
        left--
        yield* writer.write({ payload: datagram.payload, address: datagram })
      }
    return reader.address
  })

it("a program for Effect's service runs when its layer is replaced", () =>
  run(
    Effect.gen(function* () {
      const free = yield* Effect.scoped(Effect.map(bind, ({ localAddress }) => localAddress.port))
      const at = { address: "127.0.0.1", port: free }
      const sockets = Layer.provide(DatagramSocket.layer(spec, at), layer)
      const server = yield* Effect.forkScoped(Effect.scoped(Effect.provide(answering(2), sockets)))
      const client = yield* bind
      yield* turn
      yield* turn
      for (const data of ["one", "two"]) yield* client.send({ data: new TextEncoder().encode(data), to: at })
      expect([text((yield* client.receive).data), text((yield* client.receive).data)]).toEqual(["one", "two"])
      expect(String(yield* Fiber.join(server))).toBe(`127.0.0.1:${free}`)
    })
  ))

it("its datagrams have their control data, and its writer takes control data", () =>
  run(
    Effect.gen(function* () {
      const socket = yield* DatagramSocket.make(spec, here)
      const [reader, writer] = [yield* socket.reader, yield* socket.writer]
      yield* writer.write({ payload: "hello", address: reader.address, control: { hopLimit: 9 } })
      const [datagram] = yield* reader.pull
      expect([text(datagram.payload), datagram.control.hopLimit, String(datagram.address)]).toEqual([
        "hello",
        9,
        String(reader.address)
      ])
      expect(datagram.address).toBe(datagram.address)
    })
  ))

it("a write waits for a reader, and the next reader waits for the end of this one", () =>
  run(
    Effect.gen(function* () {
      const socket = yield* DatagramSocket.make(Datagram.ipv4, here)
      const target = yield* bind
      const to = NetAddress.inetAddressUnsafe(NetAddress.ipv4Loopback, target.localAddress.port)
      const writer = yield* socket.writer
      const writing = yield* Effect.forkScoped(
        writer.writeAll([
          { payload: "a", address: to },
          { payload: "b", address: to }
        ])
      )
      yield* turn
      expect(writing.pollUnsafe()).toBeUndefined()
      const scope = yield* Scope.make()
      const first = yield* Scope.provide(socket.reader, scope)
      yield* Fiber.join(writing)
      expect([text((yield* target.receive).data), text((yield* target.receive).data)]).toEqual(["a", "b"])
      const next = yield* Effect.forkScoped(socket.reader)
      yield* turn
      expect(next.pollUnsafe()).toBeUndefined()
      const pulling = yield* Effect.forkScoped(Effect.flip(first.pull))
      yield* turn
      yield* Scope.close(scope, Exit.void)
      expect((yield* Fiber.join(pulling)).reason._tag).toBe("DatagramSocketClosedError")
      expect((yield* Fiber.join(next)).address.port).not.toBe(0)
    })
  ))

it("errors are those of Effect's service, with ours as the cause", () =>
  run(
    Effect.gen(function* () {
      const taken = yield* bind
      const at = { address: "127.0.0.1", port: taken.localAddress.port }
      const second = yield* DatagramSocket.make(Datagram.ipv4, at)
      const open = yield* Effect.flip(Effect.scoped(second.reader))
      expect(open.reason).toMatchObject({ _tag: "DatagramSocketOpenError", kind: "AddressInUse" })
      const socket = yield* DatagramSocket.make(Datagram.ipv4, here)
      const [reader, writer] = [yield* socket.reader, yield* socket.writer]
      const large = yield* Effect.flip(writer.write({ payload: new Uint8Array(70_000), address: reader.address }))
      expect(large.reason).toMatchObject({
        _tag: "DatagramSocketWriteError",
        kind: "MessageTooLarge",
        cause: { _tag: "DatagramSendError" }
      })
      const nowhere = yield* Effect.flip(writer.write({ payload: "x" }))
      expect(nowhere.reason).toMatchObject({ _tag: "DatagramSocketWriteError", kind: "Unknown" })
    })
  ))
