/**
 * Connects a socket, and disconnects it so that it is as it was before.
 *
 * Linux: disconnecting removes a port and an address that the kernel chose, and the interface that the socket is bound to.
 */
import type { Fault, SocketKind } from "@ancillary/engine/driver/Driver"
import { lastFault } from "./errno.ts"
import type { Host } from "./host.ts"

export interface Peering {
  readonly connect: (name: Uint8Array) => Fault | undefined
  readonly disconnect: () => Fault | undefined
}

const none = new Uint8Array(0)
/** Offset of the port in a `sockaddr` of either family. */
const portAt = 2
/** Size of an interface's name in bytes, with its NUL: `IFNAMSIZ`. */
const nameBytes = 16

export const peering = ({ abi, libc, numbers }: Host, fd: number, family: SocketKind["family"]): Peering => {
  const { SO_BINDTODEVICE, SO_ERROR, SOL_SOCKET } = numbers
  /**
   * The interface that the socket was bound to before it was connected, and after, because connecting to a link-local peer also binds to
   * one.
   */
  let before = none
  let after = none

  /** Returns the interface's name as bytes. It is empty if the socket is bound to no interface, or to one that is gone. */
  const device = (): Uint8Array<ArrayBuffer> => {
    if (family === "unix" || SO_BINDTODEVICE === undefined) return none
    const name = new Uint8Array(nameBytes)
    const length = Uint32Array.of(nameBytes)
    const failed = libc.getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, new Uint8Array(length.buffer)) < 0
    return failed ? none : name.subarray(0, length[0])
  }

  const localAddress = (): Uint8Array | Fault => {
    const name = new Uint8Array(abi.sockaddr.ipv6)
    const length = Uint32Array.of(name.length)
    return libc.getsockname(fd, name, new Uint8Array(length.buffer)) < 0
      ? lastFault("getsockname")
      : name.subarray(0, length[0])
  }

  /** Restores the interface, then the port. */
  const restore = (device: Uint8Array, local: Uint8Array): Fault | undefined => {
    if (
      SO_BINDTODEVICE !== undefined &&
      device.length > 0 &&
      libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, device.length) < 0
    )
      return lastFault("setsockopt")
    const left = localAddress()
    if (!(left instanceof Uint8Array)) return left
    if (left[portAt] !== 0 || left[portAt + 1] !== 0) return undefined
    left.set(local.subarray(portAt, portAt + 2), portAt)
    return libc.bind(fd, left, left.length) < 0 ? lastFault("bind") : undefined
  }

  return {
    connect: (name) => {
      const had = device()
      if (libc.connect(fd, name, name.length) < 0) return lastFault("connect")
      before = had
      after = device()
      return undefined
    },
    disconnect: () => {
      const local = family === "unix" ? none : localAddress()
      if (!(local instanceof Uint8Array)) return local
      const now = device()
      // AF_UNSPEC.
      const unspecified = new Uint8Array(abi.sockaddr.ipv4)
      if (libc.connect(fd, unspecified, unspecified.length) < 0) return lastFault("connect")
      // Reading the error that the peer caused clears it.
      libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, new Uint8Array(4), new Uint8Array(Uint32Array.of(4).buffer))
      const isAsConnected = now.length === after.length && now.every((byte, i) => byte === after[i])
      return family === "unix" ? undefined : restore(isAsConnected ? before : now, local)
    }
  }
}
