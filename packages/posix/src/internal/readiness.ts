import { type Fault, isFault, type Poll } from "@ancillary/engine/driver/Driver"
import * as Readiness from "@ancillary/engine/driver/Readiness"
import koffi from "koffi"
import { register } from "./epoll.ts"
import type { Libc } from "./libc.ts"

type OnReady = (readable: boolean, writable: boolean, failed: boolean) => void

/** The shape that koffi's poll really has: its declarations leave out the status. */
const startPoll = koffi.node.poll as unknown as Readiness.StartPoll

export const poll = (libc: Libc, descriptor: number, onReady: OnReady): Poll | Fault => {
  // Darwin: kqueue takes a descriptor any number of times, and has no limit for each user.
  if (libc.epoll === undefined) return Readiness.poll(startPoll, descriptor, onReady)
  const registration = register(libc, libc.epoll, descriptor)
  if (isFault(registration)) return registration
  const start: Readiness.StartPoll = (_, interest, callback) => {
    registration.start(interest, callback)
    return registration
  }
  const { close, update } = Readiness.poll(start, descriptor, onReady)
  return {
    update,
    close: () => {
      close()
      // Also if nothing was ever asked for: it has its watch from the beginning.
      registration.close()
    }
  }
}
