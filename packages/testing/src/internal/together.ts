/**
 * Replies that leave together: those that handlers make to the datagrams of one batch are sent after its last handler, in their order. Each
 * handler gets the result of its own.
 */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, serveOn, SocketOption, withPktInfo } from "@ancillary/effect3"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { Cause, Deferred, Effect, Exit, Logger, Scope } from "effect"
import type * as FaultyDriver from "../FaultyDriver.ts"
import type { Bench } from "./bench.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const bound = Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
type Bound = Effect.Effect.Success<typeof bound>
const silent = Logger.remove(Logger.defaultLogger)

export const together = ({ facts, over }: Bench): void => {
  /** A socket in whose queue are datagrams of one byte, 0 and up, and the client that sent them. */
  const asked = (count: number) =>
    Effect.gen(function* () {
      const [socket, client] = [yield* bound, yield* bound]
      for (let i = 0; i < count; i++) yield* client.send({ data: Uint8Array.of(i), to: socket.localAddress })
      return { socket, client }
    })
  const answers = (client: Bound, count: number) =>
    Effect.map(Effect.all(Array.from({ length: count }, () => client.receive)), (all) => all.map(({ data }) => data[0]))

  /** Calls of handlers, sends and closings in their order. `begin` is called when the datagrams are in the queue. */
  const events: Array<string> = []
  let isOn = false
  const begin = Effect.sync(() => {
    events.length = 0
    isOn = true
  })
  const note = (what: string): void => void (isOn && events.push(what))
  const watched = (hooks: FaultyDriver.Hooks = {}) => {
    isOn = false
    return over({
      ...hooks,
      onSend: (datagram) => {
        note(`sent ${datagram.data[0]}`)
        return isOn ? hooks.onSend?.(datagram) : undefined
      }
    })
  }
  const fault: Fault = { syscall: facts.syscalls.send, code: "EPERM", errno: 1 }

  describe("replies of a batch", () => {
    it.scopedLive("they leave after its last handler, in their order", () =>
      Effect.gen(function* () {
        const { client, socket } = yield* asked(4)
        yield* begin
        yield* serveOn(socket, (each) => {
          note(`handled ${each.data[0]}`)
          return Datagram.reply(socket, each, each.data)
        })
        expect(yield* answers(client, 4)).toEqual([0, 1, 2, 3])
        const order = ["handled 0", "handled 1", "handled 2", "handled 3", "sent 0", "sent 1", "sent 2", "sent 3"]
        expect(events).toEqual(order)
        // The only datagram of a batch is answered at once.
        yield* begin
        yield* client.send({ data: Uint8Array.of(9), to: socket.localAddress })
        expect(yield* answers(client, 1)).toEqual([9])
        expect(events).toEqual(["sent 9", "handled 9", "sent 9"])
      }).pipe(Effect.provide(watched()))
    )

    it.scopedLive("an error in the middle belongs to its handler, and the others leave", () => {
      const logged: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ cause, message }) => void logged.push(`${String(message)} ${Cause.pretty(cause)}`))
      )
      return Effect.gen(function* () {
        const { client, socket } = yield* asked(5)
        yield* begin
        yield* serveOn(socket, (each) => Datagram.reply(socket, each, each.data))
        expect(yield* answers(client, 4)).toEqual([0, 1, 3, 4])
        const { handlers, sent } = yield* socket.stats
        expect([handlers.succeeded, handlers.failed, sent]).toEqual([4n, 1n, 4n])
        expect(logged).toHaveLength(1)
        expect(logged[0]).toContain("EPERM")
      }).pipe(Effect.provide([watched({ onSend: ({ data }) => (data[0] === 2 ? fault : undefined) }), logger]))
    })

    it.scopedLive("a full buffer keeps the payloads, although the handler overwrites its memory", () => {
      let full = 3
      return Effect.gen(function* () {
        const scratch = new Uint8Array(1)
        const { client, socket } = yield* asked(6)
        yield* begin
        yield* serveOn(socket, (each) => {
          scratch.set(each.data)
          return Datagram.reply(socket, each, scratch)
        })
        // Each waits for its own room, so only those before the wait have an order.
        const seen = yield* answers(client, 6)
        expect(seen.slice(0, 2)).toEqual([0, 1])
        expect(seen.toSorted((one = 0, two = 0) => one - two)).toEqual([0, 1, 2, 3, 4, 5])
        expect((yield* socket.stats).handlers.succeeded).toBe(6n)
      }).pipe(Effect.provide(watched({ onSend: ({ data }) => (data[0] === 2 && full-- > 0 ? 0 : undefined) })))
    })

    it.scopedLive("a handler that waits holds no other reply back", () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const { client, socket } = yield* asked(4)
        yield* serveOn(socket, (each) => {
          const reply = Datagram.reply(socket, each, each.data)
          return each.data[0] === 1 ? Effect.zipRight(Deferred.await(gate), reply) : reply
        })
        expect(yield* answers(client, 3)).toEqual([0, 2, 3])
        yield* Deferred.succeed(gate, undefined)
        expect(yield* answers(client, 1)).toEqual([1])
      }).pipe(Effect.provide(watched()))
    )

    it.scopedLive("they leave before anything that comes after them", () =>
      Effect.gen(function* () {
        const { client, socket } = yield* asked(6)
        const other = yield* bound
        yield* begin
        yield* serveOn(socket, (each) => {
          const [i] = each.data
          if (i === 1) socket.trySend({ data: Uint8Array.of(11), to: each.from })
          if (i === 3) other.trySend({ data: Uint8Array.of(13), to: each.from })
          if (i === 5) {
            Effect.runSync(socket.setOption(SocketOption.defaultHopLimit, 9))
            note("set")
          }
          return Datagram.reply(socket, each, each.data)
        })
        expect(yield* answers(client, 8)).toEqual([0, 11, 1, 2, 13, 3, 4, 5])
        expect(events.indexOf("set")).toBeGreaterThan(events.lastIndexOf("sent 4"))
        expect(events.indexOf("set")).toBeLessThan(events.lastIndexOf("sent 5"))
      }).pipe(Effect.provide(watched()))
    )

    it.scopedLive("they leave before a handler closes the socket", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const socket = yield* Scope.extend(bound, scope)
        const client = yield* bound
        for (let i = 0; i < 5; i++) yield* client.send({ data: Uint8Array.of(i), to: socket.localAddress })
        yield* begin
        yield* serveOn(socket, (each) => {
          if (each.data[0] === 3) Effect.runFork(Scope.close(scope, Exit.void))
          return Datagram.reply(socket, each, each.data)
        })
        expect(yield* answers(client, 3)).toEqual([0, 1, 2])
        expect(events.filter((what) => what !== "closed")).toEqual(["sent 0", "sent 1", "sent 2"])
        expect(events[3]).toBe("closed")
      }).pipe(Effect.provide([watched({ onClose: () => note("closed") }), silent]))
    )

    it.scopedLive("they leave although the server ends in the middle", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const [socket, client] = [yield* bound, yield* bound]
        const serving = serveOn(
          socket,
          (each) => {
            if (each.data[0] === 2) Effect.runFork(Scope.close(scope, Exit.void))
            return Datagram.reply(socket, each, each.data)
          },
          { shutdown: 0 }
        )
        yield* Scope.extend(serving, scope)
        yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
        yield* client.sendAll([0, 1, 2, 3, 4].map((i) => ({ data: Uint8Array.of(i), to: socket.localAddress })))
        expect(yield* answers(client, 3)).toEqual([0, 1, 2])
      }).pipe(Effect.provide([watched(), silent]))
    )

    it.scopedLive("a handler that sends synchronously sends at once", () =>
      Effect.gen(function* () {
        const { client, socket } = yield* asked(3)
        yield* begin
        yield* serveOn(socket, (each) => {
          note(`handled ${each.data[0]}`)
          Effect.runSync(Datagram.reply(socket, each, each.data))
          return Effect.void
        })
        expect(yield* answers(client, 3)).toEqual([0, 1, 2])
        expect(events).toEqual(["handled 0", "sent 0", "handled 1", "sent 1", "handled 2", "sent 2"])
        expect((yield* socket.stats).handlers.failed).toBe(0n)
      }).pipe(Effect.provide(watched()))
    )
  })
}
