/** Makes the event loop watch an epoll: with koffi's poll in the main thread, and with a handle of Node in a worker thread. */
import { createSocket } from "node:dgram"
import { isMainThread } from "node:worker_threads"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { startPoll } from "@ancillary/native/libuv"
import { EBADF, fault, lastFault } from "./errno.ts"
import type { Epoll, Libc } from "./libc.ts"

/** A watched epoll. It keeps the event loop running unless `unref` was called. */
export interface Carrier {
  /** Number of the epoll from now on. */
  readonly descriptor: number
  readonly ref: () => void
  readonly unref: () => void
  /** Closes the carrier and the epoll. */
  readonly close: () => void
}

/** Watches an epoll, which the carrier owns from now on unless that fails. */
export const carry = (libc: Libc, epoll: Epoll, descriptor: number, onReady: () => void): Carrier | Fault =>
  isMainThread ? polled(libc, descriptor, onReady) : disguised(libc, epoll, descriptor, onReady)

const polled = (libc: Libc, descriptor: number, onReady: () => void): Carrier => {
  const handle = startPoll(descriptor, { readable: true, writable: false, disconnect: false }, (status) => {
    if (status >= 0) onReady()
  })
  return {
    descriptor,
    ref: () => handle.ref(),
    unref: () => handle.unref(),
    close: () => {
      handle.close()
      libc.close(descriptor)
    }
  }
}

/** sys/socket.h, bits/fcntl.h */
const [AF_INET, SOCK_DGRAM, SOCK_CLOEXEC, O_CLOEXEC] = [2, 2, 0x80000, 0x80000]

/**
 * With koffi's poll, a thread that ends during a callback aborts the process, and a thread that ends during a wait crashes it. Node's own
 * sockets end with their thread. Therefore a socket of `node:dgram` gets the epoll in place of its own file. When the epoll is readable,
 * libuv calls recvmsg on it. The call fails (ENOTSOCK), and libuv reports that failure as long as there is an event.
 */
const disguised = (libc: Libc, epoll: Epoll, descriptor: number, onReady: () => void): Carrier | Fault => {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) return lastFault("socket")
  const socket = createSocket("udp4")
  socket.on("error", onReady)
  try {
    socket.bind({ fd, exclusive: true })
  } catch {
    socket.close()
    libc.close(fd)
    return fault("poll", EBADF)
  }
  if (epoll.duplicate(descriptor, fd, O_CLOEXEC) < 0) {
    const failed = lastFault("dup3")
    socket.close()
    return failed
  }
  libc.close(descriptor)
  return {
    descriptor: fd,
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
    close: () => void socket.close()
  }
}
