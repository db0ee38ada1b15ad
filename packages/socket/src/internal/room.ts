/** Waiting for room to send: in this socket's own buffer, and at a receiver that has none left. */
import type { Endpoint, Family } from "@ancillary/control"
import { Effect } from "effect"
import { type DatagramSendError, sendClosed, sendError } from "../DatagramError.ts"
import { isFault } from "../Driver.ts"
import { undoing } from "./closing.ts"
import type { Core } from "./core.ts"

/** Waits until a datagram that would have blocked is worth another attempt. */
export const room = (core: Core, to: Endpoint<Family> | undefined): Effect.Effect<void, DatagramSendError> =>
  core.plan.family === "unix" && to !== undefined ? Effect.zipRight(writable(core), roomAt(core, to)) : writable(core)

/** Waits until the socket takes another datagram, as far as its own buffer is concerned. */
export const writable = (core: Core): Effect.Effect<void, DatagramSendError> =>
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
const roomAt = (core: Core, to: Endpoint<Family>): Effect.Effect<void, DatagramSendError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(sendClosed()))
    const probe = core.outgoing.connected(to)
    // Refused for what it is: the next attempt to send is, too, and says so.
    if (probe === undefined) return resume(Effect.void)
    if (isFault(probe)) return resume(Effect.fail(sendError(probe, `Waiting for room at ${to}`)))
    const watch = undoing(
      () => probe.close(),
      () =>
        probe.watch((_, writable) => {
          if (writable) end(Effect.void)
        })
    )
    const leave = () => {
      core.waiters.leave(waiter)
      if (!isFault(watch)) watch.close()
      probe.close()
    }
    const end = (effect: Effect.Effect<void, DatagramSendError>) => {
      leave()
      resume(effect)
    }
    const waiter = () => end(Effect.fail(sendClosed()))
    if (isFault(watch)) return end(Effect.fail(sendError(watch, `Waiting for room at ${to}`)))
    core.waiters.waitElsewhere(waiter)
    watch.on(false, true)
    return Effect.sync(leave)
  })
