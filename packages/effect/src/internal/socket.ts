/** The interface of one socket of the engine for programs: receiving, sending, options and counters. */
import type { ControlMessage, Endpoint, Family } from "@ancillary/control"
import { type Duration, Effect, Sink, Stream } from "effect"
import { receiveClosed } from "@ancillary/engine/errors/DatagramError"
import { fail } from "../DatagramError.ts"
import type { ConnectedSocket, DatagramSocket, DatagramStats } from "../DatagramSocket.ts"
import type { SocketOption } from "@ancillary/engine/spec/option/definition"
import type { Conversation, OpenSocket, ReceivedDatagram, Served } from "@ancillary/engine/socket"
import { connecting } from "./connecting.ts"
import { block, join, leave } from "./groups.ts"
import { getOption, limits, setOption } from "./options.ts"
import {
  datagramsOf,
  resultsOf,
  forEach,
  peek,
  receive,
  receiveScattered,
  receiveWithin,
  takeBatch,
  takeEvents,
  takeUpTo
} from "./receiving.ts"
import { register } from "./sockets.ts"
import { send, sendAll, sink, trySend } from "./sending.ts"

const handlers = (served: Served): DatagramStats["handlers"] => ({
  started: BigInt(served.started),
  succeeded: BigInt(served.succeeded),
  failed: BigInt(served.failed),
  interrupted: BigInt(served.interrupted),
  running: BigInt(served.running)
})

const stats = ({ counters: { events, receive, send }, served, unread }: Conversation): DatagramStats => ({
  dequeued: BigInt(receive.taken),
  delivered: BigInt(receive.received),
  faults: {
    DataTruncated: BigInt(receive.faults.DataTruncated),
    ControlTruncated: BigInt(receive.faults.ControlTruncated),
    ControlMissing: BigInt(receive.faults.ControlMissing),
    ControlMalformed: BigInt(receive.faults.ControlMalformed)
  },
  dropped: BigInt(receive.dropped),
  putBack: BigInt(unread),
  asyncErrors: receive.errors,
  shortages: receive.shortages,
  sent: BigInt(send.sent),
  sendDropped: BigInt(send.unsent),
  retried: send.resent,
  sourceRefused: BigInt(send.sourceRefused),
  fromItself: BigInt(served.fromItself),
  handlers: handlers(served),
  events: {
    dequeued: events.taken,
    delivered: events.received,
    dropped: events.dropped,
    ignored: events.ignored,
    queued: BigInt(events.unread)
  }
})

// Gives the outcomes of a core the types of the spec that it was opened for, because decode and encode were compiled from that spec.

const source = (core: OpenSocket) => {
  const members = membersOf(core)
  register(members.stats, core)
  return members
}

const membersOf = (core: Conversation) => ({
  family: core.plan.family,
  localAddress: core.localAddress,
  receive: receive(core),
  receiveWithin: (duration: Duration.Input) => receiveWithin(core, duration),
  receiveScattered: (...sizes: ReadonlyArray<number>) => receiveScattered(core, sizes),
  peek: peek(core),
  receiveBatch: takeBatch(core, datagramsOf),
  receiveUpTo: (maximum: unknown) => takeUpTo(core, maximum),
  // Made when they are run, so a socket without readers keeps none of their parts.
  datagrams: Stream.fromPull(Effect.sync(() => takeBatch(core, datagramsOf))),
  outcomes: Stream.fromPull(Effect.sync(() => takeBatch(core, resultsOf))),
  forEach: (f: (datagram: ReceivedDatagram) => void) => forEach(core, f, false),
  forEachBorrowed: (f: (datagram: ReceivedDatagram) => void) => forEach(core, f, true),
  events: Stream.fromPull(Effect.sync(() => takeEvents(core))),
  stats: Effect.sync(() => stats(core)),
  declined: core.declined,
  descriptor: Effect.suspend(() => (core.closed ? fail(receiveClosed()) : Effect.succeed(core.descriptor)))
})

const target = (core: Conversation) => ({
  send: (message: unknown) => send(core, message),
  trySend: (message: unknown) => trySend(core, message),
  sendAll: (messages: ReadonlyArray<unknown>) => sendAll(core, messages),
  sink: Sink.suspend(() => sink(core)),
  limits: limits(core)
})

const options = (core: Conversation) => ({
  setOption: <A>(option: SocketOption<A, Family, unknown>, value: A) => setOption(core, option, value),
  getOption: <A>(option: SocketOption<A, Family, unknown>) => getOption(core, option)
})

const connectedMembers = (core: Conversation) => ({ ...options(core), ...target(core), peer: core.peer })

export const makeSocket = <F extends Family, D extends ControlMessage.Any>(core: OpenSocket): DatagramSocket<F, D> =>
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
  core: OpenSocket,
  peer: Endpoint<F>
): ConnectedSocket<F, D> =>
  ({
    ...source(core),
    ...connectedMembers(core),
    peer
  }) as unknown as ConnectedSocket<F, D>
