import { type Fault, isFault, type NativeSocket, type Poll } from "@ancillary/engine/driver/Driver"
import * as Readiness from "@ancillary/native/readiness"
import { register } from "./epoll.ts"
import type { Libc } from "./libc.ts"

type OnReady = Parameters<NativeSocket["poll"]>[0]

export const poll = (libc: Libc, descriptor: number, onReady: OnReady): Poll | Fault => {
  // Darwin: kqueue accepts a descriptor any number of times, and has no limit for each user.
  if (libc.epoll === undefined) return Readiness.poll(Readiness.startPoll, descriptor, onReady)
  const registration = register(libc, libc.epoll, descriptor)
  if (isFault(registration)) return registration
  const start: Readiness.StartPoll = (_, interest, callback) => {
    registration.start(interest, callback)
    return registration
  }
  const { close, keepAlive, update } = Readiness.poll(start, descriptor, onReady)
  return {
    update,
    keepAlive,
    close: () => {
      close()
      // Also if no interest was ever set, because the socket is in the epoll from the start.
      registration.close()
    }
  }
}
