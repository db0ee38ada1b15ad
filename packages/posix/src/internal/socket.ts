/**
 * A socket of libc: what `NativeSocket` promises, on `recvmmsg` and `sendmmsg` where there are, else on `recvmsg` and `sendmsg`.
 */
import { type Abi, ControlBuffer } from "@ancillary/control"
import { type Arena, type NativeArena, ReceiveFlags } from "@ancillary/socket/Arena"
import { type Fault, isFault, type NativeSocket, type SocketKind } from "@ancillary/socket/Driver"
import { closed, EAGAIN, fault, lastError, lastFault } from "./errno.ts"
import type { Libc } from "./libc.ts"
import type { PlatformNumbers } from "./platform.ts"
import { watch } from "./readiness.ts"

export interface Host {
  readonly abi: Abi
  readonly libc: Libc
  readonly numbers: PlatformNumbers
}

/** An arena that this driver made: the interface that sockets see has no addresses. */
const native = (arena: Arena): NativeArena => arena as NativeArena

/** Only a guarded arena can tell. */
const intact = (arena: NativeArena, slots: number): void => {
  const damage = arena.damage(slots)
  if (damage !== undefined) throw new Error(`Memory behind an arena's slot was overwritten: ${damage}.`)
}

export const open = (host: Host, { family, protocol }: SocketKind): NativeSocket | Fault => {
  const { abi, libc, numbers } = host
  const number = protocol === "icmp" ? (family === "ipv4" ? numbers.IPPROTO_ICMP : numbers.IPPROTO_ICMPV6) : 0
  const fd = libc.socket(abi.family[family], numbers.SOCK_DGRAM | numbers.openFlags, number)
  if (fd < 0) return lastFault("socket")
  const socket = fromDescriptor(host, fd)
  // Darwin: no flags for socket(2), so both properties are set afterwards.
  for (const request of numbers.openRequests) {
    const answer = socket.ioctl(request, Uint8Array.of(1, 0, 0, 0), new Uint8Array(0))
    if (isFault(answer)) {
      socket.close()
      return answer
    }
  }
  return socket
}

export const fromDescriptor = ({ abi, libc, numbers }: Host, fd: number): NativeSocket => {
  let open = true
  const stride = abi.mmsghdr?.size ?? abi.msghdr.size
  const answer = (syscall: string, result: number): Fault | undefined => (result < 0 ? lastFault(syscall) : undefined)

  /** What the kernel left in the header of a slot, in the terms of every platform. */
  const received = (arena: NativeArena, slot: number, bytes: number) => {
    const marks = ControlBuffer.readField(arena.view, slot * stride, abi.msghdr.flags)
    const data = (marks & numbers.MSG_TRUNC) === 0 ? 0 : ReceiveFlags.dataTruncated
    arena.received(slot, bytes, data | ((marks & numbers.MSG_CTRUNC) === 0 ? 0 : ReceiveFlags.controlTruncated))
  }

  const receiveMany = (arena: NativeArena, slots: number, flags: number): number | Fault => {
    const { mmsghdr } = abi
    if (mmsghdr === undefined || libc.recvmmsg === undefined) return receiveOneByOne(arena, slots, flags)
    const count = libc.recvmmsg(fd, arena.headerAddress(0), slots, flags, 0)
    if (count < 0) {
      const errno = lastError()
      return errno === EAGAIN ? 0 : fault("recvmmsg", errno)
    }
    // Linux: with MSG_TRUNC among the flags, msg_len is the true size of a datagram that did not fit.
    for (let slot = 0; slot < count; slot++)
      received(arena, slot, arena.view.getUint32(slot * stride + mmsghdr.length, true))
    return count
  }

  /** What a call answered after others had filled slots: it comes with the next `receive`. */
  let pending: Fault | undefined

  // Darwin: one call a datagram.
  const receiveOneByOne = (arena: NativeArena, slots: number, flags: number): number | Fault => {
    for (let slot = 0; slot < slots; slot++) {
      const bytes = libc.recvmsg(fd, arena.headerAddress(slot), flags)
      if (bytes < 0) {
        const errno = lastError()
        if (errno === EAGAIN) return slot
        if (slot === 0) return fault("recvmsg", errno)
        pending = fault("recvmsg", errno)
        return slot
      }
      received(arena, slot, bytes)
    }
    return slots
  }

  return {
    setOption: (level, option, value) =>
      open ? answer("setsockopt", libc.setsockopt(fd, level, option, value, value.length)) : closed("setsockopt"),
    getOption: (level, option, into) => {
      if (!open) return closed("getsockopt")
      const length = new Uint32Array([into.length])
      return (
        answer("getsockopt", libc.getsockopt(fd, level, option, into, new Uint8Array(length.buffer))) ?? length[0] ?? 0
      )
    },
    ioctl: (code, input, output) => {
      if (!open) return closed("ioctl")
      const argument = new Uint8Array(Math.max(input.length, output.length, 4))
      argument.set(input)
      const failed = answer("ioctl", libc.ioctl(fd, code, argument))
      if (failed !== undefined) return failed
      output.set(argument.subarray(0, output.length))
      return output.length
    },
    bind: (name) => (open ? answer("bind", libc.bind(fd, name, name.length)) : closed("bind")),
    connect: (name) => {
      if (!open) return closed("connect")
      // AF_UNSPEC takes the peer away again.
      const target = name ?? new Uint8Array(abi.sockaddr.ipv4)
      return answer("connect", libc.connect(fd, target, target.length))
    },
    localName: (into) => {
      if (!open) return closed("getsockname")
      const length = new Uint32Array([into.length])
      return answer("getsockname", libc.getsockname(fd, into, new Uint8Array(length.buffer))) ?? length[0] ?? 0
    },
    receive: (shared, slots, peek) => {
      if (!open) return closed("recvmmsg")
      if (pending !== undefined) {
        const failed = pending
        pending = undefined
        return failed
      }
      const arena = native(shared)
      // A peek leaves the datagram where it is: a second slot would show it again.
      const wanted = peek ? Math.min(slots, 1) : slots
      arena.prepare(wanted, 0)
      const count = receiveMany(arena, wanted, numbers.receiveFlags | (peek ? numbers.MSG_PEEK : 0))
      intact(arena, wanted)
      return count
    },
    send: (shared, first, slots) => {
      if (!open) return closed("sendmsg")
      const arena = native(shared)
      intact(arena, first + slots)
      if (libc.sendmmsg !== undefined && slots > 1) {
        const count = libc.sendmmsg(fd, arena.headerAddress(first), slots, numbers.sendFlags)
        if (count >= 0) return count
        const errno = lastError()
        return errno === EAGAIN ? 0 : fault("sendmmsg", errno)
      }
      for (let slot = first; slot < first + slots; slot++) {
        if (libc.sendmsg(fd, arena.headerAddress(slot), numbers.sendFlags) >= 0) continue
        const errno = lastError()
        return slot > first || errno === EAGAIN ? slot - first : fault("sendmsg", errno)
      }
      return slots
    },
    watch: (onReady) => (open ? watch(fd, onReady) : closed("poll")),
    close: () => {
      if (!open) return closed("close")
      open = false
      return answer("close", libc.close(fd))
    }
  }
}
