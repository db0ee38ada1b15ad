/** Linux with glibc on a 64-bit processor. */
import { Abi } from "@ancillary/control"
import type { Personality } from "../personality.ts"
import type { SocketState } from "../socket/socket.ts"
import { errnos, errorName } from "./errno.ts"
import { getOption, setOption } from "./options.ts"
import { pathMtu, queued, received } from "./received.ts"
import { readSent } from "./sent.ts"
import { integerBytes } from "../socket/optionValues.ts"

/** asm-generic/ioctls.h: bytes in the first waiting datagram, bytes that are not sent yet, and blocking. */
const FIONREAD = 0x541b
const SIOCOUTQ = 0x5411
const FIONBIO = 0x5421

const ioctl = ({ queue, sendBuffer }: SocketState, code: number): Uint8Array | "EINVAL" => {
  if (code === FIONREAD) return integerBytes(queue[0]?.data.length ?? 0)
  if (code === SIOCOUTQ) return integerBytes(sendBuffer.used)
  return code === FIONBIO ? integerBytes(0) : "EINVAL"
}

export const linux: Personality = {
  abi: Abi.linuxGlibc64,
  batches: true,
  syscalls: { receive: "recvmmsg", send: "sendmsg", sendMany: "sendmmsg", ioctl: "ioctl", close: "close" },
  prepare: () => {},
  hopLimit: 64,
  reportsTrueSize: true,
  errorOf: (name) => ({ code: name, errno: errnos[name] }),
  errorName,
  setOption,
  getOption,
  ioctl,
  received,
  pathMtu,
  queued,
  readSent
}
