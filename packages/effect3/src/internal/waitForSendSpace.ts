/**
 * Waiting for room to send: in this socket's own buffer, and at a receiver that has none left.
 *
 * Linux: both are EAGAIN on a Unix socket, and its own poll answers for neither alone. A datagram counts against its sender until it is read, so those
 * that lie unread at one receiver keep the sender's poll silent above a quarter of its buffer, though the next receiver has room. So the kernel is
 * asked which of the two it was.
 */
import { type Endpoint, type Family, isAbsence } from "@ancillary/control"
import { Clock, Effect } from "effect"
import { type DatagramSendError, sendClosed, sendError } from "@ancillary/engine/errors/DatagramError"
import { isFault } from "@ancillary/engine/driver/Driver"
import { sendBufferSize } from "@ancillary/engine/spec/option/buffers"
import { undoing } from "@ancillary/engine/driver/closing"
import type { Face } from "@ancillary/engine/socket/face"

/** Waits until a datagram that would have blocked is worth another attempt. */
export const room = (core: Face, to: Endpoint<Family> | undefined): Effect.Effect<void, DatagramSendError> => {
  if (core.plan.family !== "unix") return writable(core)
  return Effect.suspend(() => {
    const receiver = to ?? core.peer
    const elsewhere =
      receiver?.family === "unix" && receiver.path !== undefined ? roomAt(core, receiver) : writable(core)
    const full = isFull(core)
    if (full === undefined) return to === undefined ? writable(core) : Effect.zipRight(writable(core), elsewhere)
    return full ? ownRoom(core) : elsewhere
  })
}

/** Bytes that its receivers have not read. */
const SIOCOUTQ = 0x5411

/** Whether a Unix socket's own buffer takes no more; nothing if the system does not report that. */
const isFull = ({ live: { native }, plan }: Face): boolean | undefined => {
  const row = sendBufferSize.cell(plan.abi.platform, "unix")
  if (plan.abi.platform !== "linux" || row === undefined || isAbsence(row)) return undefined
  const [unread, size] = [new Int32Array(1), new Int32Array(1)]
  const asked = native.ioctl(SIOCOUTQ, new Uint8Array(4), new Uint8Array(unread.buffer))
  const told = native.getOption(row.level, row.option, new Uint8Array(size.buffer))
  return isFault(asked) || isFault(told) ? undefined : (unread[0] ?? 0) >= (size[0] ?? 0)
}

/** Milliseconds between two looks at a buffer that is full: the first, and the most. */
const firstLook = 1
const lastLook = 64

/** Kernels do not wait for the clock of a test. */
const clock = Clock.make()

/** Waits until a Unix socket's own buffer has room: its poll reports that below a quarter, and above it has to be looked at. */
const ownRoom = (core: Face): Effect.Effect<void, DatagramSendError> => {
  const look = (pause: number): Effect.Effect<void> =>
    Effect.zipRight(
      Effect.sleep(pause),
      Effect.suspend(() => (isFull(core) === true ? look(Math.min(2 * pause, lastLook)) : Effect.void))
    )
  return Effect.raceFirst(writable(core), Effect.withClock(look(firstLook), clock))
}

/** Waits until the socket takes another datagram, as far as its own buffer is concerned. */
export const writable = (core: Face): Effect.Effect<void, DatagramSendError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(sendClosed()))
    const waiter = (closed: boolean) => resume(closed ? Effect.fail(sendClosed()) : Effect.void)
    core.waiters.write(waiter)
    core.watch()
    return Effect.sync(() => core.waiters.leave(waiter))
  })

/**
 * Linux: a Unix socket polls writable although its receiver takes no more, unless it is connected to that receiver. So another one is, for as long as
 * it takes: its poll says when the receiver was read from, and when it is gone. Shown by unix.test.ts, naked first.
 */
const roomAt = (core: Face, to: Endpoint<Family>): Effect.Effect<void, DatagramSendError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(sendClosed()))
    const probe = core.outgoing.connected(to)
    // Refused for what it is: the next attempt to send is, too, and says so.
    if (probe === undefined) return resume(Effect.void)
    if (isFault(probe)) return resume(Effect.fail(sendError(probe, `Waiting for room at ${to}`)))
    const poll = undoing(
      () => probe.close(),
      () =>
        probe.poll((_, writable) => {
          if (writable) end(Effect.void)
        })
    )
    const leave = () => {
      core.waiters.leave(waiter)
      if (!isFault(poll)) poll.close()
      probe.close()
    }
    const end = (effect: Effect.Effect<void, DatagramSendError>) => {
      leave()
      resume(effect)
    }
    const waiter = () => end(Effect.fail(sendClosed()))
    if (isFault(poll)) return end(Effect.fail(sendError(poll, `Waiting for room at ${to}`)))
    core.waiters.waitElsewhere(waiter)
    poll.update(false, true)
    return Effect.sync(leave)
  })
