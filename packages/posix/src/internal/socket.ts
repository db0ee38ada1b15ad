/** A `NativeSocket` on libc, by `recvmmsg` and `sendmmsg` if they exist, otherwise by `recvmsg` and `sendmsg`. */
import { Steering } from "@ancillary/control"
import { type NativeArena, ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { type Fault, isFault, type NativeSocket, type SocketKind } from "@ancillary/engine/driver/Driver"
import { checkBounds, nativeArena } from "@ancillary/native/arena"
import { closed, EAGAIN, EEXIST, EPROTOTYPE, fault, lastError, lastFault } from "./errno.ts"
import { closeAside } from "./closing.ts"
import { Watch } from "./epoll.ts"
import type { Host } from "./host.ts"
import type { Libc } from "./libc.ts"
import { allocate } from "@ancillary/native/memory"
import { type Peering, peering } from "./peering.ts"
import { isPolled } from "./polled.ts"
import { poll } from "./readiness.ts"
import { trackSocketFile } from "./socketFile.ts"

/** Maximum size of an option or an address that is passed in memory whose address is known. */
const smallBytes = 256
/** Offset of the value. Its length is in front of it. */
const valueAt = 16
/** Memory of calls with a small value. Passing an array of the program costs several times as much. */
let small: { readonly address: number; readonly bytes: Uint8Array; readonly view: DataView } | undefined

/** The latest program, kept so that its memory outlives the call. */
let program: ReturnType<typeof allocate> | undefined

const smallMemory = (): NonNullable<typeof small> => {
  if (small !== undefined) return small
  const { address, bytes } = allocate(valueAt + smallBytes)
  return (small = { address, bytes, view: new DataView(bytes.buffer) })
}

/** Copies a small value into memory, and returns its address. */
const place = (value: Uint8Array): number => {
  const { address, bytes } = smallMemory()
  bytes.set(value, valueAt)
  return address + valueAt
}

const getSmall = (libc: Libc, fd: number, level: number, option: number, into: Uint8Array): number | Fault => {
  const { address, bytes, view } = smallMemory()
  view.setUint32(0, into.length, true)
  // The kernel may write fewer bytes than there is room for.
  bytes.set(into, valueAt)
  if (libc.getsockoptAt(fd, level, option, address + valueAt, address) < 0) return lastFault("getsockopt")
  for (let i = 0; i < into.length; i++) into[i] = bytes[valueAt + i] ?? 0
  return view.getUint32(0, true)
}

const setOption = (
  { abi, libc, numbers }: Host,
  fd: number,
  level: number,
  option: number,
  value: Uint8Array
): Fault | undefined => {
  const { SO_ATTACH_REUSEPORT_CBPF, SOL_SOCKET } = numbers
  // The plan has the program, and the kernel takes a structure that points to it.
  if (level === SOL_SOCKET && option === SO_ATTACH_REUSEPORT_CBPF) {
    program = allocate(value.length)
    program.bytes.set(value)
    const pointer = Steering.writePointer(abi, program.bytes, program.address)
    return answer("setsockopt", libc.setsockoptAt(fd, level, option, place(pointer), pointer.length))
  }
  return answer(
    "setsockopt",
    value.length > smallBytes
      ? libc.setsockopt(fd, level, option, value, value.length)
      : libc.setsockoptAt(fd, level, option, place(value), value.length)
  )
}

export const open = (host: Host, kind: SocketKind): NativeSocket | Fault => {
  const { abi, libc, numbers } = host
  const fd = libc.socket(abi.family[kind.family], numbers.SOCK_DGRAM | numbers.openFlags, protocolOf(host, kind))
  if (fd < 0) return lastFault("socket")
  // Darwin: socket(2) has no flags, so both properties are set afterwards.
  return prepared(fromDescriptor(host, fd, kind), numbers.openRequests)
}

const protocolOf = ({ numbers }: Host, { family, protocol }: SocketKind): number =>
  protocol === "icmp" ? (family === "ipv4" ? numbers.IPPROTO_ICMP : numbers.IPPROTO_ICMPV6) : 0

/** Makes a socket non-blocking and closed on exec. If that is refused, the socket is closed. */
const prepared = (socket: NativeSocket, requests: ReadonlyArray<number>): NativeSocket | Fault => {
  let failed: Fault | undefined | "thrown" = "thrown"
  try {
    failed = prepare(socket, requests)
  } finally {
    if (failed !== undefined) socket.close()
  }
  return failed ?? socket
}

const prepare = (socket: NativeSocket, requests: ReadonlyArray<number>): Fault | undefined => {
  for (const request of requests) {
    const answer = socket.ioctl(request, Uint8Array.of(1, 0, 0, 0), new Uint8Array(0))
    if (isFault(answer)) return answer
  }
  return undefined
}

export const pair = (host: Host): readonly [NativeSocket, NativeSocket] | Fault => {
  const { abi, libc, numbers } = host
  const descriptors = new Int32Array(2)
  const type = numbers.SOCK_DGRAM | numbers.openFlags
  if (libc.socketpair(abi.family.unix, type, 0, new Uint8Array(descriptors.buffer)) < 0) return lastFault("socketpair")
  const kind = { family: "unix", protocol: "unix" } as const
  const [first, second] = [0, 1].map((i) => fromDescriptor(host, descriptors[i] ?? -1, kind)) as [
    NativeSocket,
    NativeSocket
  ]
  const one = prepared(first, numbers.openRequests)
  const other = prepared(second, numbers.openRequests)
  if (!isFault(one) && !isFault(other)) return [one, other]
  // Closing a closed socket is only a fault.
  first.close()
  second.close()
  return isFault(one) ? one : (other as Fault)
}

/**
 * Checks a socket before it changes anything. If it is not a datagram socket of that family and protocol, it is unchanged and still belongs
 * to its caller.
 */
export const adopt = (host: Host, fd: number, kind: SocketKind): NativeSocket | Fault => {
  const { abi, numbers } = host
  const socket = fromDescriptor(host, fd, kind)
  const is = (option: number, expected: number): Fault | undefined => {
    const value = new Uint8Array(4)
    const result = socket.getOption(numbers.SOL_SOCKET, option, value)
    if (isFault(result)) return result
    return value[0] === expected ? undefined : fault("adopt", EPROTOTYPE)
  }
  const other = is(numbers.SO_TYPE, numbers.SOCK_DGRAM)
  if (other !== undefined) return other
  const name = new Uint8Array(128)
  const length = socket.localAddress(name)
  if (isFault(length)) return length
  if (name[abi.sockaddr.lengthByte ? 1 : 0] !== abi.family[kind.family]) return fault("adopt", EPROTOTYPE)
  // Linux: an unprivileged ping socket is also a datagram socket.
  const protocol = kind.protocol === "udp" ? numbers.IPPROTO_UDP : protocolOf(host, kind)
  const spoken = numbers.SO_PROTOCOL === undefined ? undefined : is(numbers.SO_PROTOCOL, protocol)
  if (spoken !== undefined) return spoken
  // Its other owner would close it, and the number could then belong to another socket.
  if (isPolled(fd)) return fault("adopt", EEXIST)
  // The last step, after everything that the spec requires has succeeded. Until then it belongs to its maker, and blocks if it did before.
  return { ...socket, poll: (onReady) => prepare(socket, numbers.adoptRequests) ?? socket.poll(onReady) }
}

export const release = ({ libc }: Host, fd: number): Fault | undefined =>
  closeAside(libc, fd) < 0 ? lastFault("close") : undefined

const answer = (syscall: string, result: number): Fault | undefined => (result < 0 ? lastFault(syscall) : undefined)

const nameOf = (libc: Libc, fd: number, syscall: "getsockname" | "getpeername", into: Uint8Array): number | Fault => {
  const { address, bytes, view } = smallMemory()
  view.setUint32(0, into.length, true)
  if (libc[`${syscall}At`](fd, address + valueAt, address) < 0) return lastFault(syscall)
  const length = view.getUint32(0, true)
  into.set(bytes.subarray(valueAt, valueAt + Math.min(length, into.length)))
  return length
}

/** Reads the header of a slot after a call, and converts its flags to portable ones. */
const received = ({ abi, numbers }: Host, arena: NativeArena, slot: number, bytes: number): void => {
  const stride = abi.mmsghdr?.size ?? abi.msghdr.size
  const marks = arena.view.getInt32(slot * stride + abi.msghdr.flags.at, true)
  const data = (marks & numbers.MSG_TRUNC) === 0 ? 0 : ReceiveFlags.dataTruncated
  arena.received(slot, bytes, data | ((marks & numbers.MSG_CTRUNC) === 0 ? 0 : ReceiveFlags.controlTruncated))
}

/** Slots that were filled before a call failed, and its fault. */
interface Partly {
  readonly slots: number
  readonly failed: Fault
}

const receiveMany = (
  host: Host,
  fd: number,
  arena: NativeArena,
  slots: number,
  flags: number
): number | Fault | Partly => {
  const { abi, libc } = host
  const { mmsghdr } = abi
  if (mmsghdr === undefined || libc.recvmmsg === undefined) return receiveOneByOne(host, fd, arena, slots, flags)
  const count = libc.recvmmsg(fd, arena.headerAddress(0), slots, flags, 0)
  if (count < 0) {
    const errno = lastError()
    return errno === EAGAIN ? 0 : fault("recvmmsg", errno)
  }
  // Linux: with MSG_TRUNC among the flags, msg_len is the true size of a truncated datagram.
  for (let slot = 0; slot < count; slot++)
    received(host, arena, slot, arena.view.getUint32(slot * mmsghdr.size + mmsghdr.length, true))
  return count
}

// Darwin: one call for each datagram.
const receiveOneByOne = (
  host: Host,
  fd: number,
  arena: NativeArena,
  slots: number,
  flags: number
): number | Fault | Partly => {
  for (let slot = 0; slot < slots; slot++) {
    const bytes = host.libc.recvmsg(fd, arena.headerAddress(slot), flags)
    if (bytes < 0) {
      const errno = lastError()
      if (errno === EAGAIN) return slot
      return slot === 0 ? fault("recvmsg", errno) : { slots: slot, failed: fault("recvmsg", errno) }
    }
    received(host, arena, slot, bytes)
  }
  return slots
}

export const fromDescriptor = (host: Host, fd: number, { family }: SocketKind): NativeSocket => {
  const { libc, numbers } = host
  let peers: Peering | undefined
  const peer = (): Peering => (peers ??= peering(host, fd, family))
  let open = true
  /** For a Unix socket that was bound to a path. */
  let removeFile: (() => void) | undefined
  /** Linux: the watch of the socket, after it was registered. */
  let watch: Watch | undefined

  /** Fault of a call after other calls had filled slots. The next `receive` returns it. */
  let pending: Fault | undefined

  return {
    descriptor: fd,
    setOption: (level, option, value) => (open ? setOption(host, fd, level, option, value) : closed("setsockopt")),
    getOption: (level, option, into) => {
      if (!open) return closed("getsockopt")
      if (into.length <= smallBytes) return getSmall(libc, fd, level, option, into)
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
    bind: (name) => {
      if (!open) return closed("bind")
      const failed = answer("bind", libc.bindAt(fd, place(name), name.length))
      if (failed === undefined && family === "unix") removeFile = trackSocketFile(name)
      return failed
    },
    connect: (name) => {
      if (!open) return closed("connect")
      return name === undefined ? peer().disconnect() : peer().connect(name)
    },
    localAddress: (into) => (open ? nameOf(libc, fd, "getsockname", into) : closed("getsockname")),
    peerAddress: (into) => (open ? nameOf(libc, fd, "getpeername", into) : closed("getpeername")),
    receive: (shared, slots, peek) => {
      if (!open) return closed("recvmmsg")
      if (pending !== undefined) {
        const failed = pending
        pending = undefined
        return failed
      }
      const arena = nativeArena(shared)
      // A peek leaves the datagram in the queue, so a second slot would return it again.
      const wanted = peek ? Math.min(slots, 1) : slots
      arena.prepare(wanted, 0)
      const count = receiveMany(host, fd, arena, wanted, numbers.receiveFlags | (peek ? numbers.MSG_PEEK : 0))
      checkBounds(arena, wanted)
      if (typeof count === "number") {
        if (count > 0) watch?.hasRead()
        return count
      }
      if (isFault(count)) return count
      pending = count.failed
      return count.slots
    },
    receiveErrors: (shared, slots) => {
      if (!open) return closed("recvmmsg")
      // Linux: a Unix socket has no error queue and ignores the flag. The call would take data (trap 31).
      if (numbers.MSG_ERRQUEUE === undefined || family === "unix") return 0
      const arena = nativeArena(shared)
      arena.prepare(slots, 0)
      const count = receiveMany(host, fd, arena, slots, numbers.receiveFlags | numbers.MSG_ERRQUEUE)
      checkBounds(arena, slots)
      return typeof count === "object" && !isFault(count) ? count.slots : count
    },
    send: (shared, first, slots) => {
      if (!open) return closed("sendmsg")
      const arena = nativeArena(shared)
      checkBounds(arena, first + slots)
      // musl: sendmmsg is a loop of sendmsg, which clears the padding of each header. It makes a system call for each datagram.
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
    poll: (onReady) => {
      if (!open) return closed("poll")
      const polled = poll(libc, fd, onReady)
      if (polled instanceof Watch) watch = polled
      return polled
    },
    close: () => {
      if (!open) return closed("close")
      open = false
      removeFile?.()
      return answer("close", libc.close(fd))
    }
  }
}
