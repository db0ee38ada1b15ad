import type { Fault, NativeSocket, Poll } from "@ancillary/engine/driver/Driver"
import { startPoll } from "@ancillary/native/libuv"
import * as Readiness from "@ancillary/native/readiness"
import { register, type Watch } from "./epoll.ts"
import type { Libc } from "./libc.ts"

export const poll = (
  libc: Libc,
  descriptor: number,
  onReady: Parameters<NativeSocket["poll"]>[0]
): Poll | Watch | Fault =>
  // Darwin: kqueue accepts a descriptor any number of times, and has no limit for each user.
  libc.epoll === undefined
    ? Readiness.poll(startPoll, descriptor, onReady)
    : register(libc, libc.epoll, descriptor, onReady)
