/** A server that begins and ends its services as the interfaces of the host come and go. */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import { isFault, type NetworkInterface } from "@ancillary/engine/driver/Driver"
import { HostInterfaces } from "@ancillary/engine/driver/hostInterfaces"
import {
  type InterfaceChoice,
  InterfaceServices,
  type InterfaceStats,
  readInterfaceChoice
} from "@ancillary/engine/server"
import { compileSpec } from "@ancillary/engine/socket"
import type { NeedsAll, Spec } from "@ancillary/engine/spec/Spec"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Datagram from "../Datagram.ts"
import {
  type DatagramBindError,
  type DatagramInterfaceError,
  type DatagramMembershipError,
  type DatagramReceiveError,
  type DatagramUnsupportedError,
  fail,
  invalidBind
} from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import { DatagramSockets } from "../DatagramSockets.ts"
import { option } from "../OptionKind.ts"
import { Failures, quietly } from "./failures.ts"
import { changesOf, intervals } from "./interfaceChanges.ts"
import { type Handler, makeServer } from "./serving.ts"
import type { Checked } from "./serveOptions.ts"
import { ExecutionStrategy } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

/** The choice of interfaces, validated. */
export type Where = InterfaceChoice<Duration.Duration>

/** Fails with the first invalid field. */
export const checkWhere = (given: unknown): Effect.Effect<Where, DatagramBindError> =>
  Effect.suspend(() => {
    const read = readInterfaceChoice(given, intervals)
    return "_tag" in read ? fail(read) : Effect.succeed(read)
  })

type Group<F extends Family> = Parameters<DatagramSocket<F, never>["join"]>[0]

/** A bound address, or the groups on one interface. */
interface Service<F extends Family, D extends ControlMessage.Any> {
  /** Undefined for groups, because their socket stays. */
  readonly socket: DatagramSocket<F, D> | undefined
  readonly end: Effect.Effect<void>
}

export interface Followed<F extends Family, D extends ControlMessage.Any> {
  readonly sockets: Effect.Effect<ReadonlyArray<DatagramSocket<F, D>>>
  readonly interfaces: Effect.Effect<ReadonlyArray<NetworkInterface>>
  readonly stats: Effect.Effect<InterfaceStats>
}

type BeginError = DatagramBindError | DatagramUnsupportedError | DatagramMembershipError

export const followInterfaces = <F extends Family, D extends ControlMessage.Any, R, E, R2>(
  spec: Spec<F, D, R>,
  where: Where,
  handler: Handler<F, D, E, R2>,
  checked: Checked
): Effect.Effect<
  Followed<F, D>,
  BeginError | DatagramInterfaceError,
  DatagramSockets | Scope.Scope | R | Exclude<R2, Scope.Scope> | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const { interval, port } = where
    const groups = where.groups as ReadonlyArray<Group<F>> | undefined
    const { driver } = yield* DatagramSockets
    const plan = compileSpec(spec, driver.abi, option)
    if ("_tag" in plan) return yield* fail(plan)
    const { family } = plan
    if (family === "unix")
      return yield* Effect.fail(invalidBind("spec: a Unix socket has no interfaces. Use serve.", "spec"))
    const clock = yield* Effect.clock
    const host = new HostInterfaces(driver, () => Number(clock.unsafeCurrentTimeNanos()) / 1e6)
    const list = Effect.suspend(() => {
      const listed = host.list()
      return isFault(listed) ? fail(listed) : Effect.succeed(listed)
    })
    const scope = yield* Effect.scope
    // Finalizers run from the last to the first: reading stops, handlers finish, and then the sockets are closed.
    const opened = yield* Scope.fork(scope, ExecutionStrategy.sequential)
    const bind = (address: string) => Datagram.bind(spec, { address, port } as unknown as EndpointInput<F>)
    const shared =
      groups === undefined ? undefined : yield* Scope.extend(bind(family === "ipv4" ? "0.0.0.0" : "::"), opened)
    const server = yield* makeServer(handler, checked)
    if (shared !== undefined) yield* server.serve(shared)
    const read = yield* Scope.fork(scope, ExecutionStrategy.sequential)

    const services = new InterfaceServices<Service<F, D>>(family, where)
    const kinds = new Failures()

    /** Ends a service whose socket cannot be read any more, which the server logs. */
    const endIfUnreadable = (service: Service<F, D>, reader: Fiber.Fiber<never, DatagramReceiveError>) =>
      Effect.flatMap(Fiber.await(reader), (exit) => {
        if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return Effect.void
        services.failed()
        services.drop(service)
        return service.end
      })

    const begin = (each: NetworkInterface, address: string) =>
      Effect.gen(function* () {
        const own = yield* Scope.fork(opened, ExecutionStrategy.sequential)
        const reading = yield* Scope.fork(read, ExecutionStrategy.sequential)
        const closed = Effect.zipRight(Scope.close(reading, Exit.void), Scope.close(own, Exit.void))
        const open = Effect.gen(function* () {
          if (shared !== undefined) {
            for (const group of groups ?? []) yield* shared.join(group, { interfaceIndex: each.index })
            return undefined
          }
          const socket = yield* bind(address)
          const reader = yield* Scope.extend(server.serve(socket), reading)
          yield* Effect.addFinalizer(() => Effect.sync(() => server.forget(socket)))
          return { socket, reader }
        })
        const bound = yield* Effect.onError(Scope.extend(open, own), () => closed)
        const service = { socket: bound?.socket, end: closed }
        services.begun(each, address, service)
        if (bound !== undefined)
          yield* Effect.forkIn(Effect.interruptible(endIfUnreadable(service, bound.reader)), opened)
      })

    const unclosed = (cause: Cause.Cause<never>) => kinds.log("A service of an interface could not be closed", cause)
    const end = (ended: ReadonlyArray<Service<F, D>>) =>
      // An exception of one close must not keep the others open.
      Effect.forEach(ended, (service) => Effect.catchAllCause(service.end, unclosed), { discard: true })

    /** Ends the services of an interface that it should not have, and begins those that it lacks. */
    const follow = <E>(each: NetworkInterface, onError: (cause: Cause.Cause<BeginError>) => Effect.Effect<void, E>) =>
      Effect.gen(function* () {
        const { ended, lacking, thrown } = services.follow(each)
        if (thrown !== undefined)
          yield* kinds.log("matches threw. The interface is not served", Cause.die(thrown.error))
        yield* end(ended)
        for (const address of lacking) yield* Effect.catchAllCause(begin(each, address), onError)
      })

    for (const each of yield* list) yield* follow(each, Effect.failCause)
    const counted = (cause: Cause.Cause<BeginError>) =>
      Effect.suspend(() => {
        services.failed()
        return kinds.log("An interface cannot be served. It is tried again when it changes", cause)
      })
    const following = Effect.gen(function* () {
      yield* end(services.retain(yield* list))
      yield* Stream.runForEach(changesOf(driver, list, { interval }), (change) =>
        change._tag === "Removed" ? end(services.remove(change.interface.index)) : follow(change.interface, counted)
      )
    })
    // The system may refuse to list the interfaces for a while, and an exception is no end, either.
    yield* following.pipe(
      Effect.sandbox,
      Effect.tapError((cause) =>
        Cause.isInterruptedOnly(cause)
          ? Effect.void
          : quietly(Effect.logWarning("The interfaces cannot be followed", cause))
      ),
      Effect.retry({ schedule: Schedule.spaced("1 second"), while: (cause) => !Cause.isInterruptedOnly(cause) }),
      Effect.interruptible,
      Effect.forkScoped
    )
    return {
      sockets: Effect.sync(() =>
        shared === undefined
          ? services.services.flatMap(({ socket }) => (socket === undefined ? [] : [socket]))
          : [shared]
      ),
      interfaces: Effect.sync(() => services.interfaces),
      stats: Effect.sync(() => services.stats)
    }
  })
