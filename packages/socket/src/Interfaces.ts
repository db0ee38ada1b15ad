/**
 * The host's network interfaces: index, name and addresses, and what changes about them.
 *
 * @since 0.1.0
 */
import { Clock, Context, Duration, Effect, Layer, Schedule, Stream } from "effect"
import { type DatagramInterfaceError, interfaceError, unknownInterface } from "./DatagramError.ts"
import { DatagramSockets } from "./DatagramSockets.ts"
import { type Driver, isFault, type NetworkInterface } from "./Driver.ts"

/**
 * What became of an interface: it is there, it has other addresses or another state than `before`, it is gone.
 *
 * @category models
 * @since 0.1.0
 */
export type InterfaceChange =
  | { readonly _tag: "Added"; readonly interface: NetworkInterface }
  | { readonly _tag: "Changed"; readonly interface: NetworkInterface; readonly before: NetworkInterface }
  | { readonly _tag: "Removed"; readonly interface: NetworkInterface }

/**
 * Tells of the interfaces: what the index of a packet information is called, which index a name has, what changes.
 *
 * @example
 * ```ts
 * import { Datagram, Interfaces, withPktInfo } from "@ancillary/socket"
 * import { Effect, Stream } from "effect"
 *
 * const listen = Effect.gen(function* () {
 *   const interfaces = yield* Interfaces
 *   const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 5300 })
 *   yield* Stream.runForEach(socket.datagrams, ({ control, from }) =>
 *     Effect.log(`${from} by ${interfaces.nameOf(control.pktInfo.interfaceIndex) ?? "an interface that is gone"}`)
 *   )
 * })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Interfaces extends Context.Tag("@ancillary/socket/Interfaces")<
  Interfaces,
  {
    /** All of them, as the system tells it now. */
    readonly list: Effect.Effect<ReadonlyArray<NetworkInterface>, DatagramInterfaceError>
    /** The one with that name, asked for now; `UnknownName` where there is none. */
    readonly byName: (name: string) => Effect.Effect<NetworkInterface, DatagramInterfaceError>
    /** The one with that index, asked for now; `UnknownIndex` where there is none. */
    readonly byIndex: (index: number) => Effect.Effect<NetworkInterface, DatagramInterfaceError>
    /**
     * The name that an index had when the system was last asked, without an effect: cheap enough for every datagram.
     *
     * **Details**
     *
     * An index that is not known yet asks the system, and the same one again after a second at the earliest. `undefined` where nobody has it,
     * and for 0, which is no interface.
     *
     * **Gotchas**
     *
     * An interface that was renamed keeps its old name here until the system is asked again: by any other member, or for an index that is new.
     */
    readonly nameOf: (index: number) => string | undefined
    /**
     * The interfaces that there are, as `Added`, then what changes about them. The system is asked once an `interval` (by default a second),
     * so what comes and goes in between is not seen. Where it refuses, the stream fails.
     */
    readonly changes: (options?: {
      readonly interval?: Duration.DurationInput | undefined
    }) => Stream.Stream<InterfaceChange, DatagramInterfaceError>
  }
>() {
  /**
   * Asks the driver of the sockets.
   */
  static readonly layer: Layer.Layer<Interfaces, never, DatagramSockets> = Layer.effect(
    Interfaces,
    Effect.gen(function* () {
      const { driver } = yield* DatagramSockets
      return make(driver, yield* Effect.clock)
    })
  )
}

/** Before an index that nobody had is asked for again. */
const patienceMillis = 1000
/** Indices without an interface that are remembered: more than a kernel makes up. */
const mostMissing = 256

const make = (driver: Driver, clock: Clock.Clock): Context.Tag.Service<Interfaces> => {
  let names: ReadonlyMap<number, string> = new Map()
  const missing = new Map<number, number>()

  const look = () => {
    const found = driver.interfaces()
    if (!isFault(found)) names = new Map(found.map(({ index, name }) => [index, name]))
    return found
  }

  const list = Effect.suspend(() => {
    const found = look()
    return isFault(found) ? Effect.fail(interfaceError(found)) : Effect.succeed(found)
  })

  const find = (asked: string | number, is: (one: NetworkInterface) => boolean) =>
    Effect.flatMap(list, (all) => {
      const found = all.find(is)
      return found === undefined
        ? Effect.fail(
            unknownInterface(
              asked,
              all.map(({ name }) => name)
            )
          )
        : Effect.succeed(found)
    })

  const nameOf = (index: number): string | undefined => {
    const known = names.get(index)
    if (known !== undefined || index === 0) return known
    const now = clock.unsafeCurrentTimeMillis()
    if (now - (missing.get(index) ?? Number.NEGATIVE_INFINITY) < patienceMillis) return undefined
    if (missing.size >= mostMissing) missing.clear()
    missing.set(index, now)
    look()
    return names.get(index)
  }

  return {
    list,
    byName: (name) => find(name, (one) => one.name === name),
    byIndex: (index) => find(index, (one) => one.index === index),
    nameOf,
    changes: (options) =>
      Stream.repeatEffectWithSchedule(list, Schedule.spaced(options?.interval ?? "1 second")).pipe(
        Stream.mapAccum([], (before: ReadonlyArray<NetworkInterface>, after) => [after, differences(before, after)]),
        Stream.mapConcat((changes) => changes)
      )
  }
}

/** What is gone first: its index may be another's by now. */
const differences = (
  before: ReadonlyArray<NetworkInterface>,
  after: ReadonlyArray<NetworkInterface>
): ReadonlyArray<InterfaceChange> => {
  const earlier = new Map(before.map((one) => [one.index, one]))
  const later = new Set(after.map(({ index }) => index))
  const gone = before.filter(({ index }) => !later.has(index))
  return [
    ...gone.map((one) => ({ _tag: "Removed", interface: one }) as const),
    ...after.flatMap((one): ReadonlyArray<InterfaceChange> => {
      const was = earlier.get(one.index)
      if (was === undefined) return [{ _tag: "Added", interface: one }]
      return shape(was) === shape(one) ? [] : [{ _tag: "Changed", interface: one, before: was }]
    })
  ]
}

/** All that can be told of an interface, whatever the order of its addresses. */
const shape = ({ addresses, loopback, multicast, name, up }: NetworkInterface): string =>
  JSON.stringify([
    name,
    up,
    loopback,
    multicast,
    addresses.map(({ address, prefix }) => `${String(address)}/${prefix}`).toSorted()
  ])
