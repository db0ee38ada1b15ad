/**
 * The laws of reading, as effects around one `Core`.
 */
import {
  Codec,
  type ControlMessage,
  type Endpoint,
  endpoint as toEndpoint,
  type Family,
  SocketAddress
} from "@ancillary/control"
import { Chunk, Clock, Duration, Effect, Either, FiberRef, identity, Option, Stream } from "effect"
import {
  DatagramFault,
  DatagramReceiveError,
  type DatagramSendError,
  invalidSend,
  receiveClosed,
  receiveError,
  sendClosed,
  sendError,
  type SentMessage,
  sourceNotOurs
} from "../DatagramError.ts"
import type { ConnectedSocket, DatagramSocket, DatagramStats } from "../DatagramSocket.ts"
import { isFault } from "../Driver.ts"
import type { SocketOption } from "../option/definition.ts"
import type { SocketEvent } from "../SocketEvent.ts"
import { hold } from "./groups.ts"
import { getOption, setOption } from "./live.ts"
import { refusePing } from "./ping.ts"
import { type Otherwise, withoutSource } from "./reply.ts"
import { room } from "./room.ts"
import { batchSlots, type Core, type Outcome, ReceivedDatagram } from "./core.ts"

/** Batches that a loop takes before it lets the event loop see to the others. */
const batchesPerTurn = 16

/**
 * Runs `take` where its result is handed over within the same turn of the fiber.
 *
 * A fiber yields every so many operations, and may be interrupted there: between taking a datagram and succeeding with it, that would lose
 * one. So it yields before, where the end of its turn is near.
 */
const handOver = <A, E>(take: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber) =>
    fiber.currentOpCount + 2 > fiber.getFiberRef(FiberRef.currentMaxOpsBeforeYield)
      ? Effect.flatMap(Effect.yieldNow(), take)
      : take()
  )

/** Waits until the kernel says that there is something to read, taking nothing. */
const readable = (core: Core): Effect.Effect<void, DatagramReceiveError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(receiveClosed()))
    // Given back since the attempt, and the event loop knows nothing of it.
    if (core.unread.length > 0) return resume(Effect.void)
    const waiter = (closed: boolean) => resume(closed ? Effect.fail(receiveClosed()) : Effect.void)
    core.waiters.read(waiter)
    core.watch()
    return Effect.sync(() => core.waiters.leave(waiter))
  })

/** Waits until there are events, taking none. */
const attended = (core: Core): Effect.Effect<void, DatagramReceiveError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(receiveClosed()))
    if (core.events.unread > 0) return resume(Effect.void)
    const waiter = (closed: boolean) => resume(closed ? Effect.fail(receiveClosed()) : Effect.void)
    core.waiters.attend(waiter)
    core.watch()
    return Effect.sync(() => core.waiters.leave(waiter))
  })

/** One attempt to read: an outcome, nothing, or why not. */
const attemptOne = (core: Core): Outcome | undefined | DatagramReceiveError => {
  if (core.closed) return receiveClosed()
  const taken = core.take(1)
  return isFault(taken) ? receiveError(taken) : taken[0]
}

const deliver = <A>(
  core: Core,
  outcome: Outcome,
  present: (datagram: ReceivedDatagram) => A
): Effect.Effect<A, DatagramFault> => {
  core.count(outcome)
  return outcome instanceof DatagramFault ? Effect.fail(outcome) : Effect.succeed(present(outcome))
}

const receive = (core: Core): Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> => {
  const attempt: Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> = handOver(() => {
    const outcome = attemptOne(core)
    if (outcome === undefined) return Effect.zipRight(readable(core), attempt)
    return outcome instanceof DatagramReceiveError ? Effect.fail(outcome) : deliver(core, outcome, identity)
  })
  return attempt
}

const peek = (core: Core): Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> => {
  const attempt: Effect.Effect<ReceivedDatagram, DatagramFault | DatagramReceiveError> = Effect.suspend(() => {
    if (core.closed) return Effect.fail(receiveClosed())
    const outcome = core.peek()
    if (outcome === undefined) return Effect.zipRight(readable(core), attempt)
    if (isFault(outcome)) return Effect.fail(receiveError(outcome))
    return outcome instanceof DatagramFault ? Effect.fail(outcome) : Effect.succeed(outcome)
  })
  return attempt
}

const receiveWithin = (
  core: Core,
  duration: Duration.DurationInput
): Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> =>
  Effect.flatMap(Clock.currentTimeMillis, (start) => {
    const deadline = start + Duration.toMillis(duration)
    // Only the waiting races the clock, and waiting takes nothing.
    const attempt: Effect.Effect<Option.Option<ReceivedDatagram>, DatagramFault | DatagramReceiveError> = handOver(
      () => {
        const outcome = attemptOne(core)
        if (outcome instanceof DatagramReceiveError) return Effect.fail(outcome)
        if (outcome !== undefined) return deliver(core, outcome, Option.some)
        return Effect.flatMap(Clock.currentTimeMillis, (now) =>
          now >= deadline
            ? Effect.succeed(Option.none())
            : Effect.zipRight(Effect.timeoutOption(readable(core), Duration.millis(deadline - now)), attempt)
        )
      }
    )
    return attempt
  })

/** What one system call brings, faults among it; peers' errors are counted and passed over. */
const takeBatch = <A>(
  core: Core,
  present: (outcomes: ReadonlyArray<Outcome>) => ReadonlyArray<A>
): Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> => {
  const attempt: Effect.Effect<Chunk.NonEmptyChunk<A>, DatagramReceiveError> = handOver(() => {
    for (;;) {
      if (core.closed) return Effect.fail(receiveClosed())
      const taken = core.take(batchSlots)
      if (isFault(taken)) {
        if (!core.calls.passesOver(taken)) return Effect.fail(receiveError(taken))
        continue
      }
      if (taken.length === 0) return Effect.zipRight(readable(core), attempt)
      for (const outcome of taken) core.count(outcome)
      const chunk = Chunk.unsafeFromArray(present(taken))
      if (Chunk.isNonEmpty(chunk)) return Effect.succeed(chunk)
    }
  })
  return attempt
}

const takeEvents = (core: Core): Effect.Effect<Chunk.Chunk<SocketEvent>, DatagramReceiveError> => {
  const attempt: Effect.Effect<Chunk.Chunk<SocketEvent>, DatagramReceiveError> = handOver(() => {
    if (core.closed) return Effect.fail(receiveClosed())
    const events = core.events.take()
    return events.length === 0
      ? Effect.zipRight(attended(core), attempt)
      : Effect.succeed(Chunk.unsafeFromArray(events))
  })
  return attempt
}

const isDatagram = (outcome: Outcome): outcome is ReceivedDatagram => outcome instanceof ReceivedDatagram
const datagramsOf = (outcomes: ReadonlyArray<Outcome>) =>
  outcomes.every(isDatagram) ? outcomes : outcomes.filter(isDatagram)
const eithersOf = (outcomes: ReadonlyArray<Outcome>) =>
  outcomes.map((outcome) => (outcome instanceof DatagramFault ? Either.left(outcome) : Either.right(outcome)))

/** The loop without a fiber: runs in the event loop's callback, a number of batches at a time. */
const forEach = (core: Core, f: (datagram: ReceivedDatagram) => void): Effect.Effect<never, DatagramReceiveError> =>
  Effect.async((resume) => {
    let stopped = false
    const stop = (effect: Effect.Effect<never, DatagramReceiveError>) => {
      stopped = true
      resume(effect)
    }
    const hand = (outcomes: ReadonlyArray<Outcome>) => {
      for (let i = 0; i < outcomes.length; i++) {
        const outcome = outcomes[i]
        if (outcome === undefined) continue
        core.count(outcome)
        if (outcome instanceof DatagramFault) continue
        try {
          f(outcome)
        } catch (defect) {
          core.giveBack(outcomes.slice(i + 1))
          return stop(Effect.die(defect))
        }
        if (stopped || core.closed) return core.giveBack(outcomes.slice(i + 1))
      }
    }
    const turn = (closed: boolean) => {
      if (closed) return stop(Effect.fail(receiveClosed()))
      for (let batch = 0; batch < batchesPerTurn && !stopped; batch++) {
        if (core.closed) return stop(Effect.fail(receiveClosed()))
        const taken = core.take(batchSlots)
        if (isFault(taken)) {
          if (!core.calls.passesOver(taken)) return stop(Effect.fail(receiveError(taken)))
        } else if (taken.length === 0) break
        else hand(taken)
      }
      if (stopped) return
      if (core.closed) return stop(Effect.fail(receiveClosed()))
      core.waiters.read(turn)
      core.watch()
    }
    turn(core.closed)
    return Effect.sync(() => {
      stopped = true
      core.waiters.leave(turn)
    })
  })

/** What a program hands to `send`, before its types: an object that was not checked by a compiler is checked here. */
interface Given {
  readonly data: unknown
  readonly to?: unknown
  readonly control?: unknown
  readonly [withoutSource]?: Otherwise | undefined
}

const send = (core: Core, message: unknown): Effect.Effect<void, DatagramSendError> => {
  const attempt: Effect.Effect<void, DatagramSendError> = Effect.suspend(() => {
    if (core.closed) return Effect.fail(sendClosed())
    const { control, data, to } = message as Given
    const pieces = piecesOf(data)
    if (pieces === undefined)
      return Effect.fail(invalidSend("data", "the payload is a Uint8Array, or an array of them"))
    let destination: Endpoint<Family> | undefined
    if (core.peer === undefined) {
      const parsed = toEndpoint(core.plan.family, to as never)
      if (Codec.isMalformed(parsed)) return Effect.fail(invalidSend("to", parsed.malformed))
      const why = unreachable(core, parsed)
      if (why !== undefined) return Effect.fail(invalidSend("to", why))
      destination = parsed
    } else if (to !== undefined)
      return Effect.fail(invalidSend("to", `this socket is connected to ${core.peer} and sends to nobody else`))
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const most = core.largest((destination ?? core.peer)?.family)
    if (size > most)
      return Effect.fail(
        invalidSend(
          "data",
          `${size} bytes are more than the ${most} that fit into a datagram of this socket`,
          "MessageTooLarge"
        )
      )
    const { family, protocol } = core.plan.kind
    const noPing = protocol === "icmp" && family !== "unix" ? refusePing(family, pieces) : undefined
    if (noPing !== undefined) return Effect.fail(invalidSend("data", noPing))
    if (control !== undefined && (typeof control !== "object" || control === null)) {
      return Effect.fail(invalidSend("control", `${Codec.shown(control)} is not a record of control messages`))
    }
    let sent = core.send(destination, control, pieces)
    const otherwise = (message as Given)[withoutSource]
    if (otherwise !== undefined && isFault(sent) && sent.code === otherwise.code) {
      core.sourceRefused++
      sent = core.send(destination, otherwise.control, pieces)
    }
    if (typeof sent !== "number") {
      const source = isFault(sent) ? core.foreignSource(control, sent) : undefined
      return Effect.fail(
        isFault(sent)
          ? source === undefined
            ? sendError(
                sent,
                `Sending ${size} bytes to ${destination ?? core.peer}`,
                sentMessages(core, destination, control)
              )
            : sourceNotOurs(sent, source)
          : invalidSend(sent.field, sent.why, sent.unsupported ? "Unsupported" : "InvalidArgument")
      )
    }
    return sent > 0 ? Effect.void : Effect.zipRight(room(core, destination), attempt)
  })
  return attempt
}

/** What went with a datagram, for the error that says why it did not. */
const sentMessages = (
  { peer, plan }: Core,
  to: Endpoint<Family> | undefined,
  control: object = {}
): ReadonlyArray<SentMessage> =>
  plan.departures.flatMap(({ declaration: { message }, departure: { faults, privilege }, family }) =>
    family === (to ?? peer)?.family && Reflect.get(control, message.key) !== undefined
      ? [{ key: message.key, privilege, faults }]
      : []
  )

/** Why nobody can be at an endpoint. */
const unreachable = (core: Core, to: Endpoint<Family>): string | undefined => {
  if (to.family !== "unix") {
    // A ping goes to a host, and its replies come from port 0: the port there means nothing.
    return to.port === 0 && core.plan.kind.protocol !== "icmp"
      ? "port 0 is nobody's: a datagram goes to 1 to 65535"
      : undefined
  }
  return to.path === undefined
    ? "a socket without a name cannot be sent to"
    : SocketAddress.refuseUnixPath(core.plan.abi, to.path)
}

const piecesOf = (data: unknown): ReadonlyArray<Uint8Array> | undefined => {
  if (data instanceof Uint8Array) return [data]
  return Array.isArray(data) && data.every((piece) => piece instanceof Uint8Array) ? data : undefined
}

const stats = (core: Core): DatagramStats => ({
  taken: core.taken,
  received: core.received,
  faults: { ...core.faults },
  dropped: core.dropped,
  unread: BigInt(core.unread.length),
  errors: core.calls.errors,
  sent: core.sent,
  resent: core.calls.resent,
  sourceRefused: core.sourceRefused,
  events: {
    taken: core.events.taken,
    received: core.events.received,
    dropped: core.events.dropped,
    ignored: core.events.ignored,
    unread: BigInt(core.events.unread)
  }
})

// What follows gives the outcomes of a core the types of the spec that it was opened for: decode and encode were compiled from that spec.

const source = (core: Core) => ({
  family: core.plan.family,
  localAddress: core.local,
  receive: receive(core),
  receiveWithin: (duration: Duration.DurationInput) => receiveWithin(core, duration),
  peek: peek(core),
  receiveBatch: takeBatch(core, datagramsOf),
  datagrams: Stream.repeatEffectChunk(takeBatch(core, datagramsOf)),
  outcomes: Stream.repeatEffectChunk(takeBatch(core, eithersOf)),
  forEach: (f: (datagram: ReceivedDatagram) => void) => forEach(core, f),
  events: Stream.repeatEffectChunk(takeEvents(core)),
  stats: Effect.sync(() => stats(core)),
  declined: core.declined,
  descriptor: Effect.suspend(() => (core.closed ? Effect.fail(receiveClosed()) : Effect.succeed(core.descriptor)))
})

const options = (core: Core) => ({
  setOption: <A>(option: SocketOption<A, Family, unknown>, value: A) => setOption(core, option, value),
  getOption: <A>(option: SocketOption<A, Family, unknown>) => getOption(core, option)
})

export const makeSocket = <F extends Family, D extends ControlMessage.Any>(core: Core): DatagramSocket<F, D> =>
  ({
    ...source(core),
    ...options(core),
    send: (message: unknown) => send(core, message),
    join: (group: unknown, given: { readonly interfaceIndex?: unknown; readonly source?: unknown } = {}) =>
      hold(core, given.source === undefined ? "group" : "source", { group, ...given }),
    block: (group: unknown, source: unknown, given: { readonly interfaceIndex?: unknown } = {}) =>
      hold(core, "block", { group, source, ...given })
  }) as unknown as DatagramSocket<F, D>

export const makeConnected = <F extends Family, D extends ControlMessage.Any>(
  core: Core,
  peer: Endpoint<F>
): ConnectedSocket<F, D> =>
  ({
    ...source(core),
    ...options(core),
    peer,
    send: (message: unknown) => send(core, message)
  }) as unknown as ConnectedSocket<F, D>
