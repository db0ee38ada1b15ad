/**
 * Sockets of this package as Effect's own `DatagramSocket` of `effect/socket`. A program that is written for that service runs on them when only
 * its layer is replaced, and its datagrams also have their control data.
 *
 * Experimental, because `effect/socket/DatagramSocket` is: a minor version of Effect may change it.
 *
 * @example
 * ```ts
 * import { Datagram, withHopLimit } from "@ancillary/effect"
 * import { DatagramSocket } from "@ancillary/effect/experimental"
 * import { NodeSockets } from "@ancillary/effect/node"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const socket = yield* DatagramSocket.make(Datagram.ipv4.pipe(withHopLimit()), { address: "127.0.0.1", port: 0 })
 *   const [reader, writer] = [yield* socket.reader, yield* socket.writer]
 *   yield* writer.write({ payload: "hello", address: reader.address })
 *   const [datagram] = yield* reader.pull
 *   yield* Effect.log(`${datagram.address}: ${datagram.control.hopLimit} hops left`)
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))
 * ```
 * @experimental
 * @since 0.1.0
 */
import { type ControlMessage, type Endpoint, type EndpointInput, type Internet } from "@ancillary/control"
import type { Group } from "@ancillary/engine/socket"
import type { NeedsAll, SendControl } from "@ancillary/engine/spec/Spec"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Datagrams from "../Datagram.ts"
import type { DatagramSocket as Socket } from "../DatagramSocket.ts"
import type { DatagramSockets } from "../DatagramSockets.ts"
import type { Control, Spec } from "../Spec.ts"
import { membershipError, openError, readError, unsupported, writeError } from "./errors.ts"
import {
  Effects,
  Latch,
  NetAddress,
  Semaphore
} from "./requires effect 4 - run npm install effect@4 - or install @ancillary/effect3 beside effect 3.ts"

/**
 * A received datagram with its control data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Datagram<F extends Internet, D extends ControlMessage.Any> extends Effects.Datagram {
  readonly control: Control<F, D>
}

/**
 * A datagram to send, perhaps with control data.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutgoingDatagram<F extends Internet, D extends ControlMessage.Any> extends Effects.OutgoingDatagram {
  readonly control?: SendControl<F, D> | undefined
}

/**
 * The receive side. Its datagrams have their control data. `dropped` is always 0, because the kernel has the only queue: `withDropCount()`
 * reports datagrams that the kernel dropped.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader<F extends Internet, D extends ControlMessage.Any> extends Effects.Reader {
  readonly pull: Effect.Effect<Arr.NonEmptyReadonlyArray<Datagram<F, D>>, Effects.DatagramSocketError>
}

/**
 * The send side. It also takes control data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Writer<F extends Internet, D extends ControlMessage.Any> extends Effects.Writer {
  readonly write: (datagram: OutgoingDatagram<F, D>) => Effect.Effect<void, Effects.DatagramSocketError>
  readonly writeAll: (
    datagrams: Arr.NonEmptyReadonlyArray<OutgoingDatagram<F, D>>
  ) => Effect.Effect<void, Effects.DatagramSocketError>
}

/**
 * Effect's `DatagramSocket` with control data.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSocket<F extends Internet, D extends ControlMessage.Any> extends Effects.DatagramSocket {
  readonly reader: Effect.Effect<Reader<F, D>, Effects.DatagramSocketError, Scope.Scope>
  readonly writer: Effect.Effect<Writer<F, D>, never, Scope.Scope>
}

/** The datagram of this package that a datagram of the reader was made of. */
const originals = new WeakMap<object, unknown>()

class Received<F extends Internet, D extends ControlMessage.Any> implements Datagram<F, D> {
  readonly payload: Uint8Array
  readonly control: Control<F, D>
  readonly #from: Endpoint<F>
  #address: NetAddress.InetAddress | undefined

  constructor(datagram: Datagrams.Datagram<F, D>) {
    this.payload = datagram.data
    this.control = datagram.control
    this.#from = datagram.from
    originals.set(this, datagram)
  }

  /** Made when it is read first. */
  get address(): NetAddress.InetAddress {
    return (this.#address ??= inet(this.#from))
  }
}

const inet = (endpoint: Endpoint<Internet>): NetAddress.InetAddress =>
  NetAddress.inetAddressFromStringUnsafe(String(endpoint))

const text = new TextEncoder()

/**
 * Makes Effect's `DatagramSocket` of a spec. As Effect's own, it has one reader at a time, which binds when it is acquired, and a write waits for
 * a reader. A write to a received datagram is `Datagram.reply` if the spec declares packet information for both directions.
 *
 * **Details**
 *
 * A write without an address fails, because the socket has no peer. `writeAll` sends all datagrams and fails with the first error.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <F extends Internet, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>
): Effect.Effect<DatagramSocket<F, D>, never, DatagramSockets | R | NeedsAll<D>> =>
  Effect.map(Effect.context<DatagramSockets | R | NeedsAll<D>>(), (given) => {
    // The scope of a socket is that of its reader.
    const context = Context.omit(Scope.Scope)(given as Context.Context<DatagramSockets | R | NeedsAll<D> | Scope.Scope>)
    const turn = Semaphore.makeUnsafe(1)
    const isOpen = Latch.makeUnsafe(false)
    let current: Socket<F, D> | undefined
    const replies = spec.declarations.some(
      ({ direction, message, optional }) => message.key === "pktInfo" && direction === "both" && !optional
    )

    const reader = Effect.gen(function* () {
      yield* turn.takeScoped(1)
      const binding = Effect.mapError(Datagrams.bind(spec, at), openError)
      // The context has all other services, which the compiler cannot follow through Exclude.
      const socket = yield* Effect.provide(binding, context) as Effect.Effect<
        Socket<F, D>,
        Effects.DatagramSocketError,
        Scope.Scope
      >
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          current = socket
          isOpen.openUnsafe()
        }),
        () =>
          Effect.sync(() => {
            current = undefined
            isOpen.closeUnsafe()
          })
      )
      return readerOf(socket)
    })

    const write = (outgoing: OutgoingDatagram<F, D>): Effect.Effect<void, Effects.DatagramSocketError> =>
      Effect.flatMap(isOpen.await, () => {
        const socket = current
        if (socket === undefined) return write(outgoing)
        const { address, control } = outgoing
        const data = typeof outgoing.payload === "string" ? text.encode(outgoing.payload) : outgoing.payload
        const original = address === undefined ? undefined : originals.get(address)
        const to = address === undefined || NetAddress.isInetAddress(address) ? address : address.address
        const sent =
          replies && control === undefined && original !== undefined
            ? Datagrams.reply(socket as never, original as never, data)
            : socket.send({ data, to, ...(control === undefined ? {} : { control }) } as never)
        return Effect.mapError(sent, (error) => writeError(error, to))
      })

    const writer: Writer<F, D> = {
      write,
      writeAll: (all) =>
        Effect.flatMap(
          Effect.forEach(all, (each) => Effect.exit(write(each))),
          (exits) => Effect.asVoid(exits.find((exit) => exit._tag === "Failure") ?? Effect.void)
        )
    }
    return Effects.make({ reader, writer: Effect.succeed(writer) }) as DatagramSocket<F, D>
  })

const readerOf = <F extends Internet, D extends ControlMessage.Any>(socket: Socket<F, D>): Reader<F, D> => {
  let address: NetAddress.InetAddress | undefined
  return {
    pull: Effect.mapBoth(socket.receiveBatch, {
      onSuccess: (batch) => Arr.map(batch, (each) => new Received<F, D>(each)),
      onFailure: readError
    }),
    get address() {
      return (address ??= inet(socket.localAddress))
    },
    dropped: () => 0,
    joinMulticast: ({ group, interface: at, source }) =>
      at !== undefined && typeof at !== "number"
        ? Effect.fail(unsupported("the interface of a group by its address: give a group with a zone, or no interface"))
        : Effect.mapError(
            socket.join(asGroup(group), {
              interfaceIndex: at,
              source: source === undefined ? undefined : asGroup(source)
            }),
            membershipError
          )
  }
}

/** The text of an address is of the family that the caller chose. */
const asGroup = <F extends Internet>(address: NetAddress.IpAddress): Group<F> => String(address) as Group<F>

/**
 * The layer of Effect's `DatagramSocket` service, for programs that are written for it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <F extends Internet, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>
): Layer.Layer<Effects.DatagramSocket, never, DatagramSockets | R | NeedsAll<D>> =>
  Layer.effect(Effects.DatagramSocket, make(spec, at))
