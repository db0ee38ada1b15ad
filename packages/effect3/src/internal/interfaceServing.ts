/** A server that begins and ends its services as the interfaces of the host come and go. */
import { Codec, type ControlMessage, type EndpointInput, type Family } from "@ancillary/control"
import { isFault, type NetworkInterface } from "@ancillary/engine/driver/Driver"
import { HostInterfaces } from "@ancillary/engine/driver/hostInterfaces"
import { type InterfaceStats, usableAddresses } from "@ancillary/engine/server"
import { compileSpec } from "@ancillary/engine/socket"
import type { NeedsAll, Spec } from "@ancillary/engine/spec/Spec"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Datagram from "../Datagram.ts"
import {
  type DatagramBindError,
  type DatagramInterfaceError,
  type DatagramMembershipError,
  type DatagramUnsupportedError,
  fail,
  invalidBind
} from "../DatagramError.ts"
import type { DatagramSocket } from "../DatagramSocket.ts"
import { DatagramSockets } from "../DatagramSockets.ts"
import { option } from "../OptionKind.ts"
import { durationOf } from "./durations.ts"
import { Failures, quietly } from "./failures.ts"
import { changesOf } from "./interfaceChanges.ts"
import { type Handler, makeServer } from "./serving.ts"
import type { Checked } from "./serveOptions.ts"
import { ExecutionStrategy } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

type Group<F extends Family> = Parameters<DatagramSocket<F, never>["join"]>[0]

/** The choice of interfaces, validated. */
export interface Where<F extends Family> {
  readonly port: number
  readonly matches: (each: NetworkInterface) => boolean
  readonly groups: ReadonlyArray<Group<F>> | undefined
  readonly interval: Duration.Duration
}

/** Fails with the first invalid field. `bind` checks the port, and `join` the groups. */
export const checkWhere = <F extends Family>(given: unknown): Effect.Effect<Where<F>, DatagramBindError> =>
  Effect.suspend(() => {
    try {
      if (typeof given !== "object" || given === null) return refused("where", given, "a record with a port")
      const {
        groups,
        interval = Duration.seconds(1),
        matches = isUp,
        port
      } = given as { readonly [K in keyof Where<F>]?: unknown }
      const pause = durationOf(interval)
      if (typeof matches !== "function") return refused("matches", matches, "a function that returns true or false")
      if (groups !== undefined && !(Array.isArray(groups) && groups.length > 0))
        return refused("groups", groups, "an array of at least one group")
      if (pause === undefined || !Duration.isFinite(pause) || Duration.toMillis(pause) === 0)
        return refused("interval", interval, "a duration above 0")
      return Effect.succeed({
        port: port as number,
        matches: matches as Where<F>["matches"],
        groups: groups as Where<F>["groups"],
        interval: pause
      })
    } catch {
      return Effect.fail(invalidBind("where: reading it threw. Give a plain object.", "where"))
    }
  })

const isUp = ({ up }: NetworkInterface): boolean => up

const refused = (field: string, value: unknown, range: string) =>
  Effect.fail(
    invalidBind(
      `${field}: ${Array.isArray(value) && value.length === 0 ? "[]" : Codec.format(value)} is not ${range}. Give one.`,
      field
    )
  )

/** A bound address, or the groups on one interface. */
interface Service<F extends Family, D extends ControlMessage.Any> {
  readonly interface: NetworkInterface
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
  where: Where<F>,
  handler: Handler<F, D, E, R2>,
  checked: Checked
): Effect.Effect<
  Followed<F, D>,
  BeginError | DatagramInterfaceError,
  DatagramSockets | Scope.Scope | R | Exclude<R2, Scope.Scope> | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const { groups, interval, matches, port } = where
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

    const services = new Map<string, Service<F, D>>()
    const kinds = new Failures()
    let [begun, ended, failed] = [0n, 0n, 0n]

    /** False if the program's function threw. */
    const isWanted = (each: NetworkInterface): Effect.Effect<boolean> =>
      Effect.suspend(() => {
        try {
          return Effect.succeed(matches(each))
        } catch (thrown) {
          failed++
          return Effect.as(kinds.log("matches threw. The interface is not served", Cause.die(thrown)), false)
        }
      })

    const begin = (each: NetworkInterface, key: string, address: string | undefined) =>
      Effect.gen(function* () {
        const own = yield* Scope.fork(opened, ExecutionStrategy.sequential)
        const reading = yield* Scope.fork(read, ExecutionStrategy.sequential)
        const closed = Effect.zipRight(Scope.close(reading, Exit.void), Scope.close(own, Exit.void))
        const open = Effect.gen(function* () {
          if (shared !== undefined) {
            for (const group of groups ?? []) yield* shared.join(group, { interfaceIndex: each.index })
            return undefined
          }
          const socket = yield* bind(address ?? "")
          yield* Scope.extend(server.serve(socket), reading)
          yield* Effect.addFinalizer(() => Effect.sync(() => server.forget(socket)))
          return socket
        })
        const socket = yield* Effect.onError(Scope.extend(open, own), () => closed)
        begun++
        services.set(key, { interface: each, socket, end: closed })
      })

    const end = (key: string, service: Service<F, D>): Effect.Effect<void> =>
      Effect.suspend(() => {
        services.delete(key)
        ended++
        return service.end
      })

    /** Ends the services of an interface that it should not have, and begins those that it lacks. */
    const follow = <E>(each: NetworkInterface, onError: (error: BeginError) => Effect.Effect<void, E>) =>
      Effect.gen(function* () {
        const wanted = (yield* isWanted(each)) && (shared === undefined || each.multicast)
        const addresses = !wanted ? [] : shared === undefined ? usableAddresses(family, each).map(String) : [""]
        const keys = new Map(addresses.map((address) => [`${each.index} ${address}`, address]))
        for (const [key, service] of services)
          if (service.interface.index === each.index && !keys.has(key)) yield* end(key, service)
        for (const [key, address] of keys)
          if (!services.has(key)) yield* Effect.catchAll(begin(each, key, address), onError)
      })

    const leave = (gone: (index: number) => boolean) =>
      Effect.suspend(() =>
        Effect.forEach(
          [...services].filter(([, service]) => gone(service.interface.index)),
          ([key, service]) => end(key, service),
          { discard: true }
        )
      )

    for (const each of yield* list) yield* follow(each, Effect.fail)
    const counted = (error: BeginError) =>
      Effect.suspend(() => {
        failed++
        return kinds.log("An interface cannot be served. It is tried again when it changes", Cause.fail(error))
      })
    const following = Effect.gen(function* () {
      const present = new Set((yield* list).map(({ index }) => index))
      yield* leave((index) => !present.has(index))
      yield* Stream.runForEach(changesOf(driver, list, { interval }), (change) =>
        change._tag === "Removed"
          ? leave((index) => index === change.interface.index)
          : follow(change.interface, counted)
      )
    })
    // The system may refuse to list the interfaces for a while.
    yield* following.pipe(
      Effect.tapError((error) => quietly(Effect.logWarning("The interfaces cannot be followed", error))),
      Effect.retry(Schedule.spaced("1 second")),
      Effect.forkScoped
    )
    return {
      sockets: Effect.sync(() =>
        shared === undefined
          ? [...services.values()].flatMap(({ socket }) => (socket === undefined ? [] : [socket]))
          : [shared]
      ),
      interfaces: Effect.sync(() => [
        ...new Map([...services.values()].map((service) => [service.interface.index, service.interface])).values()
      ]),
      stats: Effect.sync(() => ({ begun, ended, failed }))
    }
  })
