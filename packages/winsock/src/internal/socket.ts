/** A `NativeSocket` on Winsock, by `WSARecvMsg` and `WSASendMsg`, with one call for each datagram. */
import { type Abi, ControlBuffer } from "@ancillary/control"
import { type NativeArena, ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { type Fault, isFault, type NativeSocket, type SocketKind } from "@ancillary/engine/driver/Driver"
import { checkBounds, nativeArena } from "@ancillary/native/arena"
import { startPoll } from "@ancillary/native/libuv"
import { poll } from "@ancillary/native/readiness"
import {
  closed,
  fault,
  lastFault,
  WSAEAFNOSUPPORT,
  WSAEMSGSIZE,
  WSAEPROTONOSUPPORT,
  WSAEPROTOTYPE,
  WSAEWOULDBLOCK
} from "./errno.ts"
import * as Numbers from "./platform.ts"
import type { Address, Handle, WSARecvMsg, Ws2 } from "./ws2_32.ts"

export interface Host {
  readonly abi: Abi
  readonly ws2: Ws2
}

/** Result of one call on a WSAMSG: the moved bytes, and whether it failed with WSAEMSGSIZE. It is `undefined` if the call would block. */
export interface Moved {
  readonly bytes: number
  readonly cut: boolean
}

/** A socket that also makes single calls on a WSAMSG with a layout from its caller. */
export interface WinsockSocket extends NativeSocket {
  readonly receiveMessage: (message: Address) => Moved | undefined | Fault
  readonly sendMessage: (message: Address) => Moved | undefined | Fault
}

const noBytes = new Uint8Array(0)
const bool = (value: boolean): Uint8Array => Uint8Array.of(value ? 1 : 0, 0, 0, 0)
const zeroes = new Uint8Array(16)
const fourBytes = (): Uint8Array => new Uint8Array(Int32Array.of(4).buffer)

export const open = (host: Host, { family, protocol }: SocketKind): WinsockSocket | Fault => {
  const { abi, ws2 } = host
  // Winsock: AF_UNIX has only streams, and ICMP requires IcmpSendEcho or a raw socket, so neither can be opened here.
  if (family === "unix") return fault("WSASocketW", WSAEAFNOSUPPORT)
  if (protocol === "icmp") return fault("WSASocketW", WSAEPROTONOSUPPORT)
  // Winsock counts its users. Each open socket is one, so the order of their start does not matter. The 408 bytes of WSADATA are not used.
  const refused = ws2.WSAStartup(0x0202, new Uint8Array(512))
  if (refused !== 0) return fault("WSAStartup", refused)
  const handle = ws2.WSASocketW(
    abi.family[family],
    Numbers.SOCK_DGRAM,
    Numbers.IPPROTO_UDP,
    0,
    0,
    Numbers.WSA_FLAG_NO_HANDLE_INHERIT
  )
  if (handle === -1) {
    const failed = lastFault(ws2, "WSASocketW")
    ws2.WSACleanup()
    return failed
  }
  return releasing(
    () => {
      ws2.closesocket(handle)
      ws2.WSACleanup()
    },
    () => prepare(host, handle) ?? receiving(host, handle, undefined)
  )
}

/** Undoes the earlier steps if no socket is made, because of a fault or an exception. */
const releasing = (undo: () => void, make: () => WinsockSocket | Fault): WinsockSocket | Fault => {
  let made: WinsockSocket | Fault | undefined
  try {
    made = make()
    return made
  } finally {
    if (made === undefined || isFault(made)) undo()
  }
}

/**
 * Checks a socket before it changes anything. If it is not a datagram socket of that family, it is unchanged and still belongs to its
 * caller.
 */
export const adopt = (host: Host, handle: Handle, { family, protocol }: SocketKind): WinsockSocket | Fault => {
  const { abi, ws2 } = host
  if (family === "unix") return fault("adopt", WSAEAFNOSUPPORT)
  if (protocol === "icmp") return fault("adopt", WSAEPROTONOSUPPORT)
  const refused = ws2.WSAStartup(0x0202, new Uint8Array(512))
  if (refused !== 0) return fault("WSAStartup", refused)
  return releasing(
    () => ws2.WSACleanup(),
    // Winsock: no call returns whether a socket blocks, so it could not be restored. It is changed after everything else has succeeded.
    () => inspect(host, handle, abi.family[family]) ?? receiving(host, handle, () => prepare(host, handle))
  )
}

/** Returns the reason why a handle is not a datagram socket of a family. */
const inspect = ({ ws2 }: Host, handle: Handle, family: number): Fault | undefined => {
  const type = new Int32Array([0])
  const length = new Int32Array([4])
  const lengthBytes = new Uint8Array(length.buffer)
  if (ws2.getsockopt(handle, Numbers.SOL_SOCKET, Numbers.SO_TYPE, new Uint8Array(type.buffer), lengthBytes) !== 0)
    return lastFault(ws2, "getsockopt")
  if (type[0] !== Numbers.SOCK_DGRAM) return fault("adopt", WSAEPROTOTYPE)
  const name = new Uint8Array(128)
  length[0] = name.length
  if (ws2.getsockname(handle, name, lengthBytes) !== 0) return lastFault(ws2, "getsockname")
  return new DataView(name.buffer).getUint16(0, true) === family ? undefined : fault("adopt", WSAEPROTOTYPE)
}

/** Sets the properties of every socket of this driver. */
const prepare = ({ ws2 }: Host, handle: Handle): Fault | undefined => {
  const nonBlocking = ioctl(ws2, handle, Numbers.FIONBIO, bool(true), noBytes)
  if (isFault(nonBlocking)) return nonBlocking
  // Winsock: if it is on, an ICMP error about one peer fails the next receive from any peer (WSAECONNRESET, WSAENETRESET). Wine lacks the
  // second. Without it such an error is counted and skipped, as on other systems.
  const ignoring = ioctl(ws2, handle, Numbers.SIO_UDP_CONNRESET, bool(false), noBytes)
  if (isFault(ignoring)) return ignoring
  ioctl(ws2, handle, Numbers.SIO_UDP_NETRESET, bool(false), noBytes)
  return undefined
}

/** `unprepared`: sets the socket up on its first use, for a socket that belongs to its maker until then. */
const receiving = (
  host: Host,
  handle: Handle,
  unprepared: (() => Fault | undefined) | undefined
): WinsockSocket | Fault => {
  const { abi, ws2 } = host
  // Winsock: the function belongs to the provider of the socket, so it is queried for each socket. Providers differ if one is layered.
  const pointer = new Uint8Array(8)
  const length = ioctl(
    ws2,
    handle,
    Numbers.SIO_GET_EXTENSION_FUNCTION_POINTER,
    Numbers.WSAID_WSARECVMSG,
    pointer.subarray(0, abi.pointerBytes)
  )
  if (isFault(length)) return length
  return fromHandle(host, handle, ws2.receiver(new DataView(pointer.buffer).getBigUint64(0, true)), unprepared)
}

const ioctl = (ws2: Ws2, handle: Handle, code: number, input: Uint8Array, output: Uint8Array): number | Fault => {
  const returned = new Uint32Array(1)
  const result = ws2.WSAIoctl(
    handle,
    code,
    input.length === 0 ? null : input,
    input.length,
    output.length === 0 ? null : output,
    output.length,
    new Uint8Array(returned.buffer),
    0,
    0
  )
  return result === 0 ? (returned[0] ?? 0) : lastFault(ws2, "WSAIoctl")
}

const fromHandle = (
  { abi, ws2 }: Host,
  handle: Handle,
  recvMsg: WSARecvMsg,
  unprepared: (() => Fault | undefined) | undefined
): WinsockSocket => {
  let open = true
  // A socket that was made elsewhere may be connected.
  let connected = ws2.getpeername(handle, new Uint8Array(128), new Uint8Array(Int32Array.of(128).buffer)) === 0
  /** Fault of a call after other calls had filled slots. */
  let pending: Fault | undefined
  const { moved } = ws2
  const { msghdr } = abi
  const answer = (syscall: string, result: number): Fault | undefined =>
    result === 0 ? undefined : lastFault(ws2, syscall)

  const name = (syscall: "getsockname" | "getpeername", into: Uint8Array): number | Fault => {
    if (!open) return closed(syscall)
    const length = new Int32Array([into.length])
    return answer(syscall, ws2[syscall](handle, into, new Uint8Array(length.buffer))) ?? length[0] ?? 0
  }

  // Winsock: Wine does not change the count if a datagram was truncated, and the count of an earlier call would be read. Both start at
  // zero.
  const callReceive = (message: Address): number => {
    moved.bytes[0] = 0
    return recvMsg(handle, message, moved.address, 0, 0) === 0 ? 0 : ws2.WSAGetLastError()
  }
  const callSend = (message: Address): number => {
    moved.bytes[0] = 0
    return ws2.WSASendMsg(handle, message, 0, moved.address, 0, 0) === 0 ? 0 : ws2.WSAGetLastError()
  }

  /**
   * Clears data of an earlier datagram in a slot, so that it is not mistaken for a result of this call. The family becomes 0, and the first
   * message has 0 bytes. A slot may have no room for either.
   */
  const disarm = (arena: NativeArena, slot: number) => {
    if (arena.layout.addressBytes > 0) arena.view.setUint16(arena.addressAt(slot), 0)
    if (arena.layout.controlBytes >= abi.cmsghdr.size)
      ControlBuffer.writeField(arena.view, arena.controlAt(slot), abi.cmsghdr.length, 0)
  }

  /** Reads the header of a slot after a call, and converts its flags to portable ones. */
  const received = (arena: NativeArena, slot: number, cut: boolean) => {
    const header = slot * msghdr.size
    const { view } = arena
    const flags = Numbers.receiveFlags(ControlBuffer.readField(view, header, msghdr.flags), cut)
    // Winsock: a control buffer that was too small may have any content (haskell/network, cbits/cmsg.c), so its length is set to 0.
    if ((flags & ReceiveFlags.controlTruncated) !== 0) ControlBuffer.writeField(view, header, msghdr.controlLength, 0)
    // Winsock: the name is "used only with unconnected sockets" (WSAMSG page). Wine fills it for connected ones too.
    if (connected && arena.layout.addressBytes > 0 && view.getUint16(arena.addressAt(slot)) === 0)
      ControlBuffer.writeField(view, header, msghdr.nameLength, 0)
    const bytes = moved.bytes[0] ?? 0
    // Winsock: Wine reports no count for truncated data. The slot is full then, and nothing more is known.
    const untold = bytes === 0 && (flags & ReceiveFlags.dataTruncated) !== 0
    arena.received(slot, untold ? arena.layout.dataBytes : bytes, flags)
  }

  const receiveInto = (arena: NativeArena, slots: number): number | Fault => {
    for (let slot = 0; slot < slots; slot++) {
      disarm(arena, slot)
      const error = callReceive(arena.headerAddress(slot))
      // Winsock: the call fails if a datagram was truncated, and still takes it from the queue.
      if (error === 0 || error === WSAEMSGSIZE) received(arena, slot, error !== 0)
      else if (error === WSAEWOULDBLOCK) return slot
      else {
        const failed = fault("WSARecvMsg", error)
        if (slot === 0) return failed
        pending = failed
        return slot
      }
    }
    return slots
  }

  return {
    descriptor: handle,
    // Winsock: the calls themselves report the errors of earlier sends.
    receiveErrors: () => (open ? 0 : closed("WSARecvMsg")),
    setOption: (level, option, value) =>
      open ? answer("setsockopt", ws2.setsockopt(handle, level, option, value, value.length)) : closed("setsockopt"),
    getOption: (level, option, into) => {
      if (!open) return closed("getsockopt")
      const length = new Int32Array([into.length])
      const result = ws2.getsockopt(handle, level, option, into, new Uint8Array(length.buffer))
      return answer("getsockopt", result) ?? length[0] ?? 0
    },
    ioctl: (code, input, output) => (open ? ioctl(ws2, handle, code, input, output) : closed("WSAIoctl")),
    bind: (name) => (open ? answer("bind", ws2.bind(handle, name, name.length)) : closed("bind")),
    connect: (name) => {
      if (!open) return closed("connect")
      // An address of zeroes removes the peer.
      const target = name ?? zeroes
      const failed = answer("connect", ws2.connect(handle, target, target.length))
      if (failed !== undefined) return failed
      connected = name !== undefined
      // If no call has returned the peer's error yet, it is not an error of the next call.
      if (!connected) ws2.getsockopt(handle, Numbers.SOL_SOCKET, Numbers.SO_ERROR, new Uint8Array(4), fourBytes())
      // Winsock: a socket with one peer can only get errors of that peer, as on every platform. Its refusals are receive errors.
      const result = ioctl(ws2, handle, Numbers.SIO_UDP_CONNRESET, bool(connected), noBytes)
      return isFault(result) ? result : undefined
    },
    localAddress: (into) => name("getsockname", into),
    peerAddress: (into) => name("getpeername", into),
    receive: (shared, slots, peek) => {
      if (!open) return closed("WSARecvMsg")
      if (pending !== undefined) {
        const failed = pending
        pending = undefined
        return failed
      }
      const arena = nativeArena(shared)
      // A peek leaves the datagram in the queue, so a second slot would return it again.
      const wanted = peek ? Math.min(slots, 1) : slots
      arena.prepare(wanted, peek ? Numbers.MSG_PEEK : 0)
      const count = receiveInto(arena, wanted)
      checkBounds(arena, wanted)
      return count
    },
    send: (shared, first, slots) => {
      if (!open) return closed("WSASendMsg")
      const arena = nativeArena(shared)
      checkBounds(arena, first + slots)
      for (let slot = first; slot < first + slots; slot++) {
        const error = callSend(arena.headerAddress(slot))
        if (error === 0) continue
        return slot > first || error === WSAEWOULDBLOCK ? slot - first : fault("WSASendMsg", error)
      }
      return slots
    },
    receiveMessage: (message) => {
      if (!open) return closed("WSARecvMsg")
      const error = callReceive(message)
      if (error === WSAEWOULDBLOCK) return undefined
      const cut = error === WSAEMSGSIZE
      return error === 0 || cut ? { bytes: moved.bytes[0] ?? 0, cut } : fault("WSARecvMsg", error)
    },
    sendMessage: (message) => {
      if (!open) return closed("WSASendMsg")
      const error = callSend(message)
      if (error === WSAEWOULDBLOCK) return undefined
      return error === 0 ? { bytes: moved.bytes[0] ?? 0, cut: false } : fault("WSASendMsg", error)
    },
    poll: (onReady) => (open ? (unprepared?.() ?? poll(startPoll, handle, onReady)) : closed("poll")),
    disown: () => {
      if (!open) return
      open = false
      ws2.WSACleanup()
    },
    close: () => {
      if (!open) return closed("closesocket")
      open = false
      const failed = answer("closesocket", ws2.closesocket(handle))
      ws2.WSACleanup()
      return failed
    }
  }
}
