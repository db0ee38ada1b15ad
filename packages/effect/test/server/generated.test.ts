/**
 * Handlers that are generators. The server steps them while they only send on its socket, so their replies leave with those of the batch. Their
 * results, errors and accounts are those of other handlers.
 */
import { Datagram, DatagramSockets, serveOn, withPktInfo } from "@ancillary/effect"
import { FaultyDriver, Network } from "@ancillary/testing"
import { Cause, Deferred, Effect, Exit, Fiber, Logger, Scope, Tracer } from "effect"
import { expect, it } from "vitest"
import { turn } from "../kit.ts"

const scoped = <E>(title: string, program: () => Effect.Effect<void, E, Scope.Scope>): void =>
  it(title, () => Effect.runPromise(Effect.scoped(program())))

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }

/** A socket in whose queue are datagrams of one byte, 0 and up. */
const asked = (count: number, hooks: FaultyDriver.Hooks = {}) =>
  Effect.gen(function* () {
    const events: Array<string> = []
    const network = Network.make({ seed: 1 })
    const host = network.host("server", { addresses: ["10.0.0.1/24"] })
    const other = network.host("client", { addresses: ["10.0.0.2/24"] })
    network.link(host, other)
    const driver = FaultyDriver.wrap(host.driver, {
      ...hooks,
      onSend: (datagram) => {
        events.push(`sent ${datagram.data[0]}`)
        return hooks.onSend?.(datagram)
      }
    })
    const layer = DatagramSockets.layer(Effect.succeed(driver), Network.capabilities)
    const socket = yield* Datagram.bind(spec, at).pipe(Effect.provide(layer))
    const client = yield* Datagram.client(spec).pipe(
      Effect.provide(DatagramSockets.layer(Effect.succeed(other.driver), Network.capabilities))
    )
    const ask = (byte: number) => client.send({ data: Uint8Array.of(byte), to: at })
    const askAll = (count: number) =>
      client.sendAll(Array.from({ length: count }, (_, i) => ({ data: Uint8Array.of(i), to: at })))
    yield* askAll(count)
    const settle = Effect.replicateEffect(turn, 10, { discard: true })
    yield* settle
    const counts = Effect.map(socket.stats, ({ handlers: { failed, interrupted, running, started, succeeded } }) =>
      [
        ["started", started],
        ["succeeded", succeeded],
        ["failed", failed],
        ["interrupted", interrupted],
        ["running", running]
      ].flatMap(([name, count]) => (count === 0n ? [] : [`${count} ${name}`]))
    )
    return { ask, askAll, counts, events, settle, socket }
  })

const logging = () => {
  const logged: Array<string> = []
  const logger = Logger.make(({ cause, message }) => void logged.push(`${String(message)} ${Cause.pretty(cause)}`))
  return { logged, layer: Logger.layer([logger]) }
}
const silent = Logger.layer([])
const notAnEffect: Effect.Effect<void> = JSON.parse("7")
/** A tracer of the program. */
const own = Tracer.make({ span: (options) => Tracer.nativeTracer.span(options) })
const refused = { syscall: "sendmsg", code: "EPERM", errno: 1 }

scoped("their replies leave together, and each continues after its own", () =>
  Effect.gen(function* () {
    const { ask, counts, events, settle, socket } = yield* asked(3)
    yield* serveOn(socket, (each) =>
      Effect.gen(function* () {
        events.push(`handled ${each.data[0]}`)
        const result: void = yield* Datagram.reply(socket, each, each.data)
        events.push(`after ${each.data[0]} ${String(result)}`)
        const value = yield* Effect.succeed(each.data[0])
        yield* Datagram.reply(socket, each, Uint8Array.of(10 + (value ?? 0)))
        events.push(`ended ${value}`)
      })
    )
    yield* settle
    const first = ["handled 0", "handled 1", "handled 2", "sent 0", "sent 1", "sent 2"]
    const rest = [0, 1, 2].flatMap((i) => [`after ${i} undefined`, `sent ${10 + i}`, `ended ${i}`])
    expect(events).toEqual([...first, ...rest])
    // The only datagram of a batch is answered at once.
    events.length = 0
    yield* ask(9)
    yield* settle
    expect(events).toEqual(["handled 9", "sent 9", "after 9 undefined", "sent 19", "ended 9"])
    expect(yield* counts).toEqual(["4 started", "4 succeeded"])
  })
)

scoped("a failed reply ends its handler, and the others continue", () => {
  const { layer, logged } = logging()
  return Effect.gen(function* () {
    const { counts, events, settle, socket } = yield* asked(4, {
      onSend: ({ data }) => (data[0] === 1 || data[0] === 12 ? refused : undefined)
    })
    yield* serveOn(
      socket,
      Effect.fnUntraced(function* (each) {
        yield* Datagram.reply(socket, each, each.data)
        yield* Datagram.reply(socket, each, Uint8Array.of(10 + (each.data[0] ?? 0)))
        events.push(`ended ${each.data[0]}`)
      })
    )
    yield* settle
    expect(events.filter((event) => event.startsWith("ended"))).toEqual(["ended 0", "ended 3"])
    expect(yield* counts).toEqual(["4 started", "2 succeeded", "2 failed"])
    expect(logged).toEqual([expect.stringContaining("EPERM")])
  }).pipe(Effect.provide(layer))
})

scoped("an exception is a defect of its handler, before a reply and after it", () => {
  const { layer, logged } = logging()
  return Effect.gen(function* () {
    const { counts, events, settle, socket } = yield* asked(4)
    yield* serveOn(socket, (each) =>
      Effect.gen(function* () {
        if (each.data[0] === 0) throw new Error("before")
        yield* Datagram.reply(socket, each, each.data)
        if (each.data[0] === 1) throw new Error("after")
        yield* each.data[0] === 2 ? Effect.die("died") : Effect.void
      })
    )
    yield* settle
    expect(events).toEqual(["sent 1", "sent 2", "sent 3"])
    expect(yield* counts).toEqual(["4 started", "1 succeeded", "3 failed"])
    expect(logged.join()).toContain("Error: before")
  }).pipe(Effect.provide(layer))
})

scoped("the rest of a handler that waits has its own fiber, scope and interruption", () =>
  Effect.gen(function* () {
    const { counts, events, settle, socket } = yield* asked(3)
    const gate = yield* Deferred.make<void>()
    const fibers = new Set<unknown>()
    const scope = yield* Scope.make()
    const serving = serveOn(
      socket,
      (each) =>
        Effect.gen(function* () {
          const [byte] = each.data
          yield* Datagram.reply(socket, each, each.data)
          yield* Effect.addFinalizer(({ _tag }) => Effect.sync(() => events.push(`closed ${byte} ${_tag}`)))
          fibers.add(yield* Effect.fiberId)
          yield* byte === 0 ? Deferred.await(gate) : byte === 1 ? Effect.never : Effect.yieldNow
          yield* Datagram.reply(socket, each, Uint8Array.of(10 + (byte ?? 0)))
        }),
      { shutdown: "10 millis" }
    )
    yield* Scope.provide(serving, scope)
    yield* settle
    expect(events).toEqual(["sent 0", "sent 1", "sent 2", "sent 12", "closed 2 Success"])
    expect(fibers.size).toBe(3)
    expect(yield* counts).toEqual(["3 started", "1 succeeded", "2 running"])
    yield* Deferred.succeed(gate, undefined)
    yield* settle
    expect(events.slice(5)).toEqual(["sent 10", "closed 0 Success"])
    yield* Scope.close(scope, Exit.void)
    expect(events.slice(7)).toEqual(["closed 1 Failure"])
    expect(yield* counts).toEqual(["3 started", "2 succeeded", "1 interrupted"])
  }).pipe(Effect.provide(silent))
)

scoped("one that closes its server in the middle of a batch is answered", () =>
  Effect.gen(function* () {
    const { askAll, counts, events, settle, socket } = yield* asked(0)
    const scope = yield* Scope.make()
    const serving = serveOn(
      socket,
      (each) =>
        Effect.gen(function* () {
          if (each.data[0] === 2) Effect.runFork(Scope.close(scope, Exit.void))
          yield* Datagram.reply(socket, each, each.data)
          events.push(`ended ${each.data[0]}`)
        }),
      { shutdown: 0 }
    )
    yield* Scope.provide(serving, scope)
    yield* settle
    yield* askAll(4)
    yield* settle
    const of = (kind: string) =>
      events.filter((event) => event.startsWith(kind)).map((event) => event.slice(kind.length))
    expect(of("sent")).toEqual(of("ended"))
    expect(of("sent").slice(0, 3)).toEqual([" 0", " 1", " 2"])
    expect(yield* counts).toEqual([`${of("sent").length} started`, `${of("sent").length} succeeded`])
  }).pipe(Effect.provide(silent))
)

scoped("a server that drops what it has no room for drops none of theirs", () =>
  Effect.gen(function* () {
    const { counts, events, settle, socket } = yield* asked(4)
    yield* serveOn(
      socket,
      (each) =>
        Effect.gen(function* () {
          yield* Datagram.reply(socket, each, each.data)
        }),
      { concurrency: 1, overflow: "drop" }
    )
    yield* settle
    expect(events).toEqual(["sent 0", "sent 1", "sent 2", "sent 3"])
    expect(yield* counts).toEqual(["4 started", "4 succeeded"])
  })
)

scoped("one that sends many datagrams gets a fiber, which lets other programs run", () =>
  Effect.gen(function* () {
    const { counts, events, settle, socket } = yield* asked(1)
    const fibers: Array<unknown> = []
    yield* serveOn(
      socket,
      (each) =>
        Effect.gen(function* () {
          for (let i = 0; i < 1000; i++) {
            fibers.push(Fiber.getCurrent())
            yield* Datagram.reply(socket, each, each.data)
          }
        }),
      { amplification: Infinity, responseRate: false }
    )
    yield* settle
    expect(fibers[0]).toBe(fibers[10])
    expect(fibers[500]).toBe(fibers[999])
    expect(fibers[500]).not.toBe(fibers[0])
    expect(events).toHaveLength(1000)
    expect(yield* counts).toEqual(["1 started", "1 succeeded"])
  })
)

scoped("a suspended effect that is no generator is evaluated once", () => {
  const { layer, logged } = logging()
  return Effect.gen(function* () {
    const { counts, events, settle, socket } = yield* asked(4)
    yield* serveOn(socket, (each) => {
      const [byte] = each.data
      return Effect.suspend(() => {
        events.push(`evaluated ${byte}`)
        if (byte === 0) throw new Error("thrown inside")
        if (byte === 1) return notAnEffect
        return byte === 2 ? Effect.fail("failed inside") : Effect.void
      })
    })
    yield* settle
    expect(events).toEqual(["evaluated 0", "evaluated 1", "evaluated 2", "evaluated 3"])
    expect(yield* counts).toEqual(["4 started", "1 succeeded", "3 failed"])
    expect(logged.join()).toContain("thrown inside")
    expect(logged.join()).toContain("A handler returned 7")
  }).pipe(Effect.provide(layer))
})

scoped("with a tracer each handler has a fiber from its beginning", () =>
  Effect.gen(function* () {
    const { events, settle, socket } = yield* asked(2)
    const fibers: Array<boolean> = []
    yield* serveOn(socket, (each) =>
      Effect.gen(function* () {
        fibers.push(Fiber.getCurrent() !== undefined)
        yield* Datagram.reply(socket, each, each.data)
        events.push(`ended ${each.data[0]}`)
      })
    ).pipe(Effect.withTracer(own))
    yield* settle
    expect(fibers).toEqual([true, true])
    expect(events).toEqual(["sent 0", "ended 0", "sent 1", "ended 1"])
  })
)
