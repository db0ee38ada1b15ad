/** Winsock of Windows 11 on a 64-bit processor. */
import { Abi } from "@ancillary/control"
import * as Winsock from "@ancillary/control/platform/winsock"
import type { Personality } from "../personality.ts"
import type { SocketState } from "../socket/socket.ts"
import { errorName, errorOf } from "./errno.ts"
import { readSent, received } from "./messages.ts"
import { getOption, setOption } from "./options.ts"

const FIONBIO = 0x8004667e
const SIO_UDP_CONNRESET = 0x9800000c
const SIO_UDP_NETRESET = 0x9800000f
const accepted: ReadonlyArray<number> = [FIONBIO, SIO_UDP_CONNRESET, SIO_UDP_NETRESET]

const ioctl = ({ settings }: SocketState, code: number, input: Uint8Array): Uint8Array | "EOPNOTSUPP" => {
  if (code >>> 0 === Winsock.SIO_TIMESTAMPING) {
    settings.timestamp = (input[0] ?? 0) & Winsock.TIMESTAMPING_FLAG_RX
    return new Uint8Array(0)
  }
  return accepted.includes(code >>> 0) ? new Uint8Array(0) : "EOPNOTSUPP"
}

/** Windows: a socket for IPv6 is not for both families at first, hears only its own groups, and lets routers cut its packets. */
const prepare = (socket: SocketState): void => {
  const { settings } = socket
  // Windows: a buffer counts payloads alone.
  socket.charge = (bytes) => bytes
  socket.sendBuffer.charge = ({ body }) => body.length
  socket.sendBuffer.writablePart = 1
  settings.ipv6Only = 1
  for (const family of [settings.ipv4, settings.ipv6]) {
    family.multicastAll = 0
    family.pathMtuMode = 0
  }
}

export const winsock: Personality = {
  abi: Abi.winsockX64,
  batches: false,
  build: 22_631,
  syscalls: {
    receive: "WSARecvMsg",
    send: "WSASendMsg",
    sendMany: "WSASendMsg",
    ioctl: "WSAIoctl",
    close: "closesocket"
  },
  prepare,
  hopLimit: 128,
  reportsTrueSize: false,
  errorOf,
  errorName,
  setOption,
  getOption,
  ioctl,
  received,
  pathMtu: () => [],
  queued: undefined,
  readSent
}
