/**
 * Sockets that outlive their program, so that a restart loses no datagram.
 *
 * A new program takes the bound sockets of the running one over a Unix socket. The running program stops reading, finishes its
 * answers and ends. Meanwhile datagrams wait in the kernel's buffer. Sockets that systemd passes (`LISTEN_FDS`, `LISTEN_FDNAMES`), also from its
 * descriptor store, are taken in the same way.
 *
 * **Details**
 *
 * The socket in the kernel stays the same: its port, its options, its datagrams, and its place among the sockets of a shared port. So
 * `withSteering` keeps the sessions of a worker with its successor.
 *
 * Only programs of the same user, or of root, are answered on Linux. On macOS the permissions of the directory decide. Windows has no Unix
 * datagram sockets.
 *
 * **Gotchas**
 *
 * A multicast membership ends with the scope that joined, also for the successor. Join the group again after `begin`.
 *
 * @see unix(7); sd_listen_fds(3); sd_notify(3)
 * @since 0.1.0
 */
import { Codec, type ControlMessage, type EndpointInput, type Internet } from "@ancillary/control"
import type { NeedsAll } from "@ancillary/engine/spec/Spec"
import { HandOver as Plain, type HandOverFault, readHandOverOptions, refusedSocketName } from "@ancillary/node"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Datagram from "../Datagram.ts"
import { type DatagramBindError, type DatagramUnsupportedError, fail, invalidBind } from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import { DatagramSockets } from "../DatagramSockets.ts"
import { durationOf } from "../internal/durations.ts"
import type { Spec } from "../Spec.ts"

/**
 * A hand-over that failed.
 *
 * @category errors
 * @since 0.1.0
 */
export class HandOverError extends Data.TaggedError("HandOverError")<{
  /**
   * `NoAnswer`: the running program did not answer or did not stop within `patience`. `Refused`: it hands its sockets to another program. `Path`:
   * the socket for the next program could not get the path. `NotNotified`: systemd did not get a message.
   */
  readonly reason: "NoAnswer" | "Refused" | "Path" | "NotNotified"
  /** Path of the hand-over. */
  readonly path: Option.Option<string>
  /** A sentence that ends with a remedy. */
  readonly message: string
}> {}

/**
 * Options of a hand-over.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Path of a Unix socket, the same for each program that follows another. Absent: only systemd passes sockets. The path and a program's id have
   * room in a socket address (Linux: 107 bytes).
   */
  readonly path?: string | undefined
  /** Time for the running program to answer, and then to stop, each 30 seconds by default. */
  readonly patience?: Duration.DurationInput | undefined
  /**
   * Stores the sockets in the descriptor store of systemd, by default false. It requires `FileDescriptorStoreMax=` in the unit. systemd then passes
   * them to the next program, also after a crash.
   */
  readonly store?: boolean | undefined
}

/**
 * A hand-over. Its scope ends it: a successor begins when everything in the scope that was opened later is closed.
 *
 * @category models
 * @since 0.1.0
 */
export interface HandOver {
  /**
   * Takes over the socket of this name, or binds one to `at` if none was passed. Each name is that of one socket: 1 to 255 characters without `:`
   * and without control characters. The scope closes the socket. A successor keeps it open.
   */
  readonly bind: <F extends Internet, D extends ControlMessage.Any, R>(
    name: string,
    spec: Spec<F, D, R>,
    at: EndpointInput<F>
  ) => Effect.Effect<
    DatagramSocket<F, D>,
    DatagramBindError | DatagramUnsupportedError,
    DatagramSockets | Scope.Scope | R | NeedsAll<D>
  >
  /**
   * The first half of `serve`. Waits until the running program has stopped. Call it when all sockets are bound, and read them afterwards. Passed sockets that no `bind` took
   * are closed. systemd gets `READY=1` and `MAINPID`. From then on a successor can take the sockets.
   */
  readonly begin: Effect.Effect<void, HandOverError>
  /**
   * The second half of `serve`. Waits until a successor has the sockets and waits for this program to stop. Close the scope then. If the successor
   * is killed after that, no program has the sockets.
   */
  readonly awaitSuccessor: Effect.Effect<void>
  /**
   * Runs a server until a successor serves, in place of `begin` and `awaitSuccessor`. Waits until the running program has stopped, and runs `server`
   * in a scope. When a successor has the sockets, the scope is closed. If the successor ends before its own server runs, `server` runs again on the
   * same sockets. So a successor that fails or is killed does not leave the sockets without a reader.
   *
   * `server` succeeds when it reads, as `serveOn` does. The effect fails with its error, and with `DatagramBindError` of reason `InvalidArgument` if
   * `server` is not an effect.
   */
  readonly serve: <E, R>(
    server: Effect.Effect<unknown, E, R>
  ) => Effect.Effect<void, E | DatagramBindError | HandOverError, Exclude<R, Scope.Scope>>
  /** Names of passed sockets that no `bind` took yet. */
  readonly unclaimed: Effect.Effect<ReadonlyArray<string>>
}

/**
 * Takes the sockets of the running program, if there is one, and those that systemd passed.
 *
 * **Details**
 *
 * Fails with `HandOverError` if a program has the path and does not answer within `patience`. Fails with `DatagramBindError` if the Unix socket
 * cannot be bound, and of reason `InvalidArgument` if an option is invalid. Fails with `DatagramUnsupportedError` for a path on Windows.
 *
 * @example
 * ```ts
 * import { HandOver, NodeSockets } from "@ancillary/effect3/node"
 * import { Datagram, serveOn, withPktInfo } from "@ancillary/effect3"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 * import { Effect } from "effect"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 *
 * const server = Effect.gen(function* () {
 *   const handOver = yield* HandOver.make({ path: join(tmpdir(), "echo-effect3.sock") })
 *   const socket = yield* handOver.bind("echo", spec, { address: "0.0.0.0", port: 5300 })
 *   yield* handOver.serve(serveOn(socket, (asked) => Datagram.reply(socket, asked, asked.data)))
 * })
 *
 * Effect.runPromise(server.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options = {}
): Effect.Effect<
  HandOver,
  DatagramBindError | DatagramUnsupportedError | HandOverError,
  DatagramSockets | Scope.Scope
> =>
  Effect.gen(function* () {
    const { driver } = yield* DatagramSockets
    const checked = readHandOverOptions(options, words)
    if (typeof checked === "string") return yield* Effect.fail(invalidBind(checked, "options"))
    const plain = yield* Effect.acquireRelease(
      open(() => Plain.open({ driver, ...checked })),
      (opened) => Effect.sync(() => opened.close())
    )
    yield* orFail(() => plain.take())
    return {
      bind: <F extends Internet, D extends ControlMessage.Any, R>(
        name: string,
        spec: Spec<F, D, R>,
        at: EndpointInput<F>
      ) => bindNamed(plain, name, spec, at),
      begin: orFail(() => plain.begin()),
      awaitSuccessor: Effect.promise(() => plain.taken),
      serve: <E, R>(server: Effect.Effect<unknown, E, R>) => serveUntilServed(plain, server),
      unclaimed: Effect.sync(() => plain.unclaimed)
    } satisfies HandOver
  })

const open = (
  make: () => ReturnType<typeof Plain.open>
): Effect.Effect<Plain, DatagramBindError | DatagramUnsupportedError> =>
  Effect.suspend(() => {
    const opened = make()
    return opened instanceof Plain ? Effect.succeed(opened) : fail(opened)
  })

const orFail = (run: () => Promise<HandOverFault | undefined>): Effect.Effect<void, HandOverError> =>
  Effect.flatMap(Effect.promise(run), (fault) =>
    fault === undefined ? Effect.void : Effect.fail(handOverError(fault))
  )

const serveUntilServed = <E, R>(
  plain: Plain,
  server: Effect.Effect<unknown, E, R>
): Effect.Effect<void, E | DatagramBindError | HandOverError, Exclude<R, Scope.Scope>> => {
  if (!Effect.isEffect(server)) {
    const what = `server: ${Codec.format(server)} is not an effect`
    return Effect.fail(invalidBind(`${what}. Give one that serves, such as \`serveOn\`.`, "server"))
  }
  const serving = Effect.gen(function* () {
    yield* server
    yield* orFail(() => Promise.resolve(plain.announce()))
    yield* Effect.promise(() => plain.taken)
  })
  return Effect.gen(function* () {
    yield* orFail(() => plain.awaitPredecessor())
    do yield* Effect.scoped(serving)
    while (!(yield* Effect.promise(() => plain.release())))
  })
}

const bindNamed = <F extends Internet, D extends ControlMessage.Any, R>(
  plain: Plain,
  name: string,
  spec: Spec<F, D, R>,
  at: EndpointInput<F>
): Effect.Effect<
  DatagramSocket<F, D>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const refused = refusedSocketName(name)
    if (refused !== undefined) return yield* Effect.fail(invalidBind(refused, "name"))
    const claimed = plain.claim(name)
    const socket: DatagramSocket<F, D> = yield* claimed === undefined
      ? Datagram.bind(spec, at)
      : Effect.tapError(Datagram.adopt(spec, claimed.descriptor), () => Effect.sync(() => plain.unclaim(claimed)))
    const descriptor = yield* Effect.orDie(socket.descriptor)
    yield* Effect.acquireRelease(
      Effect.sync(() => plain.offer(name, descriptor, claimed)),
      (withdraw) => Effect.sync(withdraw)
    )
    return socket
    // The socket of a name is opened and offered in one step.
  }).pipe(Effect.uninterruptible)

const words = {
  milliseconds: (given: unknown = "30 seconds") => {
    const duration = durationOf(given)
    return duration === undefined ? undefined : Duration.toMillis(duration)
  },
  range: 'a duration. Give one, such as "30 seconds"'
}

const handOverError = ({ message, path, reason }: HandOverFault): HandOverError =>
  new HandOverError({ reason, message, path: path === undefined ? Option.none() : Option.some(path) })
