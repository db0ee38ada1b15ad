/**
 * Waits for send space in this socket's own buffer, and for room at a receiver.
 *
 * Linux: on a Unix socket both are EAGAIN, and its poll does not distinguish them. A datagram counts against its sender until it is read.
 * Unread datagrams at one receiver therefore keep the sender's poll silent above a quarter of its buffer, even if the next receiver has
 * room. The kernel is queried for the buffer that is full.
 */
import { type Endpoint, type Family, isUnsupported } from "@ancillary/control"
import { type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import { undoing } from "../driver/closing.ts"
import { later } from "../driver/eventLoop.ts"
import { type DatagramSendError, sendClosed, sendError } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"
import { sendBufferSize } from "../spec/option/buffers.ts"
import type { WaitList } from "./waiters.ts"

/**
 * Ends a wait, so its function is not called any more.
 *
 * @category sockets
 * @since 0.1.0
 */
export type Cancel = () => void

/** The socket that waits. */
export interface WaitingSocket {
  readonly closed: boolean
  readonly plan: Plan
  readonly peer: Endpoint<Family> | undefined
  readonly waiters: WaitList
  /** Ends a wait before its report. */
  readonly endWait: (waiter: (closed: boolean) => void) => void
  readonly live: { readonly native: NativeSocket }
  readonly outgoing: { readonly connected: (to: Endpoint<Family>) => NativeSocket | Fault | undefined }
  readonly watch: () => void
}

/** Called once, with the error if there will be no space. */
type Done = (error: DatagramSendError | undefined) => void
type Wait = (socket: WaitingSocket, done: Done) => Cancel

/** Calls `done` when another attempt may succeed after a send that would have blocked. */
export const onSendSpace = (socket: WaitingSocket, to: Endpoint<Family> | undefined, done: Done): Cancel => {
  if (socket.plan.family !== "unix") return whenWritable(socket, done)
  const receiver = to ?? socket.peer
  const elsewhere: Wait =
    receiver?.family === "unix" && receiver.path !== undefined ? whenRoomAt(receiver) : whenWritable
  const full = isFull(socket)
  if (full === undefined)
    return to === undefined ? whenWritable(socket, done) : both(whenWritable, elsewhere)(socket, done)
  return (full ? whenOwnRoom : elsewhere)(socket, done)
}

/** Calls `done` when the socket's own buffer has room for another datagram. */
export const whenWritable: Wait = (socket, done) => {
  if (socket.closed) {
    done(sendClosed())
    return () => {}
  }
  const waiter = (closed: boolean) => done(closed ? sendClosed() : undefined)
  socket.waiters.write(waiter)
  socket.watch()
  return () => socket.endWait(waiter)
}

/** Performs one wait after the other. */
const both =
  (first: Wait, second: Wait): Wait =>
  (socket, done) => {
    let isCancelled = false
    let cancel: Cancel = () => {}
    const begun = first(socket, (error) => {
      if (isCancelled) return
      if (error !== undefined) done(error)
      else cancel = second(socket, done)
    })
    return () => {
      isCancelled = true
      begun()
      cancel()
    }
  }

/** Queries the bytes that its receivers have not read. */
const SIOCOUTQ = 0x5411

/** Returns true if a Unix socket's own buffer is full, or `undefined` if the system does not report it. */
const isFull = ({ live: { native }, plan }: WaitingSocket): boolean | undefined => {
  const row = sendBufferSize.cell(plan.abi.platform, "unix")
  if (plan.abi.platform !== "linux" || row === undefined || isUnsupported(row)) return undefined
  const [unread, size] = [new Int32Array(1), new Int32Array(1)]
  const queued = native.ioctl(SIOCOUTQ, new Uint8Array(4), new Uint8Array(unread.buffer))
  const limit = native.getOption(row.level, row.option, new Uint8Array(size.buffer))
  return isFault(queued) || isFault(limit) ? undefined : (unread[0] ?? 0) >= (size[0] ?? 0)
}

/** Shortest and longest time between two checks of a full buffer, in milliseconds. */
const firstLook = 1
const lastLook = 64

/** A Unix socket's poll reports room in its own buffer only below a quarter. Above that the buffer is checked repeatedly. */
const whenOwnRoom: Wait = (socket, done) => {
  let cancelLook: Cancel = () => {}
  const cancelPoll = whenWritable(socket, (error) => {
    cancelLook()
    done(error)
  })
  const look = (pause: number) => {
    cancelLook = later(pause, () => {
      if (isFull(socket) === true) return look(Math.min(2 * pause, lastLook))
      cancelPoll()
      done(undefined)
    })
  }
  if (!socket.closed) look(firstLook)
  return () => {
    cancelLook()
    cancelPoll()
  }
}

/**
 * Linux: a Unix socket polls writable although its receiver is full, unless it is connected to that receiver. Therefore another socket is
 * connected to it during the wait. Its poll reports that the receiver was read from, or that it is gone. Shown by unix.test.ts, first
 * without this library.
 */
const whenRoomAt =
  (to: Endpoint<Family>): Wait =>
  (socket, done) => {
    if (socket.closed) {
      done(sendClosed())
      return () => {}
    }
    const probe = socket.outgoing.connected(to)
    if (probe === undefined || isFault(probe)) {
      // The connection was refused. The next attempt to send is refused too, and returns the error.
      done(probe === undefined ? undefined : sendError(probe, `Waiting for room at ${to}`))
      return () => {}
    }
    const poll = undoing(
      () => probe.close(),
      () =>
        probe.poll((_, writable) => {
          if (writable) end(undefined)
        })
    )
    const leave = () => {
      socket.waiters.leave(waiter)
      if (!isFault(poll)) poll.close()
      probe.close()
    }
    const end: Done = (error) => {
      leave()
      done(error)
    }
    const waiter = () => end(sendClosed())
    if (isFault(poll)) {
      end(sendError(poll, `Waiting for room at ${to}`))
      return () => {}
    }
    socket.waiters.waitElsewhere(waiter)
    poll.update(false, true)
    return leave
  }
