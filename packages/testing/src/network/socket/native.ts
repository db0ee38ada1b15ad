/** A socket as a driver hands it out. */
import type { Arena } from "@ancillary/engine/driver/Arena"
import type { Fault, NativeSocket } from "@ancillary/engine/driver/Driver"
import type { Personality } from "../personality.ts"
import type { Turns } from "../turns.ts"
import { bind, connect, disconnect } from "./binding.ts"
import type { ErrorName } from "./errors.ts"
import { send, type Sender } from "./sending.ts"
import { Slots } from "./slots.ts"
import type { End, QueuedError, SocketState } from "./socket.ts"
import { watch } from "./watch.ts"

/** Parts that the host of a socket gives it. */
export interface Place extends Sender {
  readonly personality: Personality
  readonly turns: Turns
}

export const nativeSocket = (place: Place, socket: SocketState): NativeSocket => {
  const { personality, ports, turns } = place
  const { syscalls } = personality
  const slots = new Slots(personality)
  const fault = (syscall: string, name: ErrorName): Fault => ({ syscall, ...personality.errorOf(name) })
  const answer = (syscall: string, name: ErrorName | undefined): Fault | undefined =>
    name === undefined ? undefined : fault(syscall, name)
  const closed = (syscall: string): Fault | undefined => (socket.closed ? fault(syscall, "EBADF") : undefined)
  /** The interface that the socket was bound to before and after it was connected. */
  let bound = { before: 0, after: 0 }

  const takePending = (syscall: string): Fault | undefined => {
    const { pending } = socket
    socket.pending = undefined
    return answer(syscall, pending)
  }

  const peerName = ({ address, port }: End, device: number): End => ({ address: socket.named(address, device), port })

  const receiveOne = (arena: Arena, slot: number, peek: boolean): boolean => {
    if (socket.pathMtu !== undefined) {
      const control = personality.pathMtu(socket)
      const { to } = socket.pathMtu
      slots.write(arena, slot, { from: to, control, fate: "whole", data: new Uint8Array(0), kind: "unicast" })
      if (!peek) socket.pathMtu = undefined
      return true
    }
    const datagram = peek ? socket.queue[0] : socket.queue.shift()
    if (datagram === undefined) return false
    if (!peek) socket.used -= datagram.size
    const { arrival, data, from } = datagram
    slots.write(arena, slot, {
      from: peerName(from, arrival.device.index),
      control: personality.received(socket, datagram),
      fate: datagram.control,
      data,
      kind: arrival.kind
    })
    return true
  }

  /** Linux: the pending error is that of the next entry about an ICMP message, if there is one. */
  const takeError = (): QueuedError | undefined => {
    const error = socket.errors.shift()
    const next = socket.errors[0]
    if (next?.origin === "icmp") socket.pending = next.errno
    else if (error?.origin === "icmp") socket.pending = undefined
    return error
  }

  const sendOne = (arena: Arena, slot: number): ErrorName | undefined => {
    const nameLength = arena.addressLength(slot)
    const to = nameLength === 0 ? undefined : slots.end(arena.bytes, arena.addressAt(slot), nameLength)
    if (nameLength > 0 && to === undefined) return "EINVAL"
    const controlAt = arena.controlAt(slot)
    const control = arena.bytes.subarray(controlAt, controlAt + arena.controlLength(slot))
    const at = arena.dataAt(slot)
    const data = arena.bytes.subarray(at, at + arena.dataLength(slot))
    return send(place, socket, to, data, (family) => personality.readSent(socket, family, control))
  }

  return {
    descriptor: socket.id,
    setOption: (level, option, value) => {
      const failed = closed("setsockopt")
      if (failed !== undefined) return failed
      const before = socket.settings.sendBuffer
      const refused = personality.setOption(place, socket, level, option, value)
      // Linux: more room wakes those that wait for it.
      if (socket.settings.sendBuffer > before) socket.wake()
      return answer("setsockopt", refused)
    },
    getOption: (level, option, into) => {
      const failed = closed("getsockopt")
      if (failed !== undefined) return failed
      const value = personality.getOption(place, socket, level, option, into.length)
      if (typeof value === "string") return fault("getsockopt", value)
      const length = Math.min(value.length, into.length)
      into.set(value.subarray(0, length))
      return length
    },
    ioctl: (code, input, output) => {
      const failed = closed(syscalls.ioctl)
      if (failed !== undefined) return failed
      const value = personality.ioctl(socket, code, input)
      if (typeof value === "string") return fault(syscalls.ioctl, value)
      output.set(value.subarray(0, output.length))
      return output.length
    },
    bind: (name) => {
      const failed = closed("bind")
      if (failed !== undefined) return failed
      const to = slots.end(name, 0, name.length)
      if (to === undefined) return fault("bind", "EINVAL")
      if (to.address.family !== socket.family) return fault("bind", "EAFNOSUPPORT")
      return answer("bind", bind(place, socket, to))
    },
    connect: (name) => {
      const failed = closed("connect")
      if (failed !== undefined) return failed
      if (name === undefined) {
        disconnect(place, socket, bound)
        return undefined
      }
      const to = slots.end(name, 0, name.length)
      if (to === undefined) return fault("connect", "EINVAL")
      if (to.address.family !== socket.family) return fault("connect", "EAFNOSUPPORT")
      const had = socket.settings.boundDevice
      const refused = connect(place, socket, to)
      if (refused === undefined) bound = { before: had, after: socket.settings.boundDevice }
      return answer("connect", refused)
    },
    localAddress: (into) =>
      closed("getsockname") ?? slots.name({ address: socket.address, port: socket.port }, into, 0, into.length),
    peerAddress: (into) => {
      const failed = closed("getpeername")
      if (failed !== undefined) return failed
      return socket.peer === undefined || socket.peer.port === 0
        ? fault("getpeername", "ENOTCONN")
        : slots.name(socket.peer, into, 0, into.length)
    },
    receive: (arena, wanted, peek) => {
      const failed = closed(syscalls.receive) ?? takePending(syscalls.receive)
      if (failed !== undefined) return failed
      const most = peek ? Math.min(wanted, 1) : wanted
      slots.prepare(arena, most)
      let count = 0
      while (count < most && receiveOne(arena, count, peek)) count++
      return count
    },
    receiveErrors: (arena, wanted) => {
      const failed = closed(syscalls.receive)
      if (failed !== undefined) return failed
      const { queued } = personality
      if (queued === undefined) return 0
      slots.prepare(arena, wanted)
      let count = 0
      for (; count < wanted; count++) {
        const error = takeError()
        if (error === undefined) break
        const device = error.arrival?.device.index ?? 0
        slots.write(arena, count, {
          from: error.origin === "stamp" ? undefined : peerName(error.to, device),
          control: queued(socket, error),
          fate: "whole",
          data: error.payload,
          kind: "unicast"
        })
      }
      return count
    },
    send: (arena, first, count) => {
      const failed = closed(syscalls.send)
      if (failed !== undefined) return failed
      for (let slot = first; slot < first + count; slot++) {
        const refused = sendOne(arena, slot)
        if (refused === undefined) continue
        if (slot > first || refused === "EAGAIN") return slot - first
        return fault(count > 1 && personality.batches ? syscalls.sendMany : syscalls.send, refused)
      }
      return count
    },
    poll: (onReady) => closed("poll") ?? watch(turns, socket, onReady),
    close: () => {
      const failed = closed(syscalls.close)
      if (failed !== undefined) return failed
      socket.closed = true
      if (socket.port !== 0) ports.remove(socket)
      ports.open.delete(socket)
      socket.queue.length = 0
      socket.errors.length = 0
      return undefined
    }
  }
}
