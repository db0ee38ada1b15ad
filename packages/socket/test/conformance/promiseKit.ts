/**
 * The kit of the promise face for the conformance suite, whose cases are written as effects. Each call goes through the promise face: a wait
 * is a promise, an interruption aborts its signal, and a value that may be missing is `undefined`. Only the results are turned into the
 * suite's words.
 */
import type * as Suite from "@ancillary/effect3"
import type { Family } from "@ancillary/control"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { DatagramFault as EngineFault } from "@ancillary/engine/receive/DatagramFault"
import type { Spec } from "@ancillary/engine/spec/Spec"
import * as Face from "@ancillary/socket"
import { Chunk, Duration, Effect, Either, Option, Scheduler, Sink, Stream } from "effect"

/** A record of any kind: the suite checks it, and not the compiler. */
type Values = { readonly [key: string]: unknown }
type Call = (...given: ReadonlyArray<unknown>) => unknown
type Eff = Effect.Effect<unknown, unknown>

export const kitOf = (suite: typeof Suite): Values => {
  const driverSockets = new WeakMap<Driver, Face.DatagramSockets.DatagramSockets>()
  const socketsOf = (driver: Driver) => {
    const known = driverSockets.get(driver) ?? Face.DatagramSockets.make(() => driver)
    driverSockets.set(driver, known)
    return known
  }

  // ---- errors

  /** The code, and the number, as the platform has them: the message has both. */
  const platformCode = (error: Face.DatagramError): { readonly code: string; readonly errno: number } => {
    const [, code, errno] = /\(\w+: (\w+) (\d+)\)/.exec(error.message) ?? []
    if (code !== undefined) return { code, errno: Number(errno) }
    if (error.code === "ERR_SOCKET_CLOSED") return { code: "CLOSED", errno: 0 }
    return { code: error.code === "EAGAIN" ? "WOULDBLOCK" : "INVALID", errno: 0 }
  }
  const tags: { readonly [name in string]: new (fields: never) => unknown } = {
    DatagramBindError: suite.DatagramBindError,
    DatagramUnsupportedError: suite.DatagramUnsupportedError,
    DatagramSendError: suite.DatagramSendError,
    DatagramReceiveError: suite.DatagramReceiveError,
    DatagramInterfaceError: suite.DatagramInterfaceError,
    DatagramOptionError: suite.DatagramOptionError,
    DatagramMembershipError: suite.DatagramMembershipError
  }
  const optional = new Set(["DatagramBindError option", "DatagramSendError field"])

  const faultOf = ({ from, key, message, reason }: Face.DatagramFault | Face.DatagramFaultError): unknown => {
    const why =
      from === undefined ? message.replace(/^A datagram: /, "") : message.slice(`A datagram from ${from}: `.length)
    const maybe = (value: unknown) => Option.fromNullable(value) as never
    return new EngineFault<never>(reason, maybe(key), maybe(from), from, why)
  }
  const errorOf = (error: unknown): unknown => {
    if (error instanceof Face.DatagramFaultError) return faultOf(error)
    if (!(error instanceof Face.DatagramError)) return error
    const { message, name } = error
    const fields = Object.fromEntries(Object.entries(error).filter(([key]) => key !== "name" && key !== "stack"))
    const Tagged = tags[name]
    if (Tagged === undefined) return error
    const shown = Object.entries({ ...fields, message, ...platformCode(error) }).map(
      ([key, value]) => [key, optional.has(`${name} ${key}`) ? Option.fromNullable(value) : value] as const
    )
    return new Tagged(Object.fromEntries(shown) as never)
  }
  const isExpected = (error: unknown) => error instanceof Face.DatagramError || error instanceof Face.DatagramFaultError

  // ---- effects

  /** A promise as an effect. An interruption aborts it. An exception that is no error of the face is a defect. */
  const awaited = <A>(begin: (options: Face.Waiting) => Promise<A>): Effect.Effect<A> =>
    Effect.async<A>((resume) => {
      const controller = new AbortController()
      begin({ signal: controller.signal }).then(
        (value) => resume(Effect.succeed(value)),
        (error: unknown) => resume(isExpected(error) ? (Effect.fail(errorOf(error)) as never) : Effect.die(error))
      )
      return Effect.sync(() => controller.abort())
    })
  /** A program that cannot wait for a promise, because it runs in a callback (`runSync`), sends by `trySend`. */
  const atOnce = <A>(sync: Effect.Effect<A, unknown>, async: Effect.Effect<A, unknown>): Effect.Effect<A, unknown> =>
    Effect.withFiberRuntime((fiber) => (fiber.currentScheduler instanceof Scheduler.SyncScheduler ? sync : async))
  const immediate = <A>(call: () => A): Effect.Effect<A> =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(call())
      } catch (error) {
        return isExpected(error) ? (Effect.fail(errorOf(error)) as never) : Effect.die(error)
      }
    })
  const closed = new suite.DatagramReceiveError({
    syscall: "close",
    code: "CLOSED",
    errno: 0,
    message: "The socket is closed. Bind another one to go on.",
    reason: "Closed"
  })

  // ---- values

  const given = new WeakMap<object, object>()
  const datagramOf = (spec: Spec.Any) => {
    const perhaps = spec.declarations
      .filter(
        ({ message, optional }) => message.presence !== "repeated" && (optional || message.presence === "optional")
      )
      .map(({ message }) => message.key)
    return (datagram: unknown): object => {
      const { control, truncated, ...rest } = datagram as Values
      const record: { [key: string]: unknown } = { ...(control as object) }
      for (const key of perhaps) if (key in record) record[key] = Option.fromNullable(record[key])
      const size = truncated as { readonly size: number | undefined } | undefined
      const shown = {
        ...rest,
        control: record,
        truncated: Option.map(Option.fromNullable(size), ({ size }) => ({ size: Option.fromNullable(size) }))
      }
      given.set(shown, datagram as object)
      return shown
    }
  }
  const eventOf = (event: unknown): unknown => {
    if ((event as Values)["_tag"] !== "ErrorReport") return event
    const maybes = new Set([
      "icmp",
      "mtu",
      "offender",
      "destination",
      "arrival",
      "hopLimit",
      "trafficClass",
      "timestamp"
    ])
    const shown = Object.entries(event as object).map(
      ([key, value]) => [key, maybes.has(key) ? Option.fromNullable(value) : value] as const
    )
    return Object.fromEntries(shown)
  }

  /** The values of an iterator, one a step. An interruption aborts the step that waits. */
  const streamOf = (begin: (options: Face.Waiting) => AsyncIterator<unknown>, value: (each: unknown) => unknown) =>
    Stream.unwrapScoped(
      Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => new AbortController()),
          (controller) => Effect.sync(() => controller.abort())
        ),
        ({ signal }) => {
          const iterator = begin({ signal })
          const step = Effect.flatMap(
            awaited(() => iterator.next()),
            ({ done, value: each }) => (done === true ? Effect.fail(closed) : Effect.succeed(value(each)))
          )
          return Stream.repeatEffect(step)
        }
      )
    )

  // ---- sockets

  type Socket = Face.DatagramSocket<Family, never> & Face.ConnectedSocket<Family, never>
  const faceOf = new WeakMap<object, Socket>()

  const membersOf = (spec: Spec.Any, face: Socket): Values => {
    const datagram = datagramOf(spec)
    const chunk = (all: ReadonlyArray<unknown>) => Chunk.unsafeFromArray(all.map(datagram))
    const loop = (name: "forEach" | "forEachBorrowed") => (f: Call) =>
      Effect.zipRight(
        awaited((options) => face[name](typeof f === "function" ? (each) => void f(datagram(each)) : f, options)),
        Effect.fail(closed)
      )
    const trySend = (message: unknown) => {
      const error = face.trySend(message as never)
      return error === undefined ? Either.void : Either.left(errorOf(error))
    }
    const send = (message: unknown) =>
      atOnce(
        Effect.suspend(() => trySend(message)),
        awaited((options) => face.send(message as never, options))
      )
    const sendAll = (messages: ReadonlyArray<unknown>) =>
      atOnce(
        Effect.sync(() => {
          const results = messages.map(trySend)
          const failed = results.flatMap((each, index) => (Either.isLeft(each) ? [{ index, error: each.left }] : []))
          return { sent: results.length - failed.length, dropped: 0, failed }
        }),
        Effect.map(
          awaited((options) => face.sendAll(messages as never, options)),
          (report) => ({
            ...report,
            failed: report.failed.map(({ error, index }) => ({ index, error: errorOf(error) }))
          })
        )
      )
    return {
      family: face.family,
      localAddress: face.localAddress,
      peer: face.peer,
      declined: face.declined,
      descriptor: immediate(() => face.descriptor),
      stats: Effect.sync(() => face.stats()),
      limits: immediate(() => face.limits()),
      receive: Effect.map(
        awaited((options) => face.receive(options)),
        datagram
      ),
      peek: Effect.map(
        awaited((options) => face.peek(options)),
        datagram
      ),
      receiveWithin: (duration: Duration.DurationInput) =>
        Effect.map(
          awaited((options) =>
            face.receiveWithin(
              Option.match(Duration.decodeUnknown(duration), {
                onNone: () => duration as never,
                onSome: Duration.toMillis
              }),
              options
            )
          ),
          (found) => Option.map(Option.fromNullable(found), datagram)
        ),
      receiveScattered: (...sizes: ReadonlyArray<number>) =>
        Effect.map(
          awaited((options) => face.receiveScattered(sizes as never, options)),
          datagram
        ),
      receiveBatch: Effect.map(
        awaited((options) => face.receiveBatch(options)),
        chunk
      ),
      receiveUpTo: (maximum: number) =>
        Effect.map(
          awaited((options) => face.receiveUpTo(maximum, options)),
          chunk
        ),
      datagrams: streamOf((options) => face.datagrams(options), datagram),
      outcomes: streamOf(
        (options) => face.outcomes(options),
        (each) => (each instanceof Face.DatagramFault ? Either.left(faultOf(each)) : Either.right(datagram(each)))
      ),
      events: streamOf((options) => face.events(options), eventOf),
      forEach: loop("forEach"),
      forEachBorrowed: loop("forEachBorrowed"),
      send,
      trySend,
      sendAll,
      sink: Sink.foldLeftChunksEffect(0, (sum, messages: Chunk.Chunk<unknown>) =>
        Effect.flatMap(sendAll(Chunk.toReadonlyArray(messages)), ({ failed: [first], sent }) =>
          first === undefined ? Effect.succeed(sum + sent) : (Effect.fail(first.error) as never)
        )
      ),
      setOption: (option: never, value: never) => immediate(() => face.setOption(option, value)),
      getOption: (option: never) => immediate(() => face.getOption(option)),
      join: (group: never, options: never) => membership(() => face.join(group, options)),
      block: (group: never, source: never, options: never) => membership(() => face.block(group, source, options)),
      leave: (group: never, options: never) => immediate(() => face.leave(group, options)),
      connect: (peer: never) =>
        Effect.map(
          Effect.acquireRelease(
            immediate(() => face.connect(peer)),
            (connected) => Effect.sync(() => connected.close())
          ),
          (connected) => adapted(spec, connected as never)
        )
    }
  }
  const membership = (begin: () => Face.Membership) =>
    Effect.asVoid(Effect.acquireRelease(immediate(begin), (held) => Effect.sync(() => held.leave())))
  const adapted = (spec: Spec.Any, face: Socket): object => {
    const socket = membersOf(spec, face)
    faceOf.set(socket, face)
    return socket
  }

  const opened = (spec: unknown, open: (sockets: Face.DatagramSockets.DatagramSockets) => Promise<unknown>) =>
    Effect.gen(function* () {
      const { driver } = yield* suite.DatagramSockets
      const face = yield* Effect.acquireRelease(
        awaited(() => open(socketsOf(driver))),
        (socket) =>
          Effect.sync(() => (Array.isArray(socket) ? socket : [socket]).forEach((each: Socket) => each.close()))
      )
      if (Array.isArray(face)) return face.map((each: Socket) => adapted(spec as Spec.Any, each))
      const socket = adapted(spec as Spec.Any, face as Socket)
      return "queuedBefore" in (face as object)
        ? Object.assign(socket, { queuedBefore: (face as Values)["queuedBefore"] })
        : socket
    })

  const asked = (datagram: object) => (given.get(datagram) ?? datagram) as never
  const Datagram = {
    ...suite.Datagram,
    bind: (spec: never, at: never) => opened(spec, (sockets) => sockets.bind(spec, at)),
    client: (spec: never) => opened(spec, (sockets) => sockets.client(spec)),
    connect: (spec: never, peer: never, options: never) =>
      opened(spec, (sockets) => sockets.connect(spec, peer, options)),
    adopt: (spec: never, descriptor: never) => opened(spec, (sockets) => sockets.adopt(spec, descriptor)),
    pair: (spec: never) => opened(spec, (sockets) => sockets.pair(spec)),
    reply: (socket: object, datagram: object, data: never): Eff =>
      awaited((options) => Face.Datagram.reply(faceOf.get(socket) as never, asked(datagram), data, options)),
    tryReply: (socket: object, datagram: object, data: never) => {
      const error = Face.Datagram.tryReply(faceOf.get(socket) as never, asked(datagram), data)
      return error === undefined ? Either.void : Either.left(errorOf(error))
    }
  }
  const Descriptor = {
    take: (descriptor: never) =>
      Effect.map(
        Effect.acquireRelease(
          Effect.suspend(() => {
            try {
              return Effect.succeed(Face.Descriptor.take(descriptor))
            } catch (error) {
              const { message, reason } = error as Face.DescriptorUnavailableError
              return Effect.fail(new suite.DescriptorUnavailableError({ reason, message }))
            }
          }),
          (taken) => Effect.sync(() => taken.close())
        ),
        ({ number }) => number
      )
  }
  return { Datagram, Descriptor }
}
