/**
 * Servers: a handler cannot end the loop, its resources are released, and no two servers reply to each other forever.
 */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, serve, serveOn, type ServeOptions, withPktInfo } from "@ancillary/effect3"
import { Deferred, Effect, Either, ExecutionStrategy, Exit, Fiber, Logger, Option, Scope, TestClock } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "127.0.0.1", port: 0 }
const silent = Logger.remove(Logger.defaultLogger)

/** Turns the event loop until the condition is true; otherwise the test's own limit ends it. */
const until = <E, R>(done: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(
    Effect.zipRight(
      Effect.promise(() => new Promise((next) => setImmediate(next))),
      done
    ),
    {
      until: (is) => is
    }
  )

const thrower = (): never => {
  throw new RangeError("thrown by a trap")
}
/** Throws at any access. */
const trap: object = new Proxy({}, { get: thrower, has: thrower, getPrototypeOf: thrower, ownKeys: thrower })

/** Handlers that a compiler would refuse, by name. */
const wrong: { readonly [name: string]: () => unknown } = {
  "throws an error": () => {
    throw new RangeError("bad packet")
  },
  "throws an object whose traps throw": () => {
    throw trap
  },
  "throws nothing": () => {
    throw undefined
  },
  "returns nothing": () => undefined,
  "returns a number": () => 1,
  "returns a promise that is rejected": () => Promise.reject(new Error("rejected")),
  "returns a function": () => () => 1,
  "returns an object whose traps throw": () => trap,
  "returns an object that claims to be an effect": () => ({ [Effect.EffectTypeId]: {} }),
  "returns an effect whose operation is unknown": () => ({ [Effect.EffectTypeId]: {}, _op: "unknown" }),
  "fails with an object whose traps throw": () => Effect.fail(trap),
  dies: () => Effect.die("never"),
  "dies within a finalizer": () => Effect.addFinalizer(() => Effect.die("at its end"))
}

type Handler = () => Effect.Effect<void>

const invalid: ReadonlyArray<readonly [keyof ServeOptions, ReadonlyArray<unknown>, string]> = [
  [
    "concurrency",
    [0, -1, 0.5, Number.NaN, Infinity, "8", null, {}, 1_048_577],
    "is not an integer from 1 to 1048576. Leave it out for 64."
  ],
  [
    "shutdown",
    [-1, Number.NaN, "soon", "-5 seconds", null, {}, [1, -1], -1n],
    "is not a duration of 0 or more. Leave it out for 5s."
  ],
  ["sendTimeout", [-1, Number.NaN, "soon", [Number.NaN, 0]], "is not a duration of 0 or more. Leave it out for 0."]
]

export const servers = ({ layer, over }: Bench): void => {
  const bind = Datagram.bind(spec, at)

  describe("a server", () => {
    for (const [what, handler] of Object.entries(wrong)) {
      it.scopedLive(`goes on with the next datagram if a handler ${what}`, () =>
        Effect.gen(function* () {
          const server = yield* serve(spec, at, (asked, socket) =>
            text(asked.data) === "bad" ? (handler as Handler)() : Datagram.reply(socket, asked, asked.data)
          )
          const client = yield* bind
          for (const each of ["bad", "good", "bad", "good"])
            yield* client.send({ data: bytes(each), to: server.localAddress })
          expect(text((yield* client.receive).data)).toBe("good")
          expect(text((yield* client.receive).data)).toBe("good")
          yield* until(Effect.map(server.stats, ({ handlers }) => handlers.running === 0n))
          expect((yield* server.stats).handlers).toEqual({
            started: 4n,
            succeeded: 2n,
            failed: 2n,
            interrupted: 0n,
            timedOut: 0n,
            running: 0n
          })
        }).pipe(Effect.provide([layer, silent]))
      )
    }

    it.scopedLive("logs the first failure of each kind with its peer, and counts the others", () => {
      const logged: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void logged.push(String(message)))
      )
      return Effect.gen(function* () {
        const client = yield* bind
        const server = yield* serve(spec, at, (asked): Effect.Effect<void, unknown> => {
          if (text(asked.data) === "throw") throw new RangeError("bad packet")
          return text(asked.data) === "fail"
            ? client.send({ data: new Uint8Array(70_000), to: asked.from })
            : Effect.fail("no")
        })
        for (let i = 0; i < 20; i++)
          for (const each of ["throw", "fail", "other"])
            yield* client.send({ data: bytes(each), to: server.localAddress })
        yield* until(Effect.map(server.stats, ({ handlers }) => handlers.failed === 60n))
        expect(logged).toHaveLength(3)
        for (const line of logged) expect(line).toContain(`from ${client.localAddress} failed`)
      }).pipe(Effect.provide([layer, logger]))
    })

    it.scopedLive("counts and logs the failed send of a handler that only sends", () => {
      const logged: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void logged.push(String(message)))
      )
      return Effect.gen(function* () {
        const server = yield* serve(spec, at, ({ data, from }, socket) =>
          socket.send({ data: text(data) === "large" ? new Uint8Array(70_000) : data, to: from })
        )
        const client = yield* bind
        for (const each of ["large", "one", "large", "two"])
          yield* client.send({ data: bytes(each), to: server.localAddress })
        expect([text((yield* client.receive).data), text((yield* client.receive).data)]).toEqual(["one", "two"])
        const { handlers, sent } = yield* server.stats
        expect([handlers.started, handlers.succeeded, handlers.failed, sent]).toEqual([4n, 2n, 2n, 2n])
        expect(logged).toHaveLength(1)
      }).pipe(Effect.provide([layer, logger]))
    })

    it.scopedLive("sends the payload of a handler, although the next one overwrites its memory", () =>
      Effect.gen(function* () {
        const scratch = new Uint8Array(1)
        const socket = yield* bind
        const client = yield* bind
        for (let i = 0; i < 8; i++) yield* client.send({ data: Uint8Array.of(i), to: socket.localAddress })
        // All of them are there, so one call takes them.
        yield* serveOn(socket, ({ data, from }, own) => {
          scratch.set(data)
          return own.send({ data: scratch, to: from })
        })
        const seen: Array<number | undefined> = []
        for (let i = 0; i < 8; i++) seen.push((yield* client.receive).data[0])
        expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("continues if the logger throws", () => {
      const logger = Logger.replace(Logger.defaultLogger, Logger.make(thrower))
      return Effect.gen(function* () {
        const server = yield* serve(spec, at, (asked, socket) =>
          text(asked.data) === "bad" ? Effect.die("bad") : Datagram.reply(socket, asked, asked.data)
        )
        const client = yield* bind
        for (const each of ["bad", "good"]) yield* client.send({ data: bytes(each), to: server.localAddress })
        expect(text((yield* client.receive).data)).toBe("good")
      }).pipe(Effect.provide([layer, logger]))
    })

    for (const [option, values, ends] of invalid) {
      it.scopedLive(`refuses a wrong ${option} before it opens anything`, () => {
        let opened = 0
        return Effect.gen(function* () {
          const socket = yield* bind
          for (const value of values) {
            const options = { [option]: value } as ServeOptions
            const before = opened
            const errors = [
              yield* Effect.flip(serve(spec, at, () => Effect.void, options)),
              yield* Effect.flip(serveOn(socket, () => Effect.void, options))
            ]
            for (const error of errors) {
              expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
              expect(error.message).toMatch(new RegExp(`^${option}: .* ${ends.replaceAll(".", "\\.")}$`))
            }
            expect(opened).toBe(before)
          }
        }).pipe(Effect.provide(over({ onOpen: () => void opened++ })))
      })
    }

    it.scopedLive("rejects invalid options, handlers and sockets", () =>
      Effect.gen(function* () {
        const never = () => Effect.void
        const lying = {
          get concurrency(): number {
            return thrower()
          }
        }
        const errors = [
          yield* Effect.flip(serve(spec, at, never, 8 as unknown as ServeOptions)),
          yield* Effect.flip(serve(spec, at, never, lying)),
          yield* Effect.flip(serve(spec, at, "echo" as unknown as typeof never)),
          yield* Effect.flip(serveOn({} as Effect.Effect.Success<typeof bind>, never)),
          yield* Effect.flip(serveOn(trap as Effect.Effect.Success<typeof bind>, never))
        ]
        expect(errors.map(({ message }) => message)).toEqual([
          "options: 8 is not a record of options. Leave it out.",
          "options: reading them threw. Give a plain object.",
          "handler: 'echo' is not a function. Give one that returns an effect.",
          "socket: [object Object] is not a socket. Give one that is bound.",
          "socket: an object without a text is not a socket. Give one that is bound."
        ])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("does not block the event loop while reading fails, and serves afterwards", () => {
      let failing = false
      let calls = 0
      const between: Array<number> = []
      const note = () => {
        between.push(calls)
        calls = 0
        if (failing) setImmediate(note)
      }
      const onReceive = () => {
        calls++
        return failing ? { syscall: "recvmsg", code: "ECONNREFUSED", errno: 111 } : undefined
      }
      return Effect.gen(function* () {
        const client = yield* bind
        const server = yield* serve(spec, at, (asked, socket) => Datagram.reply(socket, asked, asked.data))
        failing = true
        setImmediate(note)
        yield* client.send({ data: bytes("x"), to: server.localAddress })
        // As many errors as a reader ignores in a row, and more turns than those reads took.
        yield* until(Effect.map(server.stats, ({ asyncErrors }) => asyncErrors >= 64n && between.length > 20))
        failing = false
        expect(text((yield* client.receive).data)).toBe("x")
        expect(Math.max(...between)).toBeLessThanOrEqual(128)
      }).pipe(Effect.provide(over({ onReceive })))
    })

    it.scopedLive("gives each handler a scope that ends with it, however it ends", () =>
      Effect.gen(function* () {
        const ended: Array<string> = []
        const scope = yield* Scope.make()
        const server = yield* Scope.extend(
          serve(
            spec,
            at,
            ({ data }) =>
              Effect.gen(function* () {
                yield* Effect.addFinalizer((exit) => Effect.sync(() => ended.push(`${text(data)} ${exit._tag}`)))
                if (text(data) === "fails") return yield* Effect.fail("no")
                if (text(data) === "waits") return yield* Effect.never
                return undefined
              }),
            { shutdown: 0 }
          ),
          scope
        )
        const client = yield* bind
        for (const each of ["ends", "fails", "waits"]) {
          yield* client.send({ data: bytes(each), to: server.localAddress })
          const so = each
          yield* until(
            Effect.map(server.stats, ({ handlers }) =>
              so === "waits" ? handlers.running === 1n : handlers.started > 0n && handlers.running === 0n
            )
          )
        }
        expect(ended).toEqual(["ends Success", "fails Failure"])
        yield* Scope.close(scope, Exit.void)
        expect(ended).toEqual(["ends Success", "fails Failure", "waits Failure"])
        expect((yield* server.stats).handlers).toMatchObject({ succeeded: 1n, failed: 1n, interrupted: 1n })
      }).pipe(Effect.provide([layer, silent]))
    )
  })

  it.scopedLive("a handler's scope ends its fibers and scopes, and releases later resources", () =>
    Effect.gen(function* () {
      const ended: Array<string> = []
      const over = yield* Deferred.make<void>()
      const late = yield* Deferred.make<void>()
      const note = (what: string) => Effect.sync(() => void ended.push(what))
      const server = yield* serve(spec, at, () =>
        Effect.gen(function* () {
          const scope = yield* Effect.scope
          yield* Effect.forkScoped(Effect.onInterrupt(Effect.never, () => note("fiber")))
          const inner = yield* Scope.fork(scope, ExecutionStrategy.sequential)
          yield* Scope.addFinalizer(inner, note("inner"))
          yield* Effect.forkDaemon(
            Deferred.await(over).pipe(
              Effect.zipRight(Scope.addFinalizer(scope, note("late"))),
              Effect.zipRight(Deferred.succeed(late, undefined))
            )
          )
          yield* Effect.yieldNow()
        })
      )
      const client = yield* bind
      yield* client.send({ data: bytes("x"), to: server.localAddress })
      yield* until(Effect.map(server.stats, ({ handlers }) => handlers.succeeded === 1n))
      expect(ended).toEqual(["inner", "fiber"])
      yield* Deferred.succeed(over, undefined)
      yield* Deferred.await(late)
      expect(ended).toEqual(["inner", "fiber", "late"])
    }).pipe(Effect.provide(layer))
  )

  describe("the end of a server", () => {
    it.scoped("is reached even if a handler is uninterruptible and never ends", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const server = yield* Scope.extend(
          serve(spec, at, () => Effect.uninterruptible(Effect.never), { shutdown: "3 seconds" }),
          scope
        )
        const client = yield* bind
        yield* client.send({ data: bytes("x"), to: server.localAddress })
        yield* until(Effect.map(server.stats, ({ handlers }) => handlers.running === 1n))
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        // Three seconds to finish, and five seconds to release its resources.
        yield* TestClock.adjust("7999 millis")
        expect(Option.isNone(yield* Fiber.poll(closing))).toBe(true)
        yield* TestClock.adjust("1 millis")
        yield* Fiber.join(closing)
        expect(yield* Effect.flip(server.receive)).toMatchObject({ reason: "Closed" })
      }).pipe(Effect.provide([layer, silent]))
    )

    it.scoped("does not wait for the handler that causes it", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const over = yield* Deferred.make<void>()
        const server = yield* Scope.extend(
          serve(spec, at, () => Effect.zipRight(Scope.close(scope, Exit.void), Deferred.succeed(over, undefined))),
          scope
        )
        const client = yield* bind
        yield* client.send({ data: bytes("end"), to: server.localAddress })
        // The test clock does not advance, so this does not depend on a time limit.
        yield* Deferred.await(over)
        expect(yield* Effect.flip(server.receive)).toMatchObject({ reason: "Closed" })
      }).pipe(Effect.provide(layer))
    )
  })

  describe("a datagram from the socket's own address", () => {
    /** The address that a server is bound to, and a source address that is then its own. */
    const cases = [
      ["127.0.0.1", "127.0.0.1"],
      ["0.0.0.0", "127.0.0.1"],
      ["0.0.0.0", "127.0.0.2"]
    ] as const

    for (const [bound, own] of cases) {
      it.scopedLive(`has no handler and no reply on ${bound} if it is from ${own}, and is counted`, () =>
        Effect.gen(function* () {
          const seen: Array<string> = []
          const server = yield* serve(spec, { address: bound, port: 0 }, (asked, socket) => {
            seen.push(text(asked.data))
            return Datagram.reply(socket, asked, asked.data)
          })
          const to = { address: own, port: server.localAddress.port }
          yield* server.send({ data: bytes("forged"), to, control: { pktInfo: { source: own } } })
          const client = yield* bind
          yield* client.send({ data: bytes("asked"), to: { address: "127.0.0.1", port: to.port } })
          expect(text((yield* client.receive).data)).toBe("asked")
          expect(seen).toEqual(["asked"])
          expect(yield* server.stats).toMatchObject({ fromItself: 1n, delivered: 2n, handlers: { started: 1n } })
        }).pipe(Effect.provide(layer))
      )
    }

    it.scopedLive("differs from a value that is not a datagram, which reply and tryReply reject", () =>
      Effect.gen(function* () {
        const socket = yield* bind
        yield* socket.send({ data: bytes("x"), to: socket.localAddress })
        const asked = yield* socket.receive
        type Asked = typeof asked
        for (const lie of [
          undefined,
          1,
          {},
          trap,
          { from: {} },
          { ...asked, from: undefined }
        ] as ReadonlyArray<unknown>) {
          const errors = [
            yield* Effect.flip(Datagram.reply(socket, lie as Asked, bytes("y"))),
            Either.getOrThrow(Either.flip(Datagram.tryReply(socket, lie as Asked, bytes("y"))))
          ]
          for (const error of errors)
            expect(error).toMatchObject({ _tag: "DatagramSendError", reason: "InvalidArgument" })
        }
        expect((yield* socket.stats).sent).toBe(1n)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("is rejected by reply and tryReply with that reason", () =>
      Effect.gen(function* () {
        const socket = yield* bind
        yield* socket.send({ data: bytes("forged"), to: socket.localAddress })
        const asked = yield* socket.receive
        const refused = [
          yield* Effect.flip(Datagram.reply(socket, asked, asked.data)),
          Either.getOrThrow(Either.flip(Datagram.tryReply(socket, asked, asked.data)))
        ]
        for (const error of refused) {
          expect(error).toMatchObject({ reason: "InvalidArgument", field: Option.some("to") })
          expect(error.message).toBe(
            `to: ${socket.localAddress} is this socket's own address, so its source is forged: drop the datagram. Nothing was sent.`
          )
        }
        expect(yield* socket.stats).toMatchObject({ fromItself: 2n, sent: 1n })
      }).pipe(Effect.provide(layer))
    )
  })
}
