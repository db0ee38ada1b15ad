/**
 * Network interfaces of the host: index, name, addresses, and their changes.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { type DatagramInterfaceError, fail } from "./DatagramError.ts"
import { DatagramSockets } from "./DatagramSockets.ts"
import { type Driver, isFault, type NetworkInterface } from "@ancillary/engine/driver/Driver"
import type { InterfaceChange } from "./InterfaceChange.ts"
import { changesOf } from "./internal/interfaceChanges.ts"
import { HostInterfaces } from "@ancillary/engine/driver/hostInterfaces"
import type { DatagramInterfaceError as Refused } from "@ancillary/engine/errors/DatagramError"

export type { InterfaceChange } from "./InterfaceChange.ts"

/**
 * Network interfaces of the host by name and by index, and their changes.
 *
 * **Details**
 *
 * `Interfaces.layer` requires a layer of sockets and uses its driver:
 * `Interfaces.layer.pipe(Layer.provideMerge(NodeSockets.layer))`.
 *
 * @example
 * ```ts
 * import { NodeSockets } from "@ancillary/effect3/node"
 * import { Datagram, Interfaces, withPktInfo } from "@ancillary/effect3"
 * import { Effect, Layer, Stream } from "effect"
 *
 * const listen = Effect.gen(function* () {
 *   const interfaces = yield* Interfaces
 *   const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 5300 })
 *   yield* Stream.runForEach(socket.datagrams, ({ control, from }) =>
 *     Effect.log(`${from} by ${interfaces.nameOf(control.pktInfo.interfaceIndex) ?? "an interface that is gone"}`)
 *   )
 * })
 *
 * // The service asks the driver of the sockets, so its layer is provided on top of theirs.
 * const layer = Layer.provideMerge(Interfaces.layer, NodeSockets.layer)
 * Effect.runPromise(listen.pipe(Effect.scoped, Effect.provide(layer)))
 * ```
 * @category services
 * @since 0.1.0
 */
export class Interfaces extends Context.Tag("@ancillary/effect3/Interfaces")<
  Interfaces,
  {
    /** Lists all interfaces, as the system reports them now. One entry per index. */
    readonly list: Effect.Effect<ReadonlyArray<NetworkInterface>, DatagramInterfaceError>
    /**
     * Finds the interface with that name, now. Fails with `UnknownName` if no interface has it; the label of an address
     * (`eth0:1`) is not a name. Fails with `InvalidArgument` if the name is not a text.
     */
    readonly byName: (name: string) => Effect.Effect<NetworkInterface, DatagramInterfaceError>
    /**
     * Finds the interface with that index, now. Fails with `UnknownIndex` if no interface has it, and with `InvalidArgument`
     * if the index is not a number.
     */
    readonly byIndex: (index: number) => Effect.Effect<NetworkInterface, DatagramInterfaceError>
    /**
     * Returns the name of an index without an effect: cheap enough for every datagram. Returns `undefined` if no
     * interface has the index, and for 0.
     *
     * **Details**
     *
     * The name is at most a second old, or a thousand times as long as the system takes to list its interfaces. An
     * unknown index is looked up at once, and then again after a second.
     */
    readonly nameOf: (index: number) => string | undefined
    /**
     * Streams the existing interfaces as `Added`, then each change. Fails if the system refuses to list them.
     *
     * **Details**
     *
     * On Linux the kernel's notices arrive at once. If an interface is recreated under its old index, the stream has
     * `Removed`, then `Added`. Other systems are polled once per `interval` (default: one second), so shorter changes
     * are not seen. Fails with `InvalidArgument` if `interval` is not a duration above zero.
     */
    readonly changes: (options?: {
      readonly interval?: Duration.DurationInput | undefined
    }) => Stream.Stream<InterfaceChange, DatagramInterfaceError>
  }
>() {
  /** The layer of this service. It uses the driver of the sockets. */
  static readonly layer: Layer.Layer<Interfaces, never, DatagramSockets> = Layer.effect(
    Interfaces,
    Effect.gen(function* () {
      const { driver } = yield* DatagramSockets
      return make(driver, yield* Effect.clock)
    })
  )
}

const make = (driver: Driver, clock: Clock.Clock): Context.Tag.Service<Interfaces> => {
  // Monotonic: the wall clock may be set back.
  const host = new HostInterfaces(driver, () => Number(clock.unsafeCurrentTimeNanos()) / 1e6)
  const list = Effect.suspend(() => given(host.list()))
  return {
    list,
    byName: (name) => Effect.suspend(() => given(host.byName(name))),
    byIndex: (index) => Effect.suspend(() => given(host.byIndex(index))),
    nameOf: (index) => host.nameOf(index),
    changes: (options) => changesOf(driver, list, options)
  }
}

const given = <A extends object>(found: A | Refused): Effect.Effect<A, DatagramInterfaceError> =>
  isFault(found) ? fail(found) : Effect.succeed(found)
