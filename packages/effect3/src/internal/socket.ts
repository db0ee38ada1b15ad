/**
 * What a program holds of one `Core`: how it is read, how it sends, its options and its accounts.
 */
import type { ControlMessage, Endpoint, Family } from "@ancillary/control"
import { type Duration, Effect, Sink, Stream } from "effect"
import { receiveClosed } from "@ancillary/engine/errors/DatagramError"
import type { ConnectedSocket, DatagramSocket, DatagramStats } from "../DatagramSocket.ts"
import type { SocketOption } from "@ancillary/engine/spec/option/definition"
import type { Core } from "@ancillary/engine/socket/socket"
import { connecting } from "./connecting.ts"
import { register } from "@ancillary/engine/socket/sockets"
import type { Face } from "@ancillary/engine/socket/face"
import { block, join, leave } from "./groups.ts"
import type { ReceivedDatagram } from "@ancillary/engine/receive/incoming"
import { limits } from "./limits.ts"
import { getOption, setOption } from "./options.ts"
import type { Served } from "@ancillary/engine/socket/served"
import {
  datagramsOf,
  eithersOf,
  forEach,
  peek,
  receive,
  receiveScattered,
  receiveWithin,
  takeBatch,
  takeEvents,
  takeUpTo
} from "./receiving.ts"
import { send, sendAll, sink, unsafeSend } from "./sending.ts"

const handlers = (served: Served): DatagramStats["handlers"] => ({
  started: BigInt(served.started),
  succeeded: BigInt(served.succeeded),
  failed: BigInt(served.failed),
  interrupted: BigInt(served.interrupted),
  running: BigInt(served.running)
})

const stats = (core: Face): DatagramStats => ({
  taken: BigInt(core.taken),
  received: BigInt(core.received),
  faults: {
    DataTruncated: BigInt(core.faults.DataTruncated),
    ControlTruncated: BigInt(core.faults.ControlTruncated),
    ControlMissing: BigInt(core.faults.ControlMissing),
    ControlMalformed: BigInt(core.faults.ControlMalformed)
  },
  dropped: BigInt(core.dropped),
  unread: BigInt(core.unread.length),
  errors: core.calls.errors,
  shortages: core.calls.shortages,
  sent: BigInt(core.outgoing.sent),
  unsent: BigInt(core.outgoing.unsent),
  resent: core.calls.resent,
  sourceRefused: BigInt(core.outgoing.sourceRefused),
  fromItself: BigInt(core.served.fromItself),
  handlers: handlers(core.served),
  events: {
    taken: core.events.taken,
    received: core.events.received,
    dropped: core.events.dropped,
    ignored: core.events.ignored,
    unread: BigInt(core.events.unread)
  }
})

// What follows gives the outcomes of a core the types of the spec that it was opened for: decode and encode were compiled from that spec.

const source = (core: Core) => {
  const members = membersOf(core)
  register(members.stats, core)
  return members
}

const membersOf = (core: Face) => ({
  family: core.plan.family,
  localAddress: core.local,
  receive: receive(core),
  receiveWithin: (duration: Duration.DurationInput) => receiveWithin(core, duration),
  receiveScattered: (...sizes: ReadonlyArray<number>) => receiveScattered(core, sizes),
  peek: peek(core),
  receiveBatch: takeBatch(core, datagramsOf),
  receiveUpTo: (maximum: unknown) => takeUpTo(core, maximum),
  // Made when they are run: a socket that nobody reads so keeps none of their parts.
  datagrams: Stream.suspend(() => Stream.repeatEffectChunk(takeBatch(core, datagramsOf))),
  outcomes: Stream.suspend(() => Stream.repeatEffectChunk(takeBatch(core, eithersOf))),
  forEach: (f: (datagram: ReceivedDatagram) => void) => forEach(core, "each", f),
  forEachBorrowed: (f: (datagram: ReceivedDatagram) => void) => forEach(core, "lend", f),
  events: Stream.suspend(() => Stream.repeatEffectChunk(takeEvents(core))),
  stats: Effect.sync(() => stats(core)),
  declined: core.declined,
  descriptor: Effect.suspend(() => (core.closed ? Effect.fail(receiveClosed()) : Effect.succeed(core.descriptor)))
})

const target = (core: Face) => ({
  send: (message: unknown) => send(core, message),
  unsafeSend: (message: unknown) => unsafeSend(core, message),
  sendAll: (messages: ReadonlyArray<unknown>) => sendAll(core, messages),
  sink: Sink.suspend(() => sink(core)),
  limits: Effect.suspend(() => limits(core))
})

const options = (core: Face) => ({
  setOption: <A>(option: SocketOption<A, Family, unknown>, value: A) => setOption(core, option, value),
  getOption: <A>(option: SocketOption<A, Family, unknown>) => getOption(core, option)
})

const connectedMembers = (core: Face) => ({ ...options(core), ...target(core), peer: core.peer })

export const makeSocket = <F extends Family, D extends ControlMessage.Any>(core: Core): DatagramSocket<F, D> =>
  ({
    ...source(core),
    ...options(core),
    ...target(core),
    join: (group: unknown, given?: unknown) => join(core, group, given),
    block: (group: unknown, source: unknown, given?: unknown) => block(core, group, source, given),
    leave: (group: unknown, given?: unknown) => leave(core, group, given),
    connect: (peer: unknown) =>
      Effect.map(connecting(core, peer), (connected) => ({ ...membersOf(connected), ...connectedMembers(connected) }))
  }) as unknown as DatagramSocket<F, D>

export const makeConnected = <F extends Family, D extends ControlMessage.Any>(
  core: Core,
  peer: Endpoint<F>
): ConnectedSocket<F, D> =>
  ({
    ...source(core),
    ...connectedMembers(core),
    peer
  }) as unknown as ConnectedSocket<F, D>
