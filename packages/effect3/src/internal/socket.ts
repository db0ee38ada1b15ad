/** The interface of one socket of the engine for programs: receiving, sending, options and counters. */
import type { ControlMessage, Endpoint, Family } from "@ancillary/control"
import * as Channel from "effect/Channel"
import type * as Chunk from "effect/Chunk"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import { receiveClosed } from "@ancillary/engine/errors/DatagramError"
import { fail } from "../DatagramError.ts"
import type { ConnectedSocket, DatagramSocket } from "../DatagramSocket.ts"
import type { SocketOption } from "@ancillary/engine/spec/option/definition"
import { type Conversation, type OpenSocket, type ReceivedDatagram, statsOf } from "@ancillary/engine/socket"
import { connecting } from "./connecting.ts"
import { block, join, leave } from "./groups.ts"
import { getOption, limits, setOption } from "./options.ts"
import {
  datagramsOf,
  toEithers,
  forEach,
  peek,
  pulling,
  receive,
  receiveScattered,
  receiveWithin,
  takeBatch,
  takeEvents,
  takeUpTo
} from "./receiving.ts"
import { engineSocket } from "./sockets.ts"
import { send, sendAll, sink, trySend } from "./sending.ts"

/** Keeps a member that was asked for as a property of its own. A program may take it from the socket and call it alone. */
const kept = <A>(socket: object, key: string, value: A): A => {
  Object.defineProperty(socket, key, { value, enumerable: true })
  return value
}

/** Streams the chunks of an effect without an end. `Stream.repeatEffectChunk` takes a quarter longer, because its effect may end the stream. */
const chunksOf = <A, E>(take: Effect.Effect<Chunk.Chunk<A>, E>): Stream.Stream<A, E> => {
  const next: Channel.Channel<Chunk.Chunk<A>, unknown, E> = Channel.flatMap(take, (chunk) =>
    Channel.flatMap(Channel.write(chunk), () => next)
  )
  return Stream.fromChannel(next)
}

// Gives the outcomes of a core the types of the spec that it was opened for, because decode and encode were compiled from that spec.

/**
 * Members of sockets and of connections. Each is made when it is asked for, because a socket has thirty, and a program uses five. A
 * thousand sockets would keep ten megabytes of unused ones.
 */
class Members<Core extends Conversation> {
  readonly [engineSocket]: Core
  readonly family: Family
  readonly localAddress: Endpoint<Family>

  constructor(core: Core) {
    this[engineSocket] = core
    this.family = core.plan.family
    this.localAddress = core.localAddress
  }

  get receive() {
    return kept(this, "receive", receive(this[engineSocket]))
  }
  get receiveWithin() {
    const core = this[engineSocket]
    return kept(this, "receiveWithin", (duration: Duration.DurationInput) => receiveWithin(core, duration))
  }
  get receiveScattered() {
    const core = this[engineSocket]
    return kept(this, "receiveScattered", (...sizes: ReadonlyArray<number>) => receiveScattered(core, sizes))
  }
  get peek() {
    return kept(this, "peek", peek(this[engineSocket]))
  }
  get receiveBatch() {
    return kept(this, "receiveBatch", takeBatch(this[engineSocket], datagramsOf))
  }
  get receiveUpTo() {
    const core = this[engineSocket]
    return kept(this, "receiveUpTo", (maximum: unknown) => takeUpTo(core, maximum))
  }
  get datagrams() {
    const core = this[engineSocket]
    return kept(
      this,
      "datagrams",
      Stream.suspend(() => chunksOf(pulling(core, datagramsOf)))
    )
  }
  get outcomes() {
    const core = this[engineSocket]
    return kept(
      this,
      "outcomes",
      Stream.suspend(() => chunksOf(pulling(core, toEithers)))
    )
  }
  get forEach() {
    const core = this[engineSocket]
    return kept(this, "forEach", (f: (datagram: ReceivedDatagram) => void) => forEach(core, f, false))
  }
  get forEachBorrowed() {
    const core = this[engineSocket]
    return kept(this, "forEachBorrowed", (f: (datagram: ReceivedDatagram) => void) => forEach(core, f, true))
  }
  get events() {
    const core = this[engineSocket]
    return kept(
      this,
      "events",
      Stream.suspend(() => Stream.repeatEffectChunk(takeEvents(core)))
    )
  }
  get stats() {
    const core = this[engineSocket]
    return kept(
      this,
      "stats",
      Effect.sync(() => statsOf(core))
    )
  }
  get declined() {
    return this[engineSocket].declined
  }
  get descriptor() {
    const core = this[engineSocket]
    return kept(
      this,
      "descriptor",
      Effect.suspend(() => (core.closed ? fail(receiveClosed()) : Effect.succeed(core.descriptor)))
    )
  }
  get send() {
    const core = this[engineSocket]
    return kept(this, "send", (message: unknown) => send(core, message))
  }
  get trySend() {
    const core = this[engineSocket]
    return kept(this, "trySend", (message: unknown) => trySend(core, message))
  }
  get sendAll() {
    const core = this[engineSocket]
    return kept(this, "sendAll", (messages: ReadonlyArray<unknown>) => sendAll(core, messages))
  }
  get sink() {
    const core = this[engineSocket]
    return kept(
      this,
      "sink",
      Sink.suspend(() => sink(core))
    )
  }
  get limits() {
    return kept(this, "limits", limits(this[engineSocket]))
  }
  get setOption() {
    const core = this[engineSocket]
    return kept(this, "setOption", <A>(option: SocketOption<A, Family, unknown>, value: A) =>
      setOption(core, option, value)
    )
  }
  get getOption() {
    const core = this[engineSocket]
    return kept(this, "getOption", <A>(option: SocketOption<A, Family, unknown>) => getOption(core, option))
  }
}

class Connected extends Members<Conversation> {
  readonly peer: Endpoint<Family> | undefined

  constructor(core: Conversation, peer: Endpoint<Family> | undefined) {
    super(core)
    this.peer = peer
  }
}

class Bound extends Members<OpenSocket> {
  get join() {
    const core = this[engineSocket]
    return kept(this, "join", (group: unknown, given?: unknown) => join(core, group, given))
  }
  get block() {
    const core = this[engineSocket]
    return kept(this, "block", (group: unknown, source: unknown, given?: unknown) => block(core, group, source, given))
  }
  get leave() {
    const core = this[engineSocket]
    return kept(this, "leave", (group: unknown, given?: unknown) => leave(core, group, given))
  }
  get connect() {
    const core = this[engineSocket]
    return kept(this, "connect", (peer: unknown) =>
      Effect.map(connecting(core, peer), (connected) => new Connected(connected, connected.peer))
    )
  }
}

export const makeSocket = <F extends Family, D extends ControlMessage.Any>(core: OpenSocket): DatagramSocket<F, D> =>
  new Bound(core) as unknown as DatagramSocket<F, D>

/** A socket that was made elsewhere. */
export const makeAdopted = <F extends Family, D extends ControlMessage.Any>(
  core: OpenSocket
): DatagramSocket<F, D> & { readonly queuedBefore: boolean } =>
  Object.assign(makeSocket<F, D>(core), { queuedBefore: core.isWaiting() })

export const makeConnected = <F extends Family, D extends ControlMessage.Any>(
  core: OpenSocket,
  peer: Endpoint<F>
): ConnectedSocket<F, D> => new Connected(core, peer) as unknown as ConnectedSocket<F, D>
